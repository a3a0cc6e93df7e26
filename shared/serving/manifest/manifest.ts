import type { Refusal } from "../ingest/column.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"

/** A range of offsets that the log no longer held when the table came to read them. */
export interface Gap {
  readonly base: number
  readonly next: number
}

/** Names an immutable object that lists up to `LIST_SEGMENTS_MAX` segments in the order of their offsets. */
export interface ListPointer {
  readonly base: number
  readonly next: number
  readonly id: string
  readonly segments: number
  readonly rows: number
}

/**
 * Offsets of rows that died after they were written, as one object for all segments that a flush touched. A row is
 * dead where any of the manifest's vectors holds its offset: vectors only add, so that a merge, which keeps offsets,
 * needs to translate none, and those written meanwhile hold for its segment too.
 */
export interface VectorPointer {
  readonly id: string
  readonly sizeBytes: number
  readonly crc32c: number
  /** The least offset that it holds, and the one after the greatest. */
  readonly base: number
  readonly next: number
  readonly offsets: number
}

/** A sorted run of the key index: key hash → offset of the row that stands, comparison value, whether it is deleted. */
export interface RunPointer {
  readonly id: string
  readonly sizeBytes: number
  readonly crc32c: number
  /** Bytes at its end that hold its sparse index and bloom filter. */
  readonly directoryBytes: number
  readonly entries: number
  /** 0 as flushed; each compaction adds one. */
  readonly level: number
}

/** An erasure: rows below `end` for which the predicate is true are deleted, wherever they are. */
export interface Purge {
  readonly id: string
  /** A SQL condition over the table's columns. */
  readonly where: string
  /** The partition's log end when it was acknowledged. */
  readonly end: number
  /** Segments below this offset are rewritten already. */
  readonly done: number
}

/**
 * Where a partition's bad records go. They are stored with the segment that they are missing from, and named in the write
 * that moves the position; then they are appended to the topic, byte for byte, under a reserved producer.
 */
export interface Letters {
  readonly topicId: string
  readonly partition: number
  /** Never used by anybody else. */
  readonly producerId: number
  /** The sequence of the next record. */
  readonly sequence: number
  /** Stored, and not known to be in the topic. */
  readonly pending?: PendingLetters
}

/** Record batches, one after the other, as they are to be appended. */
export interface PendingLetters {
  readonly id: string
  readonly sizeBytes: number
  readonly crc32c: number
  /** Of its first record. */
  readonly sequence: number
}

/** How often a record or field was bad for a reason: `column: reason`, or the reason alone for a whole record. */
export type FaultCount = readonly [fault: string, count: number]

/** What was read so far, since the table was made. */
export interface Totals {
  readonly records: number
  readonly rows: number
  readonly filtered: number
  readonly skipped: number
  readonly nulled: number
}

/**
 * What a table holds of one partition: its segments and the position up to which they hold the log. Both change in
 * one conditional write, so that a record is either in a segment or in the tail after the position, never in both or
 * neither.
 */
export interface Manifest {
  readonly tableId: string
  readonly partition: number
  /** The item's version: every write is on condition of the one that it was made from. */
  readonly version: string
  /** The next offset to read: everything below it is in the segments, filtered out, bad, or in a gap. */
  readonly position: number
  /** Greatest value of the time column below the position, epoch ms: what time-to-live counts from. */
  readonly timeMax?: number
  /** Epoch ms of the newest record below the position; 0 when there is none. */
  readonly freshAt: number
  /** Store time at which the position last moved, or the manifest was made, epoch ms. */
  readonly flushedAt: number
  /** The table is being dropped: nothing may be added. */
  readonly closed: boolean
  /** The topic is deleted and read to its end: there is no tail any more. */
  readonly drained: boolean
  readonly gaps: readonly Gap[]
  readonly totals: Totals
  /** Why records and fields were bad, the most frequent first; at most `FAULTS_KEPT`. */
  readonly faults: readonly FaultCount[]
  /** Older segments, by lists; then the newest, one by one. */
  readonly lists: readonly ListPointer[]
  readonly segments: readonly SegmentPointer[]
  /** The newest last; at most `VECTORS_MAX`, then they are folded into one. */
  readonly vectors: readonly VectorPointer[]
  /** The key index of a table with `upsert` or `dedup`, the newest run last. */
  readonly runs: readonly RunPointer[]
  /** Greatest comparison value below the position: what an upsert's time-to-live counts from. */
  readonly compareMax?: number
  readonly purges: readonly Purge[]
  /** The record before which the partition stopped, since the table refuses bad ones: the position is its offset. */
  readonly refused?: Refusal
  /** Of a table whose bad records a topic takes, once there was one. */
  readonly letters?: Letters
  /** Retention: rows whose time column is below are no part of the table, though a segment may still hold them. */
  readonly cutBefore?: number
}

export const NO_TOTALS: Totals = { records: 0, rows: 0, filtered: 0, skipped: 0, nulled: 0 }

/** Enough to see what is wrong with a producer, little enough for an item: each has at most some 150 characters. */
export const FAULTS_KEPT = 8

/** Adds counts; of those that are too many the rarest are forgotten (the totals still count them). */
export function addFaults(before: readonly FaultCount[], more: Iterable<FaultCount>): readonly FaultCount[] {
  const counts = new Map(before)
  for (const [fault, count] of more) counts.set(fault, (counts.get(fault) ?? 0) + count)
  return [...counts].sort((a, b) => b[1] - a[1]).slice(0, FAULTS_KEPT)
}

/** The manifest of a partition of which nothing is read yet; `date` is the store's, epoch ms. */
export function newManifest(tableId: string, partition: number, version: string, date: number): Manifest {
  return {
    tableId,
    partition,
    version,
    position: 0,
    freshAt: 0,
    flushedAt: date,
    closed: false,
    drained: false,
    gaps: [],
    totals: NO_TOTALS,
    faults: [],
    lists: [],
    segments: [],
    vectors: [],
    runs: [],
    purges: [],
  }
}
