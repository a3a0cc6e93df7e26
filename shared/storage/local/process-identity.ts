import type { ExecFileSyncOptionsWithStringEncoding } from "node:child_process"
import { execFileSync } from "node:child_process"
import { readFileSync } from "node:fs"

/** Tells one process from every other on this machine, also from a later one with the same pid. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in the words of this operating system; on Linux with the id of this boot. */
  readonly started: string
}

export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, started: startOf(process.pid) ?? "unknown" }
}

/** Whether the process that wrote `identity` still runs. */
export function isAlive(identity: ProcessIdentity): boolean {
  const started = startOf(identity.pid)
  return started !== undefined && started === identity.started
}

function startOf(pid: number): string | undefined {
  return process.platform === "linux" ? startOnLinux(pid) : startByPs(pid)
}

function startOnLinux(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1")
    // The second field is the program's name in parentheses and may hold anything: count from its end. See proc(5).
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const [state] = fields
    // A zombie holds nothing any more: only its parent has not yet taken note.
    if (state === "Z" || state === "X") return undefined
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim()
    return `${boot}:${fields[19]}`
  } catch {
    return undefined
  }
}

function startByPs(pid: number): string | undefined {
  try {
    const options: ExecFileSyncOptionsWithStringEncoding = {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    }
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], options).trim()
    return started === "" ? undefined : started
  } catch {
    return undefined
  }
}
