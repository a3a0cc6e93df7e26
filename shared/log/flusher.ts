import { StorageError } from "../storage/errors.ts"
import type { Ports } from "../storage/time.ts"
import type { PartitionAppender, Uploaded } from "./appender.ts"
import { LogError } from "./errors.ts"
import { APPEND_TIMEOUT_MS, FLUSH_BYTES_MAX, WRITE_AFTER_READ_MS } from "./limits.ts"
import type { LogOptions } from "./options.ts"
import { outcomeUnknown, type PendingAppend } from "./pending.ts"
import type { SlotPlan } from "./plan.ts"
import { uploadObject, walKey } from "./upload.ts"

/** What others want to know of a flush. */
export interface FlushListener {
  /** What waited in a partition is being written: what comes now waits for a later flush. */
  taken(appender: PartitionAppender): void
  flushed(appender: PartitionAppender): void
  /** A partition's batches lie one after the other from `offset` of object `key` on. */
  uploaded(key: string, offset: number, batches: readonly Uint8Array[]): void
  /** Slots are partitions of the flush; one that is undecided is not waited for. */
  ended(slots: number, tookMs: number): void
}

interface Planned {
  readonly appender: PartitionAppender
  readonly plan: SlotPlan
}

/**
 * Group commit: what waits in all partitions is written together, with one object at most for all payloads, and the
 * next flush starts when the last returned. A partition whose slot is undecided is left to itself; the others go on.
 */
export class Flusher {
  readonly #ports: Ports
  readonly #options: LogOptions
  readonly #signal: AbortSignal
  readonly #listener: FlushListener
  /** Every append that is not answered yet, and its partition. */
  readonly #pending = new Map<PendingAppend, PartitionAppender>()
  readonly #waiting = new Set<PartitionAppender>()
  readonly #working = new Set<Promise<void>>()
  /** Of these, slots whose outcome nobody knows yet. */
  readonly #undecided = new Set<Promise<void>>()
  #flushes = 0
  /** A start is scheduled: what comes until then goes with it. */
  #starting = false
  #sweeping = false

  constructor(ports: Ports, options: LogOptions, signal: AbortSignal, listener: FlushListener) {
    this.#ports = ports
    this.#options = options
    this.#signal = signal
    this.#listener = listener
  }

  /** Says that an append waits in a partition's queue. */
  kick(appender: PartitionAppender, append: PendingAppend): void {
    this.#pending.set(append, appender)
    this.#wake(appender)
    if (!this.#sweeping) this.#sweep()
  }

  answered(append: PendingAppend): void {
    this.#pending.delete(append)
  }

  /** Resolves once nothing is being written any more. */
  async drained(): Promise<void> {
    while (this.#working.size > 0) await Promise.all(this.#working)
  }

  /** Resolves once nothing is being written but slots whose outcome is undecided. */
  async idle(): Promise<void> {
    const decided = () => [...this.#working].filter(work => !this.#undecided.has(work))
    for (let works = decided(); works.length > 0; works = decided()) await Promise.race(works)
  }

  #track(work: Promise<void>): void {
    this.#working.add(work)
    work.finally(() => this.#working.delete(work))
  }

  #wake(appender: PartitionAppender): void {
    this.#waiting.add(appender)
    if (!this.#starting) this.#track(this.#start())
  }

  /** Starts flushes while there are free places and something that can be written. */
  async #start(): Promise<void> {
    this.#starting = true
    await Promise.resolve() // appends made in this turn go together
    if (this.#options.lingerMs > 0) await this.#ports.clock.sleep(this.#options.lingerMs, this.#signal)
    this.#starting = false
    while (this.#flushes < this.#options.flushesMax) {
      const plans = this.#plan()
      if (plans.length === 0) return
      this.#flushes++
      const began = this.#ports.clock.elapsed()
      const ended = () => this.#ended(plans.length, this.#ports.clock.elapsed() - began)
      this.#track(this.#flush(plans).finally(ended))
    }
  }

  #ended(slots: number, tookMs: number): void {
    this.#flushes--
    this.#listener.ended(slots, tookMs)
    if (this.#waiting.size > 0 && !this.#starting) this.#track(this.#start())
  }

  /** Takes what can be written now; partitions that must be read first are read beside. */
  #plan(): Planned[] {
    const plans: Planned[] = []
    let room = FLUSH_BYTES_MAX
    for (const appender of this.#waiting) {
      if (appender.busy) continue
      if (!appender.ready()) {
        this.#track(this.#prepare(appender))
        continue
      }
      if (room <= 0) break
      const plan = this.#planOne(appender, room)
      if (appender.queue.length === 0) this.#waiting.delete(appender)
      if (plan === undefined) {
        // What is left waits for a read.
        if (appender.queue.length > 0) this.#track(this.#prepare(appender))
        else this.#turned(appender)
        continue
      }
      appender.queueFirst = false
      room -= plan.bytes
      appender.busy = true
      this.#listener.taken(appender)
      plans.push({ appender, plan })
    }
    return plans
  }

  #planOne(appender: PartitionAppender, room: number): SlotPlan | undefined {
    try {
      return appender.plan(room)
    } catch (error) {
      // A record source that cannot write what it promised: nothing of this queue was written.
      const failure =
        error instanceof LogError ? error : new LogError("corrupt_batch", String(error), { cause: error })
      appender.failAll(failure)
      return undefined
    }
  }

  async #prepare(appender: PartitionAppender): Promise<void> {
    appender.busy = true
    appender.queueFirst = false
    await appender.prepare()
    this.#free(appender)
  }

  #free(appender: PartitionAppender): void {
    const next = appender.takers.shift()
    if (next !== undefined) {
      next()
      return
    }
    appender.busy = false
    if (appender.queue.length > 0) this.#wake(appender)
    else this.#waiting.delete(appender)
  }

  /**
   * Resolves once nobody else of this process writes slots of the partition; until `give` it stays so. Whoever takes
   * several takes them in the order of their keys, so that no two wait for each other.
   */
  take(appender: PartitionAppender): Promise<void> {
    if (!appender.busy && !appender.queueFirst) {
      appender.busy = true
      return Promise.resolve()
    }
    return new Promise(resolve => appender.takers.push(resolve))
  }

  /** Gives back what was taken: what waits in the queue goes before the next who takes. */
  give(appender: PartitionAppender): void {
    if (appender.queue.length === 0) {
      this.#free(appender)
      return
    }
    appender.busy = false
    appender.queueFirst = true
    this.#wake(appender)
  }

  /** The queue had its turn. */
  #turned(appender: PartitionAppender): void {
    appender.queueFirst = false
    if (appender.busy) return // who took it is freed by whoever has it
    const next = appender.takers.shift()
    if (next === undefined) return
    appender.busy = true
    next()
  }

  /** Follows work that is not a flush, for `drained`. */
  track<T>(work: Promise<T>): Promise<T> {
    this.#track(work.then(nothing, nothing))
    return work
  }

  async #flush(plans: readonly Planned[]): Promise<void> {
    let large = plans.filter(({ appender, plan }) => !appender.inline(plan))
    let inline = plans.filter(planned => !large.includes(planned))
    const inlineBytes = inline.reduce((sum, { plan }) => sum + plan.bytes, 0)
    if (inlineBytes > this.#options.inlineFlushBytesMax) {
      large = [...plans]
      inline = []
    }
    // Inline slots need no upload: they are not kept waiting for one.
    const commits = inline.map(planned => this.#commit(planned, undefined))
    if (large.length > 0) commits.push(this.#flushLarge(large))
    await Promise.all(commits)
  }

  async #flushLarge(plans: readonly Planned[]): Promise<void> {
    const pieces = plans.flatMap(({ plan }) => plan.pieces)
    // The oldest view's date: the hour of the key is never later than the hour of a slot that names it.
    const storeDate = Math.min(...plans.map(({ appender }) => appender.view.asOf))
    const key = walKey(storeDate, this.#ports.random.id())
    let date: number
    try {
      date = await uploadObject(this.#ports, key, pieces, this.#signal)
    } catch (error) {
      if (!(error instanceof StorageError)) throw error
      for (const { appender, plan } of plans) {
        for (const { append } of plan.placed) append.fail(notStored(error))
        this.#free(appender)
      }
      return
    }
    // Whoever collects goes by the key's hour, so that the slot must follow that closely too.
    date = Math.min(date, storeDate + WRITE_AFTER_READ_MS)
    let offset = 0
    const commits: Promise<void>[] = []
    for (const planned of plans) {
      this.#listener.uploaded(key, offset, planned.plan.pieces)
      commits.push(this.#commit(planned, { key, offset, date }))
      offset += planned.plan.bytes
    }
    await Promise.all(commits)
  }

  /** Resolves when the slot is written, or known to take longer. */
  #commit({ appender, plan }: Planned, uploaded: Uploaded | undefined): Promise<void> {
    return new Promise(resolve => {
      const undecided = () => {
        this.#undecided.add(work)
        resolve()
      }
      const work = appender.commit(plan, uploaded, undecided).then(() => {
        this.#undecided.delete(work)
        this.#listener.flushed(appender)
        this.#free(appender)
        resolve()
      })
      this.#track(work)
    })
  }

  /** Answers appends that have waited too long. Those that no slot has taken yet leave the queue. */
  async #sweep(): Promise<void> {
    this.#sweeping = true
    while (this.#pending.size > 0 && !this.#signal.aborted) {
      await this.#ports.clock.sleep(APPEND_TIMEOUT_MS / 5, this.#signal)
      const oldest = this.#ports.clock.elapsed() - APPEND_TIMEOUT_MS
      for (const [append, appender] of this.#pending) {
        if (append.arrivedAt >= oldest) continue
        append.fail(outcomeUnknown())
        appender.queue = appender.queue.filter(other => other !== append)
      }
    }
    this.#sweeping = false
  }
}

/** No slot was put: whatever became of the upload, nothing names it. */
function notStored(cause: StorageError): LogError {
  const message = "the object store does not take payloads: nothing was appended; try again"
  return new LogError("overloaded", message, { cause })
}

function nothing(): void {}
