import { type ChildProcess, spawn } from "node:child_process"
import { getCompileCacheDir } from "node:module"
import { dirname, extname } from "node:path"
import { fileURLToPath } from "node:url"
import type { ChildReply, ChildRequest, ChildSettings, Outcome } from "./protocol.ts"

/** Beside this file, and made as it was: source, compiled or bundled. */
const program = fileURLToPath(new URL(`child${extname(import.meta.url)}`, import.meta.url))

/** A child holds 95 MB when idle and one answer of a few megabytes; DuckDB's memory lies outside this heap. */
const CHILD_HEAP_MB = 256

/** A stricter limit that stands already will do; no limit at all will not. */
const LIMIT_SCRIPT = 'ulimit -d "$0" || [ "$(ulimit -d)" != unlimited ] || exit 1; exec "$@"'

/** An interrupt takes milliseconds to be heard; to kill for a deadline of milliseconds would cost a start each. */
const KILL_GRACE_MS_MIN = 500

/** What a dying child says on stderr is kept to tell why it did not start: its last part. */
const STDERR_CHARS_MAX = 2000

type Body<Request> = Request extends { readonly id: number } ? Omit<Request, "id"> : never
export type Ask = Body<Exclude<ChildRequest, { kind: "interrupt" }>>

export interface Asked {
  /** Settles at the deadline at the latest. */
  readonly outcome: Promise<Outcome>
  /** Resolves once the child has let go of the request's files: it answered, or it is dead. */
  readonly finished: Promise<void>
}

const deadlinePassed: Outcome = {
  kind: "fault",
  fault: { code: "timeout", message: "The query ran past its deadline and was stopped" },
}

const diedRunning: Outcome = {
  kind: "fault",
  fault: { code: "resource_limit", message: "The query used more memory than a query may, and was stopped" },
}

interface Pending {
  readonly id: number
  readonly settle: (outcome: Outcome) => void
  readonly finish: () => void
}

/** How a child is spawned. */
export interface ChildOptions {
  /** The folder of the slot files, which the child works in. */
  readonly folder: string
  readonly settings: ChildSettings
  /** Limit of a child's data segment (`ulimit -d`); 0 where the system has none. */
  readonly dataBytesMax: number
  /** The child's environment, beside where compiled code is kept. Default: empty, since this process's may hold keys. */
  readonly env?: Readonly<Record<string, string>>
}

/** Where this process keeps compiled code, if it does: compiling is two thirds of what a child does to be ready. */
function compileCache(): Readonly<Record<string, string>> {
  // Node adds a folder for its version.
  const folder = getCompileCacheDir()
  return folder === undefined ? {} : { NODE_COMPILE_CACHE: dirname(folder) }
}

function spawnChild(options: ChildOptions): ChildProcess {
  const { folder, settings, dataBytesMax } = options
  const env = { ...compileCache(), ...options.env }
  const args = [`--max-old-space-size=${CHILD_HEAP_MB}`, "--no-warnings", program, JSON.stringify(settings)]
  const limit = ["-c", LIMIT_SCRIPT, String(Math.floor(dataBytesMax / 1024))]
  const [file, fileArgs] =
    dataBytesMax > 0 ? ["/bin/sh", [...limit, process.execPath, ...args]] : [process.execPath, args]
  return spawn(file, fileArgs, {
    cwd: folder,
    env,
    serialization: "advanced",
    stdio: ["ignore", "ignore", "pipe", "ipc"],
  })
}

/** One child process as its parent sees it. It takes one request at a time. */
export class QueryChild {
  /** Resolves to true when the child can take a request, to false when it died before. */
  readonly ready: Promise<boolean>
  readonly exited: Promise<void>
  readonly #process: ChildProcess
  #pending: Pending | undefined
  #stderr = ""
  #lastId = 0
  #isAlive = true

  constructor(options: ChildOptions) {
    const child = spawnChild(options)
    this.#process = child
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr = (this.#stderr + text).slice(-STDERR_CHARS_MAX)
    })
    const { promise: exited, resolve: exit } = Promise.withResolvers<void>()
    const { promise: ready, resolve: settleReady } = Promise.withResolvers<boolean>()
    this.exited = exited
    this.ready = ready
    const end = (): void => {
      this.#isAlive = false
      settleReady(false)
      this.#conclude(diedRunning)
      exit()
    }
    child.once("exit", end).once("error", error => {
      this.#stderr += error.message
      end()
    })
    child.on("message", (reply: ChildReply) => {
      if (reply.kind === "ready") settleReady(true)
      else if (reply.id === this.#pending?.id) {
        // What a broken database says next cannot be trusted.
        if (reply.isWorn || (reply.kind === "fault" && reply.fault.fatal === true)) this.kill()
        this.#conclude(reply)
      }
    })
  }

  get isAlive(): boolean {
    return this.#isAlive
  }

  get pid(): number | undefined {
    return this.#process.pid
  }

  /** The end of what the child wrote to stderr. */
  get lastWords(): string {
    return this.#stderr.trim()
  }

  #conclude(outcome: Outcome): void {
    const pending = this.#pending
    this.#pending = undefined
    pending?.settle(outcome)
    pending?.finish()
  }

  #send(request: ChildRequest): void {
    // A failed send means that the child is dying: its exit tells.
    if (this.#isAlive && this.#process.connected) this.#process.send(request, () => {})
  }

  /**
   * Puts one request. At its deadline, or when `signal` aborts, the caller has its answer, and the child is asked to stop; a child that has
   * not stopped after the same time again is killed, though not before `KILL_GRACE_MS_MIN`.
   */
  ask(body: Ask, deadlineMs: number, signal?: AbortSignal): Asked {
    const id = ++this.#lastId
    const { promise: outcome, resolve: settle } = Promise.withResolvers<Outcome>()
    const { promise: finished, resolve: finish } = Promise.withResolvers<void>()
    this.#pending = { id, settle, finish }
    let kill: NodeJS.Timeout | undefined
    const stop = (): void => {
      settle(deadlinePassed)
      this.#send({ id, kind: "interrupt" })
      kill ??= setTimeout(() => this.kill(), Math.max(deadlineMs, KILL_GRACE_MS_MIN))
    }
    const deadline = setTimeout(stop, deadlineMs)
    signal?.addEventListener("abort", stop)
    if (this.#isAlive) this.#send({ ...body, id })
    else this.#conclude(diedRunning)
    if (signal?.aborted === true) stop()
    finished.then(() => {
      clearTimeout(deadline)
      clearTimeout(kill)
      signal?.removeEventListener("abort", stop)
    })
    return { outcome, finished }
  }

  /** SIGKILL: an orderly end would wait for what the query does. */
  kill(): void {
    this.#isAlive = false
    this.#process.kill("SIGKILL")
  }
}
