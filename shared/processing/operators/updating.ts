import type { Aggregators } from "../../definition/job/aggregators.ts"
import type { StateTtl } from "../../definition/job/state.ts"
import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { materialised } from "../record.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import { TimerQueue } from "../time/timer-queue.ts"
import { NamedAccumulators } from "./named-accumulators.ts"
import { TimerFault, timerPosition } from "./timer-fault.ts"
import { keyRow } from "./window-result.ts"

const SUB = 0

/** What both updating steps share: keys whose results changed since the last commit, each given once. */
abstract class UpdatingOperator<V> implements Operator {
  readonly nextTimer = undefined
  protected readonly context: OperatorContext
  protected readonly store: KeyedStore<V>
  readonly #changed = new Map<KeySlot<V>, number>()

  constructor(keys: KeyReader, context: OperatorContext) {
    this.context = context
    this.store = new KeyedStore<V>(keys, {
      pack: value => this.pack(value),
      unpack: packed => this.unpack(packed),
      loaded: () => this.loaded(),
    })
  }

  protected pack(value: V): unknown {
    return value
  }

  protected unpack(packed: unknown): V {
    return packed as V
  }

  get state(): StateTable {
    return this.store
  }

  watermark(): void {}
  processingTime(_now: number): void {}
  endProcessingTime(): void {}
  protected loaded(): void {}

  abstract record(value: unknown, timestamp: number): void
  protected abstract emit(slot: KeySlot<V>, timestamp: number): void

  protected changed(slot: KeySlot<V>, timestamp: number): void {
    this.#changed.set(slot, timestamp)
  }

  beforeCommit(): void {
    const { context } = this
    for (const [slot, timestamp] of this.#changed) {
      const position = () => timerPosition("commit", 0, this.store.partsOf(slot))
      if (context.skipsTimers && context.skips(position())) continue
      try {
        this.emit(slot, timestamp)
      } catch (error) {
        throw TimerFault.of(error, position())
      }
    }
    this.#changed.clear()
  }
}

interface Kept {
  readonly accumulators: unknown[]
  /** Processing time of the last record, epoch ms. */
  since: number
}

/** Expired keys are looked for in steps this long: they are hidden the moment they expire anyway. */
const EXPIRY_STEP_MS = 60_000

/**
 * An aggregate over all of a key's records so far; its row is given once a commit in which it changed. With a time to
 * live a key begins anew when nothing came for that long, by the clock.
 */
export class UpdatingAggregate extends UpdatingOperator<Kept> {
  readonly #accumulators: NamedAccumulators
  readonly #ttlMs: number | undefined
  readonly #expiries = new TimerQueue<KeySlot<Kept>>()

  constructor(
    keys: KeyReader,
    aggregators: Aggregators<never>,
    ttl: StateTtl | undefined,
    context: OperatorContext,
  ) {
    super(keys, context)
    this.#accumulators = new NamedAccumulators(aggregators)
    this.#ttlMs = ttl?.ttlMs
  }

  protected override pack({ accumulators, since }: Kept): unknown {
    return [since, this.#accumulators.pack(accumulators)]
  }

  protected override unpack(packed: unknown): Kept {
    const [since, accumulators] = packed as [number, unknown]
    return { since, accumulators: this.#accumulators.unpack(accumulators) }
  }

  record(value: unknown, timestamp: number): void {
    const now = this.context.processingTime
    const { aggregators } = this.#accumulators
    const slot = this.store.slotOf(value)
    let kept = slot.entries.get(SUB)
    if (kept === undefined || this.#isExpired(kept, now)) {
      kept = { accumulators: aggregators.map(each => each.create()), since: now }
      this.store.set(slot, SUB, kept)
      this.#expireLater(slot, now)
    } else this.store.touch(slot, SUB)
    kept.since = now
    const { accumulators } = kept
    for (let index = 0; index < accumulators.length; index++) {
      accumulators[index] = aggregators[index]?.add(accumulators[index], value)
    }
    this.changed(slot, timestamp)
  }

  override processingTime(now: number): void {
    this.#expiries.fire(now, (_time, slot) => {
      const kept = slot.entries.get(SUB)
      if (kept === undefined) return
      if (this.#isExpired(kept, now)) this.store.delete(slot, SUB)
      else this.#expireLater(slot, kept.since)
    })
  }

  #isExpired(kept: Kept, now: number): boolean {
    return this.#ttlMs !== undefined && kept.since + this.#ttlMs <= now
  }

  #expireLater(slot: KeySlot<Kept>, since: number): void {
    if (this.#ttlMs === undefined) return
    this.#expiries.add(Math.ceil((since + this.#ttlMs) / EXPIRY_STEP_MS) * EXPIRY_STEP_MS, slot)
  }

  protected override loaded(): void {
    this.#expiries.clear()
    for (const slot of this.store.slots()) {
      for (const kept of slot.entries.values()) this.#expireLater(slot, kept.since)
    }
  }

  protected emit(slot: KeySlot<Kept>, timestamp: number): void {
    const kept = slot.entries.get(SUB)
    if (kept === undefined) return
    const row = keyRow(this.store.keys.names, this.store.partsOf(slot))
    const { aggregators, names } = this.#accumulators
    for (const [index, each] of aggregators.entries()) {
      row[names[index] as string] = each.result(kept.accumulators[index])
    }
    this.context.output.record(row, timestamp)
  }
}

interface Ranked {
  readonly by: number | string
  readonly record: Record<string, unknown>
  readonly timestamp: number
}

interface Top {
  rows: Ranked[]
  /** Ranks below this one are as they were given, 0-based. */
  changedFrom: number
}

/**
 * The first records of each key by an order. Inputs only add, so ranks never become fewer: a row whose rank changed
 * takes the place of the one that was there. Ties: what came first stays before.
 */
export class TopN extends UpdatingOperator<Top> {
  readonly #n: number
  readonly #by: (record: unknown) => number | string
  readonly #isBefore: (left: number | string, right: number | string) => boolean

  constructor(
    options: { keys: KeyReader; n: number; by: (record: unknown) => number | string; order: "asc" | "desc" },
    context: OperatorContext,
  ) {
    super(options.keys, context)
    this.#n = options.n
    this.#by = options.by
    this.#isBefore = options.order === "asc" ? (left, right) => left < right : (left, right) => left > right
  }

  record(value: unknown, timestamp: number): void {
    const slot = this.store.slotOf(value)
    let top = slot.entries.get(SUB)
    const by = this.#by(value)
    if (top !== undefined && top.rows.length === this.#n) {
      const last = top.rows[this.#n - 1] as Ranked
      if (!this.#isBefore(by, last.by)) return
    }
    if (top === undefined) {
      top = { rows: [], changedFrom: 0 }
      this.store.set(slot, SUB, top)
    } else this.store.touch(slot, SUB)
    let rank = top.rows.length
    while (rank > 0 && this.#isBefore(by, (top.rows[rank - 1] as Ranked).by)) rank--
    top.rows.splice(rank, 0, { by, record: materialised(value) as Record<string, unknown>, timestamp })
    if (top.rows.length > this.#n) top.rows.pop()
    top.changedFrom = Math.min(top.changedFrom, rank)
    this.changed(slot, timestamp)
  }

  protected emit(slot: KeySlot<Top>, timestamp: number): void {
    const top = slot.entries.get(SUB)
    if (top === undefined) return
    for (let rank = top.changedFrom; rank < top.rows.length; rank++) {
      this.context.output.record({ ...(top.rows[rank] as Ranked).record, rank: rank + 1 }, timestamp)
    }
    top.changedFrom = top.rows.length
  }
}
