// Which Node runs us. Types are stripped by Node itself from 22.18 on; an older one is replaced by the Node
// that npm installed beside us, or told plainly what is missing.
import { spawn } from "node:child_process"
import { createRequire } from "node:module"
import { constants } from "node:os"

const NODE_MIN = [22, 18]

function newEnough(version) {
  const [major, minor] = version.split(".").map(Number)
  return major > NODE_MIN[0] || (major === NODE_MIN[0] && minor >= NODE_MIN[1])
}

function nodeFromNpm() {
  try {
    const require = createRequire(import.meta.url)
    return require.resolve(`node-${process.platform}-${process.arch}/bin/node`)
  } catch {
    return undefined
  }
}

/** Ends this process with the one that handed over to it, however that ends. */
function endWithLauncher() {
  if (process.env.MILLRACE_HANDED_OVER === undefined) return
  // What this process starts is not the launcher's.
  delete process.env.MILLRACE_HANDED_OVER
  if (process.channel == null) return
  process.once("disconnect", () => process.kill(process.pid, "SIGTERM"))
  process.channel.unref()
}

/**
 * Hands this command over to a newer Node where this one is too old.
 * @param {string} script the program to run again
 * @returns {boolean} true when another process runs the command (or none can), and the caller must do nothing
 */
export function handOver(script) {
  if (newEnough(process.versions.node)) {
    endWithLauncher()
    return false
  }
  const node = nodeFromNpm()
  if (node === undefined || process.env.MILLRACE_HANDED_OVER !== undefined) {
    process.stderr.write(`millrace needs Node >= ${NODE_MIN.join(".")}; this is ${process.versions.node}.\n`)
    process.exitCode = 1
    return true
  }
  const env = { ...process.env, MILLRACE_HANDED_OVER: "1" }
  const child = spawn(node, [script, ...process.argv.slice(2)], {
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env,
  })
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal))
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? 128 + constants.signals[signal]
  })
  return true
}
