import type { ColumnSpec, TableSpec } from "../../../shared/definition/table-spec.ts"
import { tableCompanions } from "../../../shared/serving/builder/table-companions.ts"
import type { ColumnBatch } from "../../../shared/serving/ingest/column.ts"
import { makeSegment } from "../../../shared/serving/segment/make-segment.ts"
import type { SegmentPointer } from "../../../shared/serving/segment/segment-key.ts"
import type { TableInfo } from "../../../shared/serving/tables/table-item.ts"
import type { PinnedTable, TableFile } from "../../../shared/serving/types.ts"
import type { MemoryPorts } from "../../support/memory-ports.ts"

export function tableInfo(spec: TableSpec): TableInfo {
  return {
    spec,
    hidden: [],
    attached: true,
    id: "t1",
    owner: "http",
    state: "open",
    topicId: "topic",
    partitions: 1,
    schemas: [spec.columns],
    created: 0,
    version: "v",
  } as unknown as TableInfo
}

/** Stores batches as segments of a table, one after the other, with the indexes that its definition asks for. */
export async function storeSegments(
  ports: MemoryPorts,
  spec: TableSpec,
  batches: readonly ColumnBatch[],
): Promise<readonly SegmentPointer[]> {
  const pointers: SegmentPointer[] = []
  let base = 0
  for (const batch of batches) {
    const moved = {
      ...batch,
      base,
      next: base + batch.next,
      offsets: batch.offsets.map(offset => offset + base),
    }
    base = moved.next
    const made = await makeSegment(tableInfo(spec), 0, moved, {
      random: ports.random,
      companions: tableCompanions(ports.random),
    })
    for (const { key, body } of made.objects) await ports.objects.put(key, body, {})
    pointers.push(made.pointer)
  }
  return pointers
}

/** The table as a pin has it. */
export function pinOf(
  spec: TableSpec,
  pointers: readonly SegmentPointer[],
  columns: readonly ColumnSpec[] = spec.columns,
): PinnedTable {
  const segments = pointers.map(
    (pointer): TableFile => ({
      id: `tab/t1/0/${pointer.id}`,
      rows: pointer.rows,
      sizeBytes: pointer.sizeBytes,
      columns: spec.columns,
      segment: { tableId: "t1", partition: 0, pointer },
      read: () => Promise.reject(new Error("read as a whole")),
    }),
  )
  return {
    name: spec.name,
    columns,
    schemaVersion: 1,
    segments,
    tail: [],
    rows: pointers.reduce((sum, { rows }) => sum + rows, 0),
    freshAt: 0,
    ...(spec.time === undefined ? {} : { time: spec.time }),
    ...(spec.rollups === undefined ? {} : { rollups: spec.rollups }),
  }
}
