import type { ColumnSpec } from "../../definition/table-spec.ts"
import { LogError } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import { notAfter } from "../../storage/not-after.ts"
import type { Manifest } from "../manifest/manifest.ts"
import type { MakeCompanions, StoredBody } from "../segment/companions.ts"
import { type OffsetSet, sliceOffsets } from "../segment/offset-set.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { columnsAt } from "../tail/pinned-files.ts"
import type { PinnedPurge } from "../types.ts"
import { NO_LOG_COLUMNS, readLogColumns } from "./fill-columns.ts"
import { readSegmentFile } from "./read-segments.ts"
import type { MaintainPorts } from "./replace-segments.ts"
import type { InputFile, RewriteFiles } from "./rewrite-files.ts"

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
  readonly rewriteFiles: RewriteFiles
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
 * the newest schema. Undefined: an upload failed, or may have. Throws `StorageError`, `LogError`.
 */
export async function rewrite(
  context: RewriteContext,
  found: Found,
  inputs: readonly SegmentPointer[],
  level: number,
): Promise<Rewritten | undefined> {
  const { table, manifest, purges, date } = found
  const { partition, cutBefore } = manifest
  const { time } = table.spec
  const cut =
    cutBefore === undefined || time === undefined ? {} : { cut: { column: time, before: cutBefore } }
  const files: InputFile[] = []
  // One after the other: most of the memory is theirs.
  for (const input of inputs) files.push(await readInput(context, found, input))
  const hidden = { purges: purges.map(({ end, where }) => ({ end, where })), ...cut }
  const made = await context.rewriteFiles({ table, partition, level, files, hidden })
  if (made === undefined) return { output: undefined, until: Number.POSITIVE_INFINITY, rows: 0 }
  const until = await storeAll(context.ports, made.objects, date)
  return until === undefined ? undefined : { output: made.pointer, until, rows: made.pointer.rows }
}

async function readInput(
  { ports, log }: RewriteContext,
  { table, manifest, dead }: Found,
  segment: SegmentPointer,
): Promise<InputFile> {
  const { partition } = manifest
  const held = columnsAt(table, segment.schemaVersion)
  const lacking = columnsLacking(table, segment)
  const bytes = await readSegmentFile(ports, table.id, partition, segment)
  return {
    segment: { base: segment.base, next: segment.next },
    bytes,
    held,
    // A copy: of a slice, all of what it is cut from would be handed over.
    dead: { offsets: sliceOffsets(dead, segment.base, segment.next).offsets.slice() },
    log:
      lacking.length === 0 ? NO_LOG_COLUMNS : await readLogColumns(log, table, partition, segment, lacking),
  }
}

/** Columns of the table's newest schema that a segment's file lacks. */
export function columnsLacking(
  { schemas }: TableInfo,
  { schemaVersion }: SegmentPointer,
): readonly ColumnSpec[] {
  const held = schemas[schemaVersion - 1] ?? []
  return (schemas.at(-1) ?? []).filter(({ name }) => !held.some(one => one.name === name))
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

/** Where the log begins, if a segment lacks a column that may be read again: see `Found.logStart`. Throws `LogError`. */
export async function logStartFor(
  log: Pick<Log, "offsets">,
  table: TableInfo,
  partition: number,
  segments: readonly SegmentPointer[],
): Promise<number> {
  if (!segments.some(segment => columnsLacking(table, segment).length > 0)) return Number.POSITIVE_INFINITY
  try {
    return (await log.offsets(table.topicId, partition)).beginningOffset
  } catch (error) {
    if (error instanceof LogError && error.code === "topic_deleted") return Number.POSITIVE_INFINITY
    throw error
  }
}
