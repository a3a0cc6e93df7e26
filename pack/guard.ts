import { spawn, spawnSync } from "node:child_process"
import { setTimeout as sleep } from "node:timers/promises"
import { repository } from "./places.ts"
import { manifestSwap } from "./swap.ts"

// Where npm is interrupted between `prepack` and `postpack`, nobody would put the repository's manifest back: the
// package's, which stands in its place, has no scripts. A process apart waits for npm's end.

/** Seldom enough to cost nothing beside the packing. */
const LOOK_MS = 200
/** From `prepack` up to npm lie a shell and, on an old Node, its launcher. */
const ANCESTORS_MAX = 4

/** Starts the guard, where npm has started this process. */
export function guardAgainstInterruption(): void {
  const npm = process.env.npm_lifecycle_event === "prepack" ? npmProcess() : undefined
  if (npm === undefined) return
  // Detached: Ctrl-C is for the others.
  const args = [import.meta.filename, String(npm), repository]
  spawn(process.execPath, args, { detached: true, stdio: "ignore" }).unref()
}

/** The process id of the npm that runs this script. */
function npmProcess(): number | undefined {
  let pid = process.ppid
  for (let up = 0; up < ANCESTORS_MAX; up++) {
    const { stdout } = spawnSync("ps", ["-o", "ppid=,args=", "-p", String(pid)], { encoding: "utf8" })
    const [, parent, command = ""] = /^\s*(\d+)\s+(.*)/.exec(stdout ?? "") ?? []
    // npm's own title, or its program.
    if (/^npm\b|\bnpm(?:-cli\.js)?\s+(?:pack|publish)\b/.test(command)) return pid
    if (parent === undefined) return undefined
    pid = Number(parent)
  }
  return undefined
}

async function guard(npm: number, root: string): Promise<void> {
  const swap = manifestSwap(root)
  while (swap.isReplaced() && isAlive(npm)) await sleep(LOOK_MS)
  swap.restore()
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

if (import.meta.main) {
  const [, , npm, root] = process.argv
  await guard(Number(npm), root ?? repository)
}
