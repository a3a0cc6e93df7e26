import { readdirSync, rmSync, statfsSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"

/** The largest disk that a function can have; where there is more, as with emulators, it is not ours alone. */
const DISK_BYTES_MAX = 10 * 1024 ** 3

/** A folder that this process may fill. */
export interface Scratch {
  readonly folder: string
  /** Of the disk that it lies on. */
  readonly bytes: number
}

/** A folder of this process's own. Those of processes that ended are removed: an environment's disk outlives them. */
export function scratch(name: string): Scratch {
  const home = tmpdir()
  for (const entry of readdirSync(home)) {
    const pid = Number(new RegExp(`^${name}-(\\d+)$`).exec(entry)?.[1] ?? Number.NaN)
    if (Number.isInteger(pid) && !isAlive(pid)) rmSync(join(home, entry), { recursive: true, force: true })
  }
  const { bsize, blocks } = statfsSync(home)
  return { folder: join(home, `${name}-${process.pid}`), bytes: Math.min(bsize * blocks, DISK_BYTES_MAX) }
}

function isAlive(pid: number): boolean {
  if (pid === process.pid) return false
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
