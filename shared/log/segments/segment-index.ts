import { StorageError } from "../../storage/errors.ts"
import { ByteReader, ByteWriter } from "../packing.ts"
import type { Segment } from "./segment.ts"

export const SEGMENT_INDEX_FORMAT = 1
/** The sort key of a partition's segment index in table `meta`. */
export const SEGMENTS_KEY = "segments"

/** That something reached an offset, and when. */
export interface Mark {
  readonly offset: number
  /** Store time, epoch ms. */
  readonly date: number
}

/** A compaction under way: what comes after it in a process that knows nothing goes on from here. */
export interface Cleaning {
  /** Below it, only the newest record of each key in the run is to be left. The run begins where the last one ended. */
  readonly to: number
  /** Segments below are rewritten already. */
  readonly at: number
}

/** What of a partition lies in segments. */
export interface SegmentIndex {
  /** The first offset that can be read. It may lie within a batch, and above `end`. */
  readonly start: number
  /** Records below lie in segments, if anywhere; those from here on in slots. */
  readonly end: number
  /** Each begins where the one before ends; the last ends at `end`. Those wholly below `start` are gone. */
  readonly segments: readonly Segment[]
  /** How far roll-up had come and when, oldest first: slots may be deleted a day after. */
  readonly rolled: readonly Mark[]
  /** How far compaction had come and when, oldest first: tombstones may go some time after. */
  readonly cleaned: readonly Mark[]
  readonly cleaning?: Cleaning
}

export const EMPTY_INDEX: SegmentIndex = { start: 0, end: 0, segments: [], rolled: [], cleaned: [] }

/** The segment that stands for `offset`, by its place; −1: none does. */
export function findSegment({ segments }: Pick<SegmentIndex, "segments">, offset: number): number {
  let low = 0
  let high = segments.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (segments[middle].next <= offset) low = middle + 1
    else high = middle
  }
  return low < segments.length && segments[low].base <= offset ? low : -1
}

/** Throws `RangeError` where an index contradicts itself: nothing like that is ever stored, or read. */
export function checkIndex(index: SegmentIndex): void {
  const { segments, end } = index
  for (const [at, { base, next, sizeBytes, id }] of segments.entries()) {
    if (next <= base) throw new RangeError(`segment ${base} ends at ${next}`)
    if ((id === "") !== (sizeBytes === 0))
      throw new RangeError(`segment ${base} of ${sizeBytes} bytes: "${id}"`)
    const expected = at + 1 < segments.length ? segments[at + 1].base : end
    if (next !== expected) throw new RangeError(`segment ${base} ends at ${next}, not at ${expected}`)
  }
  if (index.start < end && (segments.length === 0 || segments[0].base > index.start)) {
    throw new RangeError(`offsets ${index.start} to ${segments[0]?.base ?? end} lie in no segment`)
  }
}

function writeMarks(out: ByteWriter, marks: readonly Mark[]): void {
  out.unsigned(marks.length)
  for (const { offset, date } of marks) {
    out.unsigned(offset)
    out.unsigned(date)
  }
}

function readMarks(from: ByteReader): Mark[] {
  return Array.from({ length: from.unsigned() }, () => ({ offset: from.unsigned(), date: from.unsigned() }))
}

/** The index as bytes, but for its start and end, which its item says. */
export function packIndex(index: SegmentIndex): Uint8Array {
  checkIndex(index)
  const out = new ByteWriter(64 + index.segments.reduce((sum, { points }) => sum + 80 + points.length, 0))
  out.byte(SEGMENT_INDEX_FORMAT)
  writeMarks(out, index.rolled)
  writeMarks(out, index.cleaned)
  const { cleaning } = index
  out.byte(cleaning === undefined ? 0 : 1)
  if (cleaning !== undefined) {
    out.unsigned(cleaning.to)
    out.unsigned(cleaning.at)
  }
  out.unsigned(index.segments.length)
  let base = 0
  for (const segment of index.segments) {
    out.unsigned(segment.base - base)
    out.unsigned(segment.next - segment.base)
    out.text(segment.id)
    out.unsigned(segment.sizeBytes)
    out.unsigned(segment.records)
    out.signed(segment.minTimestamp)
    out.signed(segment.maxTimestamp)
    out.unsigned(segment.tombstones)
    out.unsigned(segment.points.length)
    out.raw(segment.points)
    base = segment.base
  }
  return out.bytes()
}

/** Reads what `packIndex` wrote. Throws `StorageError` (`unknown_format`, `corrupt`), naming `where`. */
export function unpackIndex(
  bytes: Uint8Array,
  bounds: Pick<SegmentIndex, "start" | "end">,
  where: string,
): SegmentIndex {
  const from = new ByteReader(bytes)
  const format = bytes.length === 0 ? undefined : from.byte()
  if (format !== SEGMENT_INDEX_FORMAT) {
    throw new StorageError("unknown_format", `${where}: format ${format}, expected ${SEGMENT_INDEX_FORMAT}`)
  }
  try {
    const rolled = readMarks(from)
    const cleaned = readMarks(from)
    const cleaning = from.byte() === 0 ? {} : { cleaning: { to: from.unsigned(), at: from.unsigned() } }
    const segments: Segment[] = []
    let base = 0
    for (let left = from.unsigned(); left > 0; left--) {
      base += from.unsigned()
      segments.push({
        base,
        next: base + from.unsigned(),
        id: from.text(),
        sizeBytes: from.unsigned(),
        records: from.unsigned(),
        minTimestamp: from.signed(),
        maxTimestamp: from.signed(),
        tombstones: from.unsigned(),
        points: from.raw(from.unsigned()),
      })
    }
    if (!from.atEnd()) throw new RangeError("bytes after the end")
    const index = { ...bounds, segments, rolled, cleaned, ...cleaning }
    checkIndex(index)
    return index
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: ${(cause as Error).message}`, { cause })
  }
}
