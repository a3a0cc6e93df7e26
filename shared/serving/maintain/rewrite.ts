import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { Log } from "../../log/types.ts"
import { notAfter } from "../../storage/not-after.ts"
import { concatBatches } from "../ingest/batch.ts"
import type { ColumnBatch } from "../ingest/column.ts"
import type { Manifest } from "../manifest/manifest.ts"
import type { MakeCompanions, StoredBody } from "../segment/companions.ts"
import { makeSegment } from "../segment/make-segment.ts"
import { type OffsetSet, sliceOffsets } from "../segment/offset-set.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { type Hidden, withoutHidden } from "../tail/hide-rows.ts"
import { columnsAt } from "../tail/pinned-files.ts"
import type { PinnedPurge } from "../types.ts"
import { fillDefaults, fillFromLog } from "./fill-columns.ts"
import { decodeHeld, readSegmentFile, withSchema } from "./read-segments.ts"
import type { MaintainPorts } from "./replace-segments.ts"

/** What merges and their kin upload may be named this long: what they make may be large, and few make it. */
export const NAME_MERGED_MS = 12 * 3_600_000

/** A partition as a step found it. */
export interface Found {
  readonly table: TableInfo
  readonly manifest: Manifest
  readonly segments: readonly SegmentPointer[]
  readonly dead: OffsetSet
  readonly purges: readonly PinnedPurge[]
  /** Where the log begins now; infinite where nobody needs to know, or nothing of it is left. */
  readonly logStart: number
  /** Store time of the older of the reads, of item and manifest, epoch ms. */
  readonly date: number
}

export interface RewriteContext {
  readonly ports: MaintainPorts
  readonly log: Pick<Log, "fetch">
  readonly companions: MakeCompanions
}

/** A segment that is stored, and that a manifest may name until then; undefined `output`: no row was left. */
export interface Rewritten {
  readonly output: SegmentPointer | undefined
  /** Store time, epoch ms. */
  readonly until: number
  readonly rows: number
}

/**
 * Makes one segment of neighbours and stores it: without dead rows, those that are purged and those below the cut, under
 * the newest schema. Each input is let go before the next is read. Undefined: an upload failed, or may have.
 * Throws `StorageError`, `LogError`.
 */
export async function rewrite(
  { ports, log, companions }: RewriteContext,
  { table, manifest, dead, purges, date }: Found,
  inputs: readonly SegmentPointer[],
  level: number,
): Promise<Rewritten | undefined> {
  const { partition, cutBefore } = manifest
  const columns = columnsAt(table, table.schemas.length)
  const { time } = table.spec
  const cut =
    cutBefore === undefined || time === undefined ? {} : { cut: { column: time, before: cutBefore } }
  const batches: ColumnBatch[] = []
  for (const input of inputs) {
    const hidden: Hidden = { purges, dead: sliceOffsets(dead, input.base, input.next), ...cut }
    const batch = await readInput({ ports, log, table, partition, columns }, input)
    batches.push(withoutHidden(batch, columns, hidden))
  }
  const batch = concatBatches(batches)
  if (batch.rows === 0) return { output: undefined, until: Number.POSITIVE_INFINITY, rows: 0 }
  const made = await makeSegment(table, partition, batch, { random: ports.random, companions, level })
  const until = await storeAll(ports, made.objects, date)
  return until === undefined ? undefined : { output: made.pointer, until, rows: batch.rows }
}

/** Puts objects that no other writer puts; the store time until which they may be named, undefined if one may be missing. */
export async function storeAll(
  ports: MaintainPorts,
  objects: readonly StoredBody[],
  date: number,
): Promise<number | undefined> {
  const options = { ifAbsent: true, notAfter: notAfter(date) }
  const puts = await Promise.all(objects.map(({ key, body }) => ports.objects.put(key, body, options)))
  let until = Number.POSITIVE_INFINITY
  for (const put of puts) {
    if (put.outcome !== "committed") return undefined
    until = Math.min(until, put.date + NAME_MERGED_MS)
  }
  return until
}

interface Reading {
  readonly ports: MaintainPorts
  readonly log: Pick<Log, "fetch">
  readonly table: TableInfo
  readonly partition: number
  readonly columns: readonly ColumnSpec[]
}

async function readInput(
  { ports, log, table, partition, columns }: Reading,
  input: SegmentPointer,
): Promise<ColumnBatch> {
  const held = columnsAt(table, input.schemaVersion)
  const body = await readSegmentFile(ports, table.id, partition, input)
  const decoded = await decodeHeld(body, held, columns)
  const lacking = columns.filter(({ name }) => !held.some(one => one.name === name))
  const fill = lacking.length === 0 ? fillDefaults : await fillFromLog(log, table, partition, input, lacking)
  return withSchema(decoded, columns, input, fill)
}
