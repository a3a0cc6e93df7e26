import { execFile, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm } from "node:fs/promises"
import { get } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pipeline } from "node:stream/promises"
import { setTimeout as sleep } from "node:timers/promises"
import { promisify } from "node:util"
import type { NoEndpoint } from "./endpoint.ts"

/** A Docker daemon. */
export interface Daemon {
  /** What clients need in their environment to reach it. */
  readonly env: Readonly<Record<string, string>>
  /** Ends it, if it was started here. */
  stop(): Promise<void>
}

const DOCKER_SOCKET = "/var/run/docker.sock"
const DOCKER_ANSWER_MS = 3_000
const START_MS = 30_000
const POLL_MS = 100
const INSTALL_MS = 180_000
const OUTPUT_KEPT = 4_000

const run = promisify(execFile)
/** Where daemons live, which is not on everybody's path. */
const env = { ...process.env, PATH: `${process.env.PATH}:/usr/sbin:/sbin` }

/** Whether a daemon answers at a socket. */
export function dockerAnswers(socketPath = DOCKER_SOCKET): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const request = get({ socketPath, path: "/_ping", timeout: DOCKER_ANSWER_MS }, answer => {
    answer.resume()
    resolve(answer.statusCode === 200)
  })
  request.on("timeout", () => request.destroy())
  request.on("error", () => resolve(false))
  return promise
}

/**
 * Gives the Docker daemon of this machine, or starts one whose files and socket lie in a temporary folder and which
 * ends with this process.
 *
 * @param install whether Docker may be installed from Debian's packages where it is missing
 */
export async function openDaemon(install: boolean): Promise<Daemon | NoEndpoint> {
  if (process.env.DOCKER_HOST !== undefined) return { env: {}, stop: async () => {} }
  if (await dockerAnswers()) return { env: hostOf(DOCKER_SOCKET), stop: async () => {} }
  if (process.getuid?.() !== 0) return { skipped: "no Docker daemon answers, and only root can start one" }
  const missing = await missingPrograms()
  if (missing.length > 0) {
    const wanted = `Docker is not installed (${missing.join(", ")})`
    if (!install) return { skipped: wanted }
    const failure = await installDocker()
    if (failure !== undefined) return { skipped: `${wanted}, and cannot be: ${failure}` }
  }
  return await startDaemon()
}

function hostOf(socket: string): Record<string, string> {
  // The bridge's addresses have names on no machine; without a registry there is no image of the reaper.
  return {
    DOCKER_HOST: `unix://${socket}`,
    TESTCONTAINERS_HOST_OVERRIDE: "127.0.0.1",
    TESTCONTAINERS_RYUK_DISABLED: "true",
  }
}

async function missingPrograms(): Promise<string[]> {
  const missing: string[] = []
  for (const program of ["docker", "dockerd", "iptables"]) {
    await run("/bin/sh", ["-c", `command -v ${program}`], { env }).catch(() => missing.push(program))
  }
  return missing
}

async function installDocker(): Promise<string | undefined> {
  // With this run level packages install their services without starting them.
  const options = { env: { ...env, DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" }, timeout: INSTALL_MS }
  const packages = ["docker.io", "iptables"]
  try {
    await run("apt-get", ["update", "-qq"], options)
    await run("apt-get", ["install", "-y", "-qq", "--no-install-recommends", ...packages], options)
  } catch (error) {
    const { stderr, message } = error as Error & { stderr?: string }
    return (stderr || message).trim().split("\n").at(-1)
  }
  return undefined
}

async function startDaemon(): Promise<Daemon | NoEndpoint> {
  const folder = await mkdtemp(join(tmpdir(), "millrace-docker-"))
  const socket = join(folder, "docker.sock")
  const args = ["--host", `unix://${socket}`, "--data-root", join(folder, "data")]
  args.push("--exec-root", join(folder, "exec"), "--pidfile", join(folder, "docker.pid"), "--ip", "127.0.0.1")
  // The daemon gets a signal when this process ends, however it ends.
  const child = spawn("setpriv", ["--pdeathsig", "TERM", "dockerd", ...args], {
    env,
    stdio: ["ignore", "pipe", "pipe"],
  })
  let output = ""
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (text: Buffer) => {
      output = (output + text).slice(-OUTPUT_KEPT)
    })
  }
  const exited = new Promise<void>(resolve => {
    child.once("exit", () => resolve())
    child.once("error", error => {
      output += error.message
      resolve()
    })
  })
  let ended = false
  void exited.then(() => {
    ended = true
  })
  const stop = async () => {
    child.kill("SIGTERM")
    await exited
    await rm(folder, { recursive: true, force: true, maxRetries: 5 })
  }
  const until = performance.now() + START_MS
  while (!ended && performance.now() < until) {
    if (await dockerAnswers(socket)) return { env: hostOf(socket), stop }
    await sleep(POLL_MS)
  }
  await stop()
  return { skipped: `dockerd does not start: ${output.trim().split("\n").at(-1)}` }
}

/** Runs Docker's client, with what it reads, and gives what it prints. */
export async function docker(daemon: Daemon, args: readonly string[]): Promise<string> {
  const { stdout } = await run("docker", args, { env: { ...env, ...daemon.env } })
  return stdout.trim()
}

/** The same, reading a program's output: `tar … | docker import -`. */
export async function dockerReading(
  daemon: Daemon,
  args: readonly string[],
  [program, ...rest]: readonly [string, ...string[]],
): Promise<void> {
  const client = spawn("docker", args, {
    env: { ...env, ...daemon.env },
    stdio: ["pipe", "ignore", "inherit"],
  })
  const source = spawn(program, rest, { stdio: ["ignore", "pipe", "inherit"] })
  const [[code], [readingCode]] = await Promise.all([
    once(source, "close"),
    once(client, "close"),
    // Whichever ends first, the other is told; their codes say the rest.
    pipeline(source.stdout, client.stdin).catch(() => {}),
  ])
  if (code !== 0 || readingCode !== 0) {
    throw new Error(`${program} ended with ${code}, docker ${args[0]} with ${readingCode}`)
  }
}
