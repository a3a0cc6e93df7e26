import { StorageError } from "../storage/errors.ts"
import { emptyState, type PartitionState, type ProducerState } from "./fold.ts"
import { ByteReader, ByteWriter } from "./packing.ts"

export const SNAPSHOT_FORMAT = 1

/** The sort key of a partition's snapshot in table `meta`. */
export const SNAPSHOT_KEY = "snapshot"

function writeProducers(out: ByteWriter, producers: Map<number, ProducerState>): void {
  out.unsigned(producers.size)
  for (const [id, producer] of producers) {
    out.unsigned(id)
    out.unsigned(producer.epoch)
    out.unsigned(producer.time)
    out.signed(producer.openSince)
    out.unsigned(producer.appends.length)
    for (const append of producer.appends) {
      out.unsigned(append.first)
      out.unsigned(append.last)
      out.unsigned(append.offset)
    }
  }
}

function readProducers(from: ByteReader, producers: Map<number, ProducerState>): void {
  for (let left = from.unsigned(); left > 0; left--) {
    const id = from.unsigned()
    const producer: ProducerState = {
      epoch: from.unsigned(),
      time: from.unsigned(),
      openSince: from.signed(),
      appends: [],
    }
    for (let appends = from.unsigned(); appends > 0; appends--) {
      producer.appends.push({ first: from.unsigned(), last: from.unsigned(), offset: from.unsigned() })
    }
    producers.set(id, producer)
  }
}

/** The state as bytes; map orders are kept, since the fold depends on them. */
export function packState(state: PartitionState): Uint8Array {
  const out = new ByteWriter(64 + state.producers.size * 48)
  out.byte(SNAPSHOT_FORMAT)
  out.unsigned(state.end)
  out.unsigned(state.commitTime)
  out.byte(state.closed ? 1 : 0)
  writeProducers(out, state.producers)
  writeProducers(out, state.reserved)
  out.unsigned(state.tombstones.size)
  for (const [id, time] of state.tombstones) {
    out.unsigned(id)
    out.unsigned(time)
  }
  out.unsigned(state.sources.size)
  for (const [shard, position] of state.sources) {
    out.text(shard)
    out.text(position.sequence)
    out.unsigned(position.index)
  }
  return out.bytes()
}

/** Reads what `packState` wrote. Throws `StorageError` (`unknown_format`, `corrupt`), naming `where`. */
export function unpackState(bytes: Uint8Array, where: string): PartitionState {
  const from = new ByteReader(bytes)
  const format = bytes.length === 0 ? undefined : from.byte()
  if (format !== SNAPSHOT_FORMAT) {
    throw new StorageError("unknown_format", `${where}: format ${format}, expected ${SNAPSHOT_FORMAT}`)
  }
  try {
    const state = emptyState()
    state.end = from.unsigned()
    state.commitTime = from.unsigned()
    state.closed = from.byte() === 1
    readProducers(from, state.producers)
    readProducers(from, state.reserved)
    for (let left = from.unsigned(); left > 0; left--) state.tombstones.set(from.unsigned(), from.unsigned())
    for (let left = from.unsigned(); left > 0; left--) {
      state.sources.set(from.text(), { sequence: from.text(), index: from.unsigned() })
    }
    if (!from.atEnd()) throw new RangeError("bytes after the end")
    return state
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: ${(cause as Error).message}`, { cause })
  }
}
