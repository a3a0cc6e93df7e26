import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { Client } from "./client.ts"

export type { Answer, Call, Reply } from "./client.ts"

export const repository = new URL("../..", import.meta.url).pathname
export const millrace = join(repository, "bin/millrace.js")
export const apps = join(import.meta.dirname, "apps")

/** Starting is most of what these tests do: compiled code halves it. */
export const NODE_COMPILE_CACHE = join(tmpdir(), "millrace-test-compile-cache")

const environment = { ...process.env, NODE_COMPILE_CACHE, NO_COLOR: "1" }

const running = new Set<Server>()
const folders: string[] = []

function killAll(): void {
  for (const server of running) {
    if (server.options.command === undefined) server.child.kill("SIGKILL")
    else server.signalGroup("SIGKILL")
  }
}

// A worker that is told to end takes its servers along.
process.once("exit", killAll)

// Registered for every test file that imports this one; runs also after a failure.
afterAll(async () => {
  killAll()
  await Promise.all([...running].map(({ exited }) => exited))
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
})

/** A folder that is removed after the file's tests. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-e2e-"))
  folders.push(folder)
  return folder
}

export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

export interface ServerOptions {
  /** Path of the app file. Default: the flights example. */
  readonly app?: string
  /** Default: a new folder. */
  readonly data?: string
  /** Further arguments. */
  readonly args?: readonly string[]
  /** What is given the arguments, in a process group of its own. Default: this Node with bin/millrace.js. */
  readonly command?: readonly [string, ...string[]]
  readonly env?: NodeJS.ProcessEnv
}

/** A server process of its own. */
export class Server extends Client {
  readonly options: Required<Pick<ServerOptions, "data">> & ServerOptions
  readonly child: ChildProcess
  /** Settles when the process has ended and all that it said is here. */
  readonly exited: Promise<Exit>
  hasExited = false
  stderr = ""
  stdout = ""
  readonly #listeners = new Set<() => void>()

  constructor(options: ServerOptions) {
    super()
    this.options = { ...options, data: options.data ?? join(temporaryFolder(), "data") }
    const { app, data, args = [], command, env } = this.options
    const [program, ...first] = command ?? [process.execPath, millrace, "start"]
    const argv = [...first, ...(app === undefined ? [] : [app]), "--port", "0", "--data", data, ...args]
    this.child = spawn(program, argv, {
      cwd: repository,
      env: { ...environment, ...env },
      stdio: ["ignore", "pipe", "pipe"],
      detached: command !== undefined,
    })
    running.add(this)
    this.exited = new Promise(resolve => {
      this.child.once("close", (code, signal) => {
        running.delete(this)
        this.hasExited = true
        this.#tell()
        resolve({ code, signal })
      })
    })
    this.child.once("error", error => {
      this.stderr += `${error.message}\n`
    })
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text
    })
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text
      this.#tell()
    })
  }

  #tell(): void {
    for (const listener of this.#listeners) listener()
  }

  /** Resolves once stderr matches, with the match; fails when the process ends before. */
  async said(pattern: RegExp, from = 0): Promise<RegExpExecArray> {
    for (;;) {
      const match = pattern.exec(this.stderr.slice(from))
      if (match !== null) return match
      if (this.hasExited) throw new Error(`The server ended before it said ${pattern}:\n${this.stderr}`)
      await new Promise<void>(resolve => {
        const listener = () => {
          this.#listeners.delete(listener)
          resolve()
        }
        this.#listeners.add(listener)
      })
    }
  }

  /** Ends the process without warning, as a power failure would, and waits until it is gone. */
  async kill(): Promise<Exit> {
    this.child.kill("SIGKILL")
    return await this.exited
  }

  /** Signals a `command` and all that it started, as a terminal does. */
  signalGroup(signal: NodeJS.Signals): void {
    const { pid } = this.child
    try {
      if (pid !== undefined) process.kill(-pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error
    }
  }

  /** Asks the process to end and waits until it has. */
  async stop(signal: NodeJS.Signals = "SIGTERM"): Promise<Exit> {
    this.child.kill(signal)
    return await this.exited
  }
}

/** Starts a server and waits until it answers. */
export async function startServer(options: ServerOptions = {}): Promise<Server> {
  const server = new Server(options)
  const [, port] = await server.said(/ at http:\/\/[\d.]+:(\d+)\n/)
  server.url = `http://127.0.0.1:${port}`
  const { status } = await server.call("GET /health")
  if (status !== 200) throw new Error(`/health answered ${status}`)
  return server
}

/** A server that should not come up: its exit and what it said. */
export async function failedStart(options: ServerOptions): Promise<Exit & { readonly stderr: string }> {
  const server = new Server(options)
  const exit = await server.exited
  return { ...exit, stderr: server.stderr }
}

/** Waits until a condition holds; the test's time limit ends a wait in vain. */
export async function until(condition: () => boolean | Promise<boolean>, stepMs = 20): Promise<void> {
  while (!(await condition())) await pause(stepMs)
}

export const pause = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms))
