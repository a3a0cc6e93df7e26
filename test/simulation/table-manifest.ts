import { canonicalJson } from "../../shared/definition/canonical.ts"
import type { Manifest } from "../../shared/serving/manifest/manifest.ts"
import { decodeList } from "../../shared/serving/manifest/segment-list.ts"
import { listKey, type SegmentPointer, segmentKey } from "../../shared/serving/segment/segment-key.ts"
import type { TableChecker } from "./table-checker.ts"
import { isWithin } from "./table-erasures.ts"
import { compareRows } from "./table-files.ts"
import type { TruthPartition } from "./table-truth.ts"

/**
 * Checks a manifest that stands, when it is first seen: everything that it names exists and holds the log's rows, its
 * ranges leave out nothing below its position but what is erased or too old, its counts are the log's, and it goes on from the one it was made from.
 */
export async function verifyManifest(
  checker: TableChecker,
  manifest: Manifest,
  before: Manifest | undefined,
): Promise<void> {
  const where = `manifest of ${manifest.tableId.slice(0, 6)}#${manifest.partition} at ${manifest.position}`
  const truth = checker.truthOf(manifest.tableId, manifest.partition)
  const fail = (what: string) => checker.fail(`${where}: ${what}`)
  if (manifest.position > truth.end) return fail(`the log ends at ${truth.end}`)
  if (manifest.drained && !(truth.closed && manifest.position === truth.end)) {
    fail(`drained, and the log ${truth.closed ? `is closed at ${truth.end}` : "is open"}`)
  }
  const totals = truth.totals(manifest.position)
  if (canonicalJson(manifest.totals) !== canonicalJson(totals)) {
    fail(`expected ${JSON.stringify(totals)}, got ${JSON.stringify(manifest.totals)}`)
  }
  if (manifest.gaps.length > 0) fail(`gaps ${JSON.stringify(manifest.gaps)}, and the log has none`)
  const segments = segmentsNamed(checker, manifest, fail)
  if (before !== undefined) continues(before, manifest, fail)
  if (segments !== undefined) await verifySegments(checker, manifest, segments, truth, fail)
}

function continues(before: Manifest, manifest: Manifest, fail: (what: string) => void): void {
  if (manifest.position < before.position) fail(`the position was ${before.position}`)
  if (before.closed) fail("the one before was closed")
  if ((manifest.cutBefore ?? Number.NEGATIVE_INFINITY) < (before.cutBefore ?? Number.NEGATIVE_INFINITY)) {
    fail(`the cut was at ${before.cutBefore}, and is at ${manifest.cutBefore}`)
  }
  if (before.drained && manifest.position !== before.position) fail("the one before was drained")
}

/** The segments of a manifest, past every fault. */
export function segmentsNamed(
  checker: TableChecker,
  manifest: Manifest,
  fail: (what: string) => void,
): readonly SegmentPointer[] | undefined {
  const listed: SegmentPointer[] = []
  for (const list of manifest.lists) {
    const key = listKey(manifest.tableId, manifest.partition, list)
    const body = checker.body(key)
    if (body === undefined) return void fail(`${key} is missing`)
    const segments = decodeList(body)
    const rows = segments.reduce((sum, segment) => sum + segment.rows, 0)
    if (segments.length !== list.segments || rows !== list.rows) {
      fail(
        `${key}: expected ${list.segments} segments of ${list.rows} rows, got ${segments.length} of ${rows}`,
      )
    }
    listed.push(...segments)
  }
  return [...listed, ...manifest.segments]
}

async function verifySegments(
  checker: TableChecker,
  manifest: Manifest,
  segments: readonly SegmentPointer[],
  truth: TruthPartition,
  fail: (what: string) => void,
): Promise<void> {
  const { tableId, partition, position } = manifest
  const held = new Set<number>()
  let next = 0
  for (const segment of segments) {
    if (segment.base < next) fail(`segments overlap at ${segment.base}`)
    const key = segmentKey(tableId, partition, segment)
    const bytes = checker.body(key)
    if (bytes === undefined || bytes.length !== segment.sizeBytes) {
      return fail(`${key}: expected ${segment.sizeBytes} bytes, got ${bytes?.length ?? "nothing"}`)
    }
    const file = await checker.files.decode(key, bytes)
    const fault = compareRows(file, truth.rowAt, checker.addedFrom(tableId, partition))
    if (fault !== undefined) fail(`${key}: ${fault}`)
    if (file.offsets.length !== segment.rows) fail(`${key}: ${file.offsets.length} rows, not ${segment.rows}`)
    next = segment.next
    for (const offset of file.offsets) {
      if (offset < segment.base || offset >= next) fail(`${key}: a row at ${offset}`)
      held.add(offset)
    }
  }
  if (next > position) fail(`a segment ends at ${next}`)
  const cut = manifest.cutBefore ?? Number.NEGATIVE_INFINITY
  for (const row of truth.rows) {
    if (row.offset >= position) break
    const mayMiss = row.at < cut || checker.erasures.mayTake(partition, row)
    if (!held.has(row.offset) && !mayMiss) fail(`the row at ${row.offset} is missing`)
  }
  for (const range of checker.history.erased(manifest)) {
    const left = truth.rows.find(
      row => row.offset < range.end && held.has(row.offset) && isWithin(range, row.id),
    )
    if (left !== undefined) fail(`the row at ${left.offset} is erased, it was said, and is still there`)
  }
}
