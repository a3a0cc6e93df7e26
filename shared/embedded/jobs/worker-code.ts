import { extname } from "node:path"
import { Worker } from "node:worker_threads"
import type { EngineHandle, EngineRequest, JobCode, JobFacts } from "../../processing/task/job-code.ts"
import {
  pack,
  type ToldError,
  type WorkerCall,
  type WorkerReply,
  type WorkerRequest,
  type WorkerTask,
} from "./worker-protocol.ts"

/** Loading an app file takes 0.1 to 0.3 s; what takes this long does not end. */
export const LOAD_MS_MAX = 30_000
/**
 * One batch of work takes about a second, since batches shrink when commits are late. A call that takes this long is in a
 * loop: nothing but the thread's end gets it out.
 */
export const WORK_MS_MAX = 30_000
/** Taking a large state back is bounded by its bytes, not by time: 10 M keys take less than a minute. */
export const RESTORE_MS_MAX = 300_000
/** A user's sink waits for somebody else's service; after this it is tried again, with the same id. */
export const SINK_MS_MAX = 60_000
/** Beside the job's own memory: young objects, compiled code and the stack are counted apart. */
const STACK_MB = 4

/** Beside this file, and source or compiled as it is. */
const PROGRAM = new URL(`worker${extname(import.meta.url)}`, import.meta.url)

export type WorkerErrorCode =
  /** The app file does not load here, or has no such job. */
  | "not_loaded"
  /** User code ended the thread, or threw where nobody catches. */
  | "crashed"
  /** A call did not come back in time. */
  | "stuck"
  | "out_of_memory"
  /** The call itself failed; the thread lives on. */
  | "failed"
  | "closed"

/** Why a job's thread did not answer. */
export class WorkerError extends Error {
  override readonly name = "WorkerError"
  readonly code: WorkerErrorCode
  /** What the thread was at when it died: told to whoever called for that, and to nobody else. */
  readonly diedAt: WorkerCall["kind"] | undefined

  constructor(code: WorkerErrorCode, message: string, diedAt?: WorkerCall["kind"]) {
    super(message)
    this.code = code
    this.diedAt = diedAt
  }
}

export interface WorkerOptions extends WorkerTask {
  /** What the job's functions and state may take, MB. */
  readonly memoryMb: number
  /** Default `WORK_MS_MAX`. */
  readonly workMsMax?: number
  /** Told what the job prints, as it comes. */
  readonly onPrinted?: (text: string) => void
}

interface Waiting {
  readonly kind: WorkerCall["kind"]
  readonly resolve: (reply: Extract<WorkerReply, { kind: "answer" }>) => void
  readonly reject: (error: WorkerError) => void
  timer?: NodeJS.Timeout
}

/** Bounds a wait by the thread's end. */
const boundsMs = (work: number): Record<WorkerCall["kind"], number> => ({
  open: work,
  load: RESTORE_MS_MAX,
  addInputs: work,
  work,
  writeGroups: work,
  close: work,
  sink: SINK_MS_MAX,
})

/**
 * A job's code in a thread of its own, the only place where the user's functions run. Whatever they do — throw, loop,
 * take all memory, end their thread — ends in a `WorkerError` of the calls under way, and of every later one: then the
 * code is to be opened again. A thread serves all tasks of its job, one call after the other; sinks may wait meanwhile.
 */
export class WorkerCode implements JobCode {
  facts!: JobFacts
  readonly #worker: Worker
  readonly #options: WorkerOptions
  readonly #boundsMs: Record<WorkerCall["kind"], number>
  readonly #waiting = new Map<number, Waiting>()
  #ended: WorkerError | undefined
  #calls = 0
  #engines = 0
  readonly #onEnd: (error: WorkerError) => void
  /** Why the thread has ended, once it has. */
  readonly ended: Promise<WorkerError>
  /** Computing calls, one after the other: the bound of one counts from when the thread takes it up. */
  #turn: Promise<unknown> = Promise.resolve()

  private constructor(options: WorkerOptions) {
    this.#options = options
    const { promise, resolve } = Promise.withResolvers<WorkerError>()
    this.ended = promise
    this.#onEnd = resolve
    this.#boundsMs = boundsMs(options.workMsMax ?? WORK_MS_MAX)
    const { file, stage, job, bounded = false, memoryMb } = options
    const workerData: WorkerTask = { file, stage, job, bounded }
    this.#worker = new Worker(PROGRAM, {
      name: `job ${job}`,
      workerData,
      execArgv: ["--no-warnings"],
      resourceLimits: { maxOldGenerationSizeMb: memoryMb, stackSizeMb: STACK_MB },
      stdout: true,
      stderr: true,
    })
    const printed = (text: Buffer) => options.onPrinted?.(text.toString())
    this.#worker.stdout.on("data", printed)
    this.#worker.stderr.on("data", printed)
  }

  /** Starts the thread and loads the app file. Throws `WorkerError`. */
  static async open(options: WorkerOptions): Promise<WorkerCode> {
    const code = new WorkerCode(options)
    code.facts = await code.#load()
    return code
  }

  #load(): Promise<JobFacts> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#end("stuck", `did not load within ${LOAD_MS_MAX} ms`), LOAD_MS_MAX)
      void this.ended.then(error => {
        clearTimeout(timer)
        reject(error)
      })
      this.#worker.on("message", (reply: WorkerReply) => {
        clearTimeout(timer)
        if (reply.kind === "ready") resolve(reply.facts)
        else if (reply.kind === "refused") this.#end("not_loaded", reply.error.message)
        else this.#settle(reply)
      })
      this.#worker.on("error", (error: Error & { code?: string }) => {
        const isMemory = error.code === "ERR_WORKER_OUT_OF_MEMORY"
        if (isMemory) this.#end("out_of_memory", `took more than its ${this.#options.memoryMb} MB of memory`)
        else this.#end("crashed", `${error.name ?? "Error"}: ${error.message ?? String(error)}`)
      })
      this.#worker.on("exit", exitCode => this.#end("crashed", `ended its thread (exit code ${exitCode})`))
    })
  }

  #settle(reply: Extract<WorkerReply, { id: number }>): void {
    const waiting = this.#waiting.get(reply.id)
    if (waiting === undefined) return
    this.#waiting.delete(reply.id)
    clearTimeout(waiting.timer)
    if (reply.kind === "answer") waiting.resolve(reply)
    else waiting.reject(failed(reply.error))
  }

  /** Takes the thread down; the first reason counts. @param stuck the call that did not come back */
  #end(code: WorkerErrorCode, what: string, stuck?: Waiting): void {
    if (this.#ended !== undefined) return
    const message = `job ${this.#options.job}: ${what}`
    this.#ended = new WorkerError(code, message)
    const waiting = [...this.#waiting.values()]
    // One computing call is under way at the most, and sinks only wait.
    const atWork = waiting.find(({ kind }) => kind !== "sink") ?? waiting[0]
    const blamed = code === "closed" ? undefined : (stuck ?? atWork)
    for (const each of waiting) {
      clearTimeout(each.timer)
      each.reject(each === blamed ? new WorkerError(code, message, each.kind) : this.#ended)
    }
    this.#waiting.clear()
    void this.#worker.terminate()
    this.#onEnd(this.#ended)
  }

  /** One call, in its turn. Throws `WorkerError`. */
  async call(call: WorkerCall, moved: readonly Uint8Array<ArrayBuffer>[] = []) {
    if (call.kind === "sink") return this.#post(call, moved)
    const turn = this.#turn.then(() => this.#post(call, moved))
    this.#turn = turn.catch(() => undefined)
    return turn
  }

  #post(
    call: WorkerCall,
    moved: readonly Uint8Array<ArrayBuffer>[],
  ): Promise<Extract<WorkerReply, { kind: "answer" }>> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended)
    return new Promise((resolve, reject) => {
      const id = this.#calls++
      const waiting: Waiting = { kind: call.kind, resolve, reject }
      const boundMs = this.#boundsMs[call.kind]
      waiting.timer = setTimeout(
        () => this.#end("stuck", `gave no answer to ${call.kind} within ${boundMs} ms`, waiting),
        boundMs,
      )
      this.#waiting.set(id, waiting)
      const request: WorkerRequest = { id, call }
      this.#worker.postMessage(
        request,
        moved.filter(bytes => bytes.length > 0).map(({ buffer }) => buffer),
      )
    })
  }

  async openEngine(request: EngineRequest): Promise<EngineHandle> {
    const engine = this.#engines++
    const { stateBytes } = await this.call({ kind: "open", engine, request })
    return new WorkerEngine(this, engine, stateBytes)
  }

  async callSink(sink: number, records: Uint8Array, id: string): Promise<void> {
    // A copy: after a failure the same records are given again.
    const copy = new Uint8Array(records)
    await this.call({ kind: "sink", sink, records: copy, id }, [copy])
  }

  /** Ends the thread, whatever it does. */
  async close(): Promise<void> {
    this.#end("closed", "was closed")
    await this.#worker.terminate()
  }
}

function failed({ name, message, code }: ToldError): WorkerError {
  return new WorkerError("failed", `${code === undefined ? name : `${name} ${code}`}: ${message}`)
}

/** One task's engine in its job's thread. */
class WorkerEngine implements EngineHandle {
  readonly #code: WorkerCode
  readonly #engine: number
  stateBytes: number

  constructor(code: WorkerCode, engine: number, stateBytes: number) {
    this.#code = code
    this.#engine = engine
    this.stateBytes = stateBytes
  }

  async #call<T>(call: WorkerCall, moved?: readonly Uint8Array<ArrayBuffer>[]): Promise<T> {
    const { value, stateBytes } = await this.#code.call(call, moved)
    this.stateBytes = stateBytes
    return value as T
  }

  async load(...[runs, from]: Parameters<EngineHandle["load"]>): Promise<void> {
    const bytes = pack(runs.map(({ run }) => run))
    const bare = runs.map(({ run: _, ...rest }) => rest)
    await this.#call({ kind: "load", engine: this.#engine, runs: bare, bytes, from }, [bytes.bytes])
  }

  async addInputs(...[inputs]: Parameters<EngineHandle["addInputs"]>): Promise<void> {
    await this.#call({ kind: "addInputs", engine: this.#engine, inputs })
  }

  work(...[given, now, skip]: Parameters<EngineHandle["work"]>) {
    const batches = given.map(batch => ({ ...batch, batches: pack(batch.batches) }))
    const moved = batches.map(batch => batch.batches.bytes)
    return this.#call<Awaited<ReturnType<EngineHandle["work"]>>>(
      { kind: "work", engine: this.#engine, batches, now, skip },
      moved,
    )
  }

  writeGroups(from: number, to: number): Promise<Uint8Array> {
    return this.#call({ kind: "writeGroups", engine: this.#engine, from, to })
  }

  async close(): Promise<void> {
    // A thread that has ended has let go of everything.
    await this.#call({ kind: "close", engine: this.#engine }).catch(() => undefined)
  }
}
