import type { ColumnBatch, Refusal } from "../ingest/column.ts"
import { addFaults, type Letters, type Manifest, type Totals } from "../manifest/manifest.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"

/** What a step adds to a manifest. */
export interface Advance {
  readonly batch: ColumnBatch | undefined
  /** Absent when the batch has no rows: all filtered, bad or tombstones. */
  readonly segment: SegmentPointer | undefined
  /** Where reading began, when the log no longer held the position. */
  readonly start: number | undefined
  readonly drained: boolean
  /** Store time, epoch ms. */
  readonly date: number
  readonly version: string
  /** The record that the batch ends before. */
  readonly refused?: Refusal
  /** Where its bad records go. */
  readonly letters?: Letters
}

/** The manifest after a step: segments and position move together. Pure. */
export function advance(manifest: Manifest, step: Advance): Manifest {
  const { batch, segment, start, drained, date, version, refused, letters } = step
  const { refused: _before, ...kept } = manifest
  const from = start ?? manifest.position
  const gaps =
    start === undefined ? manifest.gaps : [...manifest.gaps, { base: manifest.position, next: start }]
  const timeMax = maxOf(manifest.timeMax, segment?.timeMax)
  return {
    ...kept,
    ...(refused === undefined ? {} : { refused }),
    ...(letters === undefined ? {} : { letters }),
    version,
    position: batch?.next ?? from,
    ...(timeMax === undefined ? {} : { timeMax }),
    freshAt: Math.max(manifest.freshAt, batch?.maxTimestamp ?? 0),
    flushedAt: date,
    drained,
    gaps,
    totals: batch === undefined ? manifest.totals : added(manifest.totals, batch),
    faults: addFaults(manifest.faults, batch?.counts.faults ?? []),
    segments: segment === undefined ? manifest.segments : [...manifest.segments, segment],
  }
}

function maxOf(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined ? b : b === undefined ? a : Math.max(a, b)
}

function added(totals: Totals, { rows, counts }: ColumnBatch): Totals {
  return {
    records: totals.records + counts.records,
    rows: totals.rows + rows,
    filtered: totals.filtered + counts.filtered,
    skipped: totals.skipped + counts.skipped,
    nulled: totals.nulled + counts.nulled,
  }
}
