import { findProducer, type PartitionState, type ProducerState } from "./fold.ts"
import { type Judgement, judge } from "./judge.ts"
import { PRODUCER_APPENDS_KEPT } from "./limits.ts"
import type { ProducerRange } from "./slot.ts"

/** The state of producers as it will be once the appends planned so far are committed. */
export class Overlay {
  readonly #state: PartitionState
  readonly #planned = new Map<number, ProducerState>()

  constructor(state: PartitionState) {
    this.#state = state
  }

  /** Whether an append of the producer is planned. */
  has(id: number): boolean {
    return this.#planned.has(id)
  }

  judge(range: ProducerRange): Judgement {
    const known = this.#planned.get(range.id) ?? findProducer(this.#state, range.id)
    return judge(known, this.#state.tombstones.has(range.id), range)
  }

  /** The producer's epoch, or −1: it is not known. */
  epoch(id: number): number {
    return (this.#planned.get(id) ?? findProducer(this.#state, id))?.epoch ?? -1
  }

  /** A marker that raises the producer's epoch. */
  mark(id: number, epoch: number): void {
    this.#planned.set(id, { epoch, time: 0, openSince: -1, appends: [] })
  }

  add(range: ProducerRange, offset: number): void {
    const known = this.#planned.get(range.id) ?? findProducer(this.#state, range.id)
    const kept = known !== undefined && known.epoch === range.epoch ? known.appends : []
    const appends = [...kept, { first: range.firstSequence, last: range.lastSequence, offset }]
    if (appends.length > PRODUCER_APPENDS_KEPT) appends.shift()
    this.#planned.set(range.id, { epoch: range.epoch, time: 0, openSince: -1, appends })
  }
}
