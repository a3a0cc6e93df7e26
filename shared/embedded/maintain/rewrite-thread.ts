import { extname } from "node:path"
import { Worker } from "node:worker_threads"
import type { RewriteRequest } from "../../serving/maintain/rewrite-files.ts"
import type { MadeSegment } from "../../serving/segment/make-segment.ts"
import { StorageError } from "../../storage/errors.ts"
import type { RewriteReply } from "./rewrite-worker.ts"

/** Two million rows of text: typed columns are counted apart. */
const HEAP_MB = 2_048
/** A quarter of a gigabyte takes a minute; what takes this long does not end. */
const REWRITE_MS_MAX = 600_000

/** Beside this file, and source or compiled as it is. */
const PROGRAM = new URL(`rewrite-worker${extname(import.meta.url)}`, import.meta.url)

/** Rewrites segments in a thread of its own, one at a time. It is started when there is something to do. */
export class RewriteThread {
  #worker: Worker | undefined

  /** Throws `StorageError`: `corrupt` as the work does, `unavailable` when the thread ended over it. */
  readonly rewriteFiles = (request: RewriteRequest): Promise<MadeSegment | undefined> => {
    const worker = this.#start()
    return new Promise((resolve, reject) => {
      const settle = (done: () => void) => {
        clearTimeout(timer)
        worker.off("message", onReply).off("error", onError).off("exit", onExit)
        done()
      }
      const onReply = (reply: RewriteReply) =>
        settle(() =>
          reply.kind === "made" ? resolve(reply.made) : reject(new StorageError("corrupt", reply.message)),
        )
      const fail = (why: string) =>
        settle(() => reject(new StorageError("unavailable", `the thread that rewrites segments ${why}`)))
      const onError = (error: Error) => fail(`failed: ${error.message}`)
      const onExit = () => fail("ended")
      const timer = setTimeout(() => void worker.terminate(), REWRITE_MS_MAX)
      worker.on("message", onReply).on("error", onError).on("exit", onExit)
      worker.postMessage(request, [...new Set(request.files.map(({ bytes }) => bytes.buffer as ArrayBuffer))])
    })
  }

  #start(): Worker {
    if (this.#worker !== undefined) return this.#worker
    const worker = new Worker(PROGRAM, {
      name: "rewrite",
      execArgv: ["--no-warnings"],
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    })
    worker.on("error", () => undefined)
    worker.on("exit", () => {
      if (this.#worker === worker) this.#worker = undefined
    })
    this.#worker = worker
    return worker
  }

  /** Ends the thread, and gives its memory back; the next work starts another. */
  async rest(): Promise<void> {
    const worker = this.#worker
    this.#worker = undefined
    await worker?.terminate()
  }
}
