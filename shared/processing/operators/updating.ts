import type { Aggregators } from "../../definition/job/aggregators.ts"
import type { StateTtl } from "../../definition/job/state.ts"
import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { KeyedStore, type KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import type { ValueWriter } from "../state/value-writer.ts"
import { TimerQueue } from "../time/timer-queue.ts"
import { NamedAccumulators } from "./named-accumulators.ts"
import { TimerFault, timerPosition } from "./timer-fault.ts"
import { keyRow } from "./window-result.ts"

/** An updating step has one entry a key. */
export const SUB = 0

/** What an updating step keeps of a key. */
export interface Updated {
  /** The time of the record that changed it last; undefined: it was given since. */
  changedAt: number | undefined
}

/** What both updating steps share: keys whose results changed since the last commit, each given once. */
export abstract class UpdatingOperator<V extends Updated> implements Operator {
  readonly nextTimer = undefined
  protected readonly context: OperatorContext
  protected readonly store: KeyedStore<V>
  #changed: KeySlot<V>[] = []

  constructor(keys: KeyReader, context: OperatorContext) {
    this.context = context
    this.store = new KeyedStore<V>(keys, {
      pack: value => this.pack(value),
      write: (value, out) => this.write(value, out),
      unpack: packed => this.unpack(packed),
      loaded: () => this.loaded(),
    })
  }

  protected pack(value: V): unknown {
    return value
  }

  /** Writes what is stored of it at once, where that is quicker. */
  protected write(_value: V, _out: ValueWriter): boolean {
    return false
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
  protected abstract emit(slot: KeySlot<V>, kept: V, timestamp: number): void

  protected changed(slot: KeySlot<V>, kept: V, timestamp: number): void {
    if (kept.changedAt === undefined) this.#changed.push(slot)
    kept.changedAt = timestamp
  }

  beforeCommit(): void {
    const { context } = this
    const changed = this.#changed
    this.#changed = []
    for (const slot of changed) {
      const kept = slot.entries.get(SUB)
      // A key that began anew is there twice.
      if (kept?.changedAt === undefined) continue
      const timestamp = kept.changedAt
      kept.changedAt = undefined
      const position = () => timerPosition("commit", 0, this.store.partsOf(slot))
      if (context.skipsTimers && context.skips(position())) continue
      try {
        this.emit(slot, kept, timestamp)
      } catch (error) {
        throw TimerFault.of(error, position())
      }
    }
  }
}

interface Kept extends Updated {
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

  protected override write({ accumulators, since }: Kept, out: ValueWriter): boolean {
    out.array(2)
    out.number(since)
    this.#accumulators.write(accumulators, out)
    return true
  }

  protected override unpack(packed: unknown): Kept {
    const [since, accumulators] = packed as [number, unknown]
    return { since, accumulators: this.#accumulators.unpack(accumulators), changedAt: undefined }
  }

  record(value: unknown, timestamp: number): void {
    const now = this.context.processingTime
    const { aggregators } = this.#accumulators
    const slot = this.store.slotOf(value)
    let kept = slot.entries.get(SUB)
    if (kept === undefined || this.#isExpired(kept, now)) {
      kept = { accumulators: aggregators.map(each => each.create()), since: now, changedAt: undefined }
      this.store.set(slot, SUB, kept)
      this.#expireLater(slot, now)
    } else this.store.touch(slot, SUB)
    kept.since = now
    const { accumulators } = kept
    for (let index = 0; index < accumulators.length; index++) {
      accumulators[index] = aggregators[index]?.add(accumulators[index], value)
    }
    this.changed(slot, kept, timestamp)
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

  protected emit(slot: KeySlot<Kept>, kept: Kept, timestamp: number): void {
    const row = keyRow(this.store.keys.names, this.store.partsOf(slot))
    const { aggregators, names } = this.#accumulators
    for (const [index, each] of aggregators.entries()) {
      row[names[index] as string] = each.result(kept.accumulators[index])
    }
    this.context.output.record(row, timestamp)
  }
}
