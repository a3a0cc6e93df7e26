import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"

export const repository = new URL("../..", import.meta.url).pathname
export const millrace = join(repository, "bin/millrace.js")
export const apps = join(import.meta.dirname, "apps")

/** Starting is most of what these tests do: compiled code halves it. */
const NODE_COMPILE_CACHE = join(tmpdir(), "millrace-test-compile-cache")

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

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
  readonly json: any
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>
  /** An object is sent as JSON. */
  readonly body?: string | Uint8Array | object
}

export interface Reply {
  readonly rows: readonly (readonly unknown[])[]
  readonly columns: readonly string[]
  readonly types: readonly string[]
  readonly exceptions: readonly { readonly errorCode: number; readonly message: string }[]
  /** The whole reply of the broker. */
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
  readonly whole: any
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
export class Server {
  readonly options: Required<Pick<ServerOptions, "data">> & ServerOptions
  readonly child: ChildProcess
  /** Settles when the process has ended and all that it said is here. */
  readonly exited: Promise<Exit>
  hasExited = false
  stderr = ""
  stdout = ""
  url = ""
  readonly #listeners = new Set<() => void>()

  constructor(options: ServerOptions) {
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

  /** One request, `"GET /topics"`. Rejects when no whole answer comes. */
  async call(target: string, { headers = {}, body }: Call = {}): Promise<Answer> {
    const [method = "", path = ""] = target.split(" ", 2)
    const plain = body === undefined || typeof body === "string" || body instanceof Uint8Array
    const response = await fetch(this.url + path, {
      method,
      headers: plain ? headers : { "content-type": "application/json", ...headers },
      ...(body === undefined
        ? {}
        : { body: (plain ? body : JSON.stringify(body)) as string | Uint8Array<ArrayBuffer> }),
    })
    const bytes = Buffer.from(await response.arrayBuffer())
    const text = bytes.toString()
    return {
      status: response.status,
      headers: response.headers,
      bytes,
      text,
      get json() {
        return JSON.parse(text)
      },
    }
  }

  /** Lines of NDJSON to a topic or partition. */
  produce(path: string, values: readonly unknown[], headers: Call["headers"] = {}): Promise<Answer> {
    return this.call(`POST ${path}`, {
      headers: { "content-type": "application/x-ndjson", ...headers },
      body: values.map(value => `${JSON.stringify(value)}\n`).join(""),
    })
  }

  async query(sql: string): Promise<Reply> {
    const { status, text, json } = await this.call("POST /query/sql", { body: { sql } })
    if (status !== 200) throw new Error(`${status} ${text}`)
    const { resultTable, exceptions } = json
    return {
      rows: resultTable?.rows ?? [],
      columns: resultTable?.dataSchema.columnNames ?? [],
      types: resultTable?.dataSchema.columnDataTypes ?? [],
      exceptions,
      whole: json,
    }
  }

  /** The rows of a query that must succeed. */
  async rows(sql: string): Promise<readonly (readonly unknown[])[]> {
    const { rows, exceptions } = await this.query(sql)
    if (exceptions.length > 0) throw new Error(`${sql}: ${exceptions[0]?.message}`)
    return rows
  }

  /** The one number that a query answers. */
  async number(sql: string): Promise<number> {
    return Number((await this.rows(sql))[0]?.[0])
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
  const [, url = ""] = await server.said(/ at (http:\/\/127\.0\.0\.1:\d+)\n/)
  server.url = url
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
