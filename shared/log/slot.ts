import { StorageError } from "../storage/errors.ts"
import type { Item } from "../storage/meta-store.ts"
import { OFFSET_MAX, SLOT_ENTRIES_MAX } from "./limits.ts"
import { ByteReader, ByteWriter } from "./packing.ts"

export const SLOT_FORMAT = 1

/** Flags of an entry. */
export const TRANSACTIONAL = 1
export const CONTROL = 2
export const CLOSE = 4
export const RETIRE = 8
const HAS_PRODUCER = 16
const HAS_SOURCE = 32
/** Of a transaction's marker: the transaction was aborted. */
export const ABORT = 64
const PUBLIC_FLAGS = TRANSACTIONAL | CONTROL | CLOSE | RETIRE | ABORT

export interface ProducerRange {
  readonly id: number
  readonly epoch: number
  readonly firstSequence: number
  readonly lastSequence: number
}

/** Where in a journal an entry came from: records at or below the last position of a shard are skipped. */
export interface SourcePosition {
  readonly shard: string
  readonly sequence: string
  readonly index: number
}

/** One stored RecordBatch (or a mark without one), as the fold sees it. */
export interface SlotEntry {
  /** Bytes of the stored batch. */
  readonly length: number
  /** Offsets that it occupies. */
  readonly count: number
  /** Epoch ms. */
  readonly maxTimestamp: number
  readonly flags: number
  readonly producer?: ProducerRange
  readonly source?: SourcePosition
}

export type Payload =
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  | { readonly kind: "object"; readonly key: string; readonly offset: number; readonly length: number }

/**
 * A commit slot: what one put-if-absent appends to a partition. `base` is where its writer believed the partition
 * to end; winning the put proved it.
 */
export interface Slot {
  readonly base: number
  readonly next: number
  /** The item's version: fresh for every slot, so that a writer knows its own. */
  readonly commitId: string
  /** Never below the previous slot's, epoch ms. */
  readonly commitTime: number
  readonly minTimestamp: number
  readonly maxTimestamp: number
  readonly entries: readonly SlotEntry[]
  readonly payload: Payload
}

/** The partition key of a partition's slots, snapshot and segment index. */
export function partitionKey(topicId: string, partition: number): string {
  return `${topicId}#${partition}`
}

/** The sort key of the slot at `base`: 20 digits, so that text order is number order. */
export function slotKey(base: number): string {
  return `s#${String(base).padStart(20, "0")}`
}

/** The largest sort key that a slot can have. */
export const LAST_SLOT_KEY = "s#99999999999999999999"

function writeEntry(out: ByteWriter, entry: SlotEntry): void {
  const { producer, source } = entry
  let flags = entry.flags
  if (producer !== undefined) flags |= HAS_PRODUCER
  if (source !== undefined) flags |= HAS_SOURCE
  out.byte(flags)
  out.unsigned(entry.length)
  out.unsigned(entry.count)
  out.signed(entry.maxTimestamp)
  if (producer !== undefined) {
    out.unsigned(producer.id)
    out.unsigned(producer.epoch)
    out.unsigned(producer.firstSequence)
    out.unsigned(producer.lastSequence)
  }
  if (source !== undefined) {
    out.text(source.shard)
    out.text(source.sequence)
    out.unsigned(source.index)
  }
}

function readEntry(from: ByteReader): SlotEntry {
  const flags = from.byte()
  const length = from.unsigned()
  const count = from.unsigned()
  const maxTimestamp = from.signed()
  const producer =
    (flags & HAS_PRODUCER) === 0
      ? undefined
      : {
          id: from.unsigned(),
          epoch: from.unsigned(),
          firstSequence: from.unsigned(),
          lastSequence: from.unsigned(),
        }
  const source =
    (flags & HAS_SOURCE) === 0
      ? undefined
      : { shard: from.text(), sequence: from.text(), index: from.unsigned() }
  return { length, count, maxTimestamp, flags: flags & PUBLIC_FLAGS, producer, source }
}

/** Packs entries into the one binary attribute of a slot: a count, then each entry. */
function packEntries(entries: readonly SlotEntry[]): Uint8Array {
  const out = new ByteWriter(16 + entries.length * 40)
  out.unsigned(entries.length)
  for (const entry of entries) writeEntry(out, entry)
  return out.bytes()
}

function unpackEntries(bytes: Uint8Array): SlotEntry[] {
  const from = new ByteReader(bytes)
  const count = from.unsigned()
  if (count > SLOT_ENTRIES_MAX) throw new RangeError(`${count} entries`)
  const entries: SlotEntry[] = []
  for (let index = 0; index < count; index++) entries.push(readEntry(from))
  if (!from.atEnd()) throw new RangeError("bytes after the last entry")
  return entries
}

/** The item of a slot. Attribute names are short: DynamoDB bills their bytes with every write. */
export function slotItem(pk: string, slot: Slot): Item {
  const fields = {
    v: SLOT_FORMAT,
    n: slot.next,
    t: slot.commitTime,
    lo: slot.minTimestamp,
    hi: slot.maxTimestamp,
    e: packEntries(slot.entries),
  }
  const { payload } = slot
  return {
    pk,
    sk: slotKey(slot.base),
    version: slot.commitId,
    fields:
      payload.kind === "inline"
        ? { ...fields, p: payload.bytes }
        : { ...fields, o: payload.key, f: payload.offset, l: payload.length },
  }
}

/**
 * Reads a slot's item. Throws `StorageError`: `unknown_format` for a version that this code does not know, `corrupt`
 * when the figures contradict each other.
 */
export function readSlot(item: Item): Slot {
  const { v, n, t, lo, hi, e, p, o, f, l } = item.fields
  const where = `slot ${item.pk} ${item.sk}`
  if (v !== SLOT_FORMAT) {
    throw new StorageError("unknown_format", `${where}: format ${String(v)}, expected ${SLOT_FORMAT}`)
  }
  try {
    const base = Number(item.sk.slice(2))
    const entries = unpackEntries(e as Uint8Array)
    const payload: Payload =
      p !== undefined
        ? { kind: "inline", bytes: p as Uint8Array }
        : { kind: "object", key: o as string, offset: f as number, length: l as number }
    const slot: Slot = {
      base,
      next: n as number,
      commitId: item.version,
      commitTime: t as number,
      minTimestamp: lo as number,
      maxTimestamp: hi as number,
      entries,
      payload,
    }
    checkFigures(slot)
    return slot
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: ${(cause as Error).message}`, { cause })
  }
}

function checkFigures(slot: Slot): void {
  let count = 0
  let length = 0
  for (const entry of slot.entries) {
    count += entry.count
    length += entry.length
  }
  const stored = slot.payload.kind === "inline" ? slot.payload.bytes.length : slot.payload.length
  if (!Number.isSafeInteger(slot.base) || slot.next !== slot.base + count || slot.next > OFFSET_MAX) {
    throw new RangeError(`entries hold ${count} offsets, the slot ${slot.base} to ${slot.next}`)
  }
  if (stored !== length) throw new RangeError(`entries hold ${length} bytes, the payload ${stored}`)
}
