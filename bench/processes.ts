import { type ChildProcess, fork, spawn } from "node:child_process"
import { readFileSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

export interface Running {
  readonly port: number
  /** CPU seconds of the process and its children so far; NaN where the system does not tell. */
  cpuSeconds(): number
  stop(): Promise<void>
}

/** Starts Millrace itself, without its replay, on a free port and a folder of its own. */
export async function startMillrace(
  folder: string,
  args: readonly string[] = ["--no-replay"],
): Promise<Running> {
  const command = [join(root, "bin/millrace.js"), "start", ...args, "--port", "0", "--data", folder]
  const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] })
  let said = ""
  const port = await new Promise<number>((resolve, reject) => {
    const look = (chunk: Buffer) => {
      said += chunk.toString()
      const found = /http:\/\/127\.0\.0\.1:(\d+)/.exec(said)
      if (found !== null) resolve(Number(found[1]))
    }
    child.stdout.on("data", look)
    child.stderr.on("data", look)
    child.on("exit", code => reject(new Error(`the server ended with ${code}: ${said}`)))
  })
  return running(child, port)
}

/** Starts a program of this folder that sends `{port}` when it listens. */
export async function startProgram(name: string, args: readonly string[]): Promise<Running> {
  const child = fork(join(import.meta.dirname, name), args, {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  })
  const port = await new Promise<number>(resolve => {
    child.on("message", message => resolve((message as { port: number }).port))
  })
  return running(child, port)
}

function running(child: ChildProcess, port: number): Running {
  return {
    port,
    cpuSeconds: () => cpuSeconds(child.pid!),
    stop: () =>
      new Promise(resolve => {
        child.removeAllListeners("exit")
        child.on("exit", () => resolve())
        child.kill("SIGTERM")
      }),
  }
}

const TICKS_PER_SECOND = 100

/** CPU seconds of a process so far, all its threads; NaN where the system does not tell. */
export function cpuSeconds(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    return Number.NaN
  }
}
