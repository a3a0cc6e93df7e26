import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import type { ColumnBatch } from "../../../shared/serving/ingest/column.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"
import type { PinnedTable, TableFile, TableSource } from "../../../shared/serving/types.ts"
import { ingestValues } from "../batches.ts"
import { pinnedTable } from "../query/fixture.ts"
import { Seeded } from "./seeded.ts"

export const columns: readonly ColumnSpec[] = [
  { name: "s", type: "string" },
  { name: "word", type: "string" },
  { name: "i", type: "int" },
  { name: "small", type: "int" },
  { name: "l", type: "long" },
  { name: "f", type: "float" },
  { name: "d", type: "double" },
  { name: "b", type: "boolean" },
  { name: "moment", type: "timestamp" },
  { name: "n", type: "decimal" },
  { name: "j", type: "json" },
  { name: "year", type: "int" },
]

const texts = ["", "a", "A", "ab", "%", "a_b", "it's", "é", "e\u0301", "\u{1f600}", "\uffff", "Zürich", "z\n"]

/** A row's fields; about one in eight is null, and one in nine missing. */
function record(random: Seeded): string {
  const values: Record<string, unknown> = {
    s: random.pick(texts),
    word: `w${random.below(300)}`,
    i: random.once(20) ? random.pick([2_147_483_647, -2_147_483_648, 0]) : random.below(2_000) - 1_000,
    small: random.below(7) - 2,
    l: random.once(20)
      ? random.pick([9_007_199_254_740_991, -9_007_199_254_740_991])
      : random.below(1_000_000),
    f: (random.below(400) - 200) / 8,
    d: random.once(10) ? random.pick([1e300, -1e-300, 0]) : (random.below(100_000) - 50_000) / 64,
    b: random.once(2),
    moment: 1_577_836_800_000 + random.below(90 * 24) * 3_600_000 + random.pick([0, 1, 250, 59_999]),
    n: random.pick(["0", "1.5", "-2.000000001", "1234567.89", "0.1"]),
    j: random.pick([{ a: 1 }, [1, null], "x"]),
    year: 1992 + random.below(7),
  }
  if (random.once(8)) values[random.pick(Object.keys(values))] = null
  for (const key of Object.keys(values)) if (random.once(9)) delete values[key]
  return JSON.stringify(values)
}

export function randomBatch(rows: number, seed: number): ColumnBatch {
  const random = new Seeded(seed)
  return ingestValues(
    columns,
    Array.from({ length: rows }, () => record(random)),
  )
}

/** A batch as a segment's file, or as a tail's, which holds the batch itself. */
export function fileOf(
  id: string,
  columns: readonly ColumnSpec[],
  batch: ColumnBatch,
  kind: "segment" | "tail",
): TableFile {
  const identity = { tableId: "t", partition: 0, schemaVersion: 1 }
  const bytes = encodeParquet(columns, batch, identity, { codec: "zstd", rowGroupRows: 8_192 })
  const file = { id, rows: batch.rows, sizeBytes: bytes.length, columns, read: async () => bytes }
  return kind === "tail" ? { ...file, batch } : file
}

/** A segment's file whose pointer says that every column has an inverted index. */
function indexed(file: TableFile): TableFile {
  const blobs = columns.map(({ name }) => [name, "inverted", 0, 0] as const)
  const sidecar = { id: "i", sizeBytes: 0, crc32c: 0, directoryBytes: 0, blobs }
  const pointer = {
    base: 0,
    next: file.rows,
    id: "s",
    rows: file.rows,
    sizeBytes: 0,
    crc32c: 0,
    schemaVersion: 1,
    sidecar,
  }
  return { ...file, segment: { tableId: "t", partition: 0, pointer } }
}

/** Tables of the same columns: rows in the tail, in segments, in both, with indexes, and none at all. */
export function randomTables(): TableSource {
  const file = (rows: number, seed: number, kind: "segment" | "tail") =>
    fileOf(`${kind}-${seed}`, columns, randomBatch(rows, seed), kind)
  const tables: readonly PinnedTable[] = [
    pinnedTable("tailed", columns, [], [file(300, 1, "tail"), file(40, 2, "tail")]),
    pinnedTable("stored", columns, [file(500, 3, "segment"), file(1, 4, "segment")]),
    pinnedTable("mixed", columns, [file(400, 5, "segment")], [file(100, 6, "tail")]),
    pinnedTable("indexed", columns, [indexed(file(700, 7, "segment"))], [file(50, 8, "tail")]),
    pinnedTable("empty", columns, []),
  ]
  return {
    names: async () => tables.map(({ name }) => name),
    pin: async name => tables.find(table => table.name === name),
  }
}
