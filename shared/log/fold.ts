import {
  PRODUCER_APPENDS_KEPT,
  PRODUCER_KEPT_MS,
  PRODUCERS_KEPT_MAX,
  RESERVED_PRODUCER_IDS,
  TOMBSTONE_KEPT_MS,
} from "./limits.ts"
import {
  CLOSE,
  CONTROL,
  type ProducerRange,
  RETIRE,
  type Slot,
  type SlotEntry,
  TRANSACTIONAL,
} from "./slot.ts"

/** One append that a producer's retries are recognised by. */
export interface KnownAppend {
  readonly first: number
  readonly last: number
  readonly offset: number
}

export interface ProducerState {
  epoch: number
  /** Commit time of its last slot, epoch ms. */
  time: number
  /** Offset at which its open transaction began, or −1. */
  openSince: number
  /** Its last appends, oldest first; none after a marker raised the epoch. */
  appends: KnownAppend[]
}

/**
 * What a partition's slots add up to. It is a pure function of them: folding the same slots in the same order gives
 * the same state in every process, map orders included, whether or not a snapshot lay between.
 */
export interface PartitionState {
  /** The offset after the last record. */
  end: number
  /** The last slot's, epoch ms. */
  commitTime: number
  closed: boolean
  /** Clients' producers, the least recently appended first. */
  readonly producers: Map<number, ProducerState>
  /** Tasks and journal shards: they stay until they are retired. */
  readonly reserved: Map<number, ProducerState>
  /** Retired producers and the commit time of their retirement. */
  readonly tombstones: Map<number, number>
  /** The last journal position per shard. */
  readonly sources: Map<string, { sequence: string; index: number }>
}

export function emptyState(): PartitionState {
  return {
    end: 0,
    commitTime: 0,
    closed: false,
    producers: new Map(),
    reserved: new Map(),
    tombstones: new Map(),
    sources: new Map(),
  }
}

export function findProducer(state: PartitionState, id: number): ProducerState | undefined {
  return (id >= RESERVED_PRODUCER_IDS ? state.reserved : state.producers).get(id)
}

/** Where `read_committed` stops: the first offset of the oldest open transaction, else the end. */
export function lastStableOffset(state: PartitionState): number {
  let stable = state.end
  for (const held of [state.producers, state.reserved]) {
    for (const producer of held.values()) {
      if (producer.openSince >= 0 && producer.openSince < stable) stable = producer.openSince
    }
  }
  return stable
}

/**
 * Folds one slot into the state, in place. The fold never judges: what stands is applied. First what has expired by
 * this slot's commit time leaves, then the entries are applied in their order.
 */
export function applySlot(state: PartitionState, slot: Slot): void {
  if (slot.base !== state.end) {
    throw new RangeError(`slot ${slot.base} does not continue the partition's end ${state.end}`)
  }
  state.commitTime = slot.commitTime
  expire(state)
  let offset = slot.base
  for (const entry of slot.entries) {
    applyEntry(state, entry, offset)
    offset += entry.count
  }
  state.end = slot.next
  evict(state)
}

/** The maps are in order of commit time, which never goes back, so that only their heads need a look. */
function expire(state: PartitionState): void {
  for (const [id, producer] of state.producers) {
    if (producer.openSince >= 0) continue
    if (state.commitTime - producer.time < PRODUCER_KEPT_MS) break
    state.producers.delete(id)
  }
  for (const [id, time] of state.tombstones) {
    if (state.commitTime - time < TOMBSTONE_KEPT_MS) break
    state.tombstones.delete(id)
  }
}

function evict(state: PartitionState): void {
  let excess = state.producers.size - PRODUCERS_KEPT_MAX
  if (excess <= 0) return
  for (const [id, producer] of state.producers) {
    if (producer.openSince >= 0) continue
    state.producers.delete(id)
    if (--excess === 0) return
  }
}

function applyEntry(state: PartitionState, entry: SlotEntry, offset: number): void {
  if ((entry.flags & CLOSE) !== 0) state.closed = true
  const { source, producer } = entry
  if (source !== undefined)
    state.sources.set(source.shard, { sequence: source.sequence, index: source.index })
  if (producer === undefined) return
  if ((entry.flags & RETIRE) !== 0) {
    state.reserved.delete(producer.id)
    state.producers.delete(producer.id)
    state.tombstones.delete(producer.id)
    state.tombstones.set(producer.id, state.commitTime)
    return
  }
  applyProducer(state, entry, producer, offset)
}

function applyProducer(state: PartitionState, entry: SlotEntry, range: ProducerRange, offset: number): void {
  const held = range.id >= RESERVED_PRODUCER_IDS ? state.reserved : state.producers
  let known = held.get(range.id)
  if (known === undefined) known = { epoch: range.epoch, time: 0, openSince: -1, appends: [] }
  else held.delete(range.id)
  held.set(range.id, known) // the most recently appended is last
  known.time = state.commitTime
  if (range.epoch > known.epoch) {
    known.epoch = range.epoch
    known.appends = []
  }
  if ((entry.flags & CONTROL) !== 0) {
    known.openSince = -1
    return
  }
  if ((entry.flags & TRANSACTIONAL) !== 0 && known.openSince < 0) known.openSince = offset
  known.appends.push({ first: range.firstSequence, last: range.lastSequence, offset })
  if (known.appends.length > PRODUCER_APPENDS_KEPT) known.appends.shift()
}
