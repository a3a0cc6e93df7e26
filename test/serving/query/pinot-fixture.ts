import { zstdCompressSync } from "node:zlib"
import { parquetWriteBuffer } from "hyparquet-writer"
import type { ColumnSpec } from "../../../shared/definition/table-spec.ts"
import type { TableSource } from "../../../shared/serving/types.ts"
import { bytesFile, pinnedTable } from "./fixture.ts"

export const eventColumns: readonly ColumnSpec[] = [
  { name: "id", type: "int" },
  { name: "kind", type: "string" },
  { name: "ms", type: "long" },
  { name: "ts", type: "timestamp" },
  { name: "day", type: "string" },
  { name: "doc", type: "json" },
  { name: "tags", type: "string", list: true },
  { name: "scores", type: "long", list: true },
  { name: "price", type: "double" },
]

const TAGS = [["x", "y"], ["y"], ["x", "z"], ["w"], ["z", "y"]]

const HOUR = 3_600_000

/** Five events, `id` 0 to 4: `ms` is 25.75 hours times `id`, 2 hours less, from 1970 on. */
function eventFile(table: string) {
  const ids = [0, 1, 2, 3, 4]
  const list = (name: string, type: object) => [
    { name, repetition_type: "OPTIONAL", converted_type: "LIST", num_children: 1 },
    { name: "list", repetition_type: "REPEATED", num_children: 1 },
    { name: "element", repetition_type: "OPTIONAL", ...type },
  ]
  const bytes = parquetWriteBuffer({
    codec: "ZSTD",
    compressors: { ZSTD: input => zstdCompressSync(input) },
    schema: [
      { name: "root", num_children: 10 },
      { name: "id", type: "INT32", repetition_type: "OPTIONAL" },
      { name: "kind", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "ms", type: "INT64", repetition_type: "OPTIONAL" },
      { name: "ts", type: "INT64", converted_type: "TIMESTAMP_MILLIS", repetition_type: "OPTIONAL" },
      { name: "day", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      { name: "doc", type: "BYTE_ARRAY", converted_type: "UTF8", repetition_type: "OPTIONAL" },
      ...list("tags", { type: "BYTE_ARRAY", converted_type: "UTF8" }),
      ...list("scores", { type: "INT64" }),
      { name: "price", type: "DOUBLE", repetition_type: "OPTIONAL" },
      { name: "$offset", type: "INT64", repetition_type: "REQUIRED" },
    ] as Parameters<typeof parquetWriteBuffer>[0]["schema"],
    columnData: [
      { name: "id", data: ids },
      { name: "kind", data: ids.map(id => "abc".charAt(id % 3)) },
      { name: "ms", data: ids.map(id => BigInt(id * 25.75 * HOUR)) },
      { name: "ts", data: ids.map(id => new Date(id * 25.75 * HOUR)) },
      { name: "day", data: ids.map(id => `1970010${id + 1}`) },
      {
        name: "doc",
        data: ids.map(id => JSON.stringify({ a: { b: id }, kind: "abc".charAt(id % 3), list: [id, id + 1] })),
      },
      { name: "tags", data: TAGS },
      { name: "scores", data: ids.map(id => [BigInt(id), BigInt(id + 1)]) },
      { name: "price", data: [1.5, null, 2.5, null, 4] },
      { name: "$offset", data: ids.map(BigInt) },
    ],
  })
  return bytesFile(`${table}-1`, new Uint8Array(bytes), ids.length)
}

/** `events`, and `pinot_events`: the same with Pinot's nulls. */
export function eventTables(): TableSource {
  const tables = [
    pinnedTable("events", eventColumns, [eventFile("events")]),
    { ...pinnedTable("pinot_events", eventColumns, [eventFile("pinot")]), pinotNulls: true },
  ]
  return {
    names: async () => tables.map(({ name }) => name),
    pin: async name => tables.find(table => table.name === name),
  }
}
