import { expect, test } from "vitest"
import type { ColumnSpec, ColumnType } from "../../../shared/definition/table-spec.ts"
import { decodeParquet } from "../../../shared/serving/segment/decode.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"
import { ingestValues } from "../batches.ts"

const IDENTITY = { tableId: "t1", partition: 0, schemaVersion: 1 }

const CELLS: Readonly<Record<ColumnType, readonly string[]>> = {
  int: ["2147483647", "-2147483648", "null", "7"],
  long: ["9223372036854775807", "-9223372036854775808", "9007199254740993", "null"],
  float: ["1.5", "null", "-0.25", "1.5"],
  double: ["0.1", "1e300", "null", "-0.0"],
  boolean: ["true", "false", "null", "true"],
  timestamp: ["-1", '"1900-01-01"', '"2262-04-12T00:00:00.001"', "null"],
  decimal: ["99999999999999999999999999999.999999999", "-0.000000001", "null", "12"],
  string: ['""', '"é😀\\u0000"', "null", '"é😀\\u0000"'],
  json: ['{"a":9007199254740993}', '"x"', "null", "[1, 2]"],
  bytes: ['"AP8="', '""', "null", '"AP8="'],
}
const TYPES = Object.keys(CELLS) as ColumnType[]
const COLUMNS: readonly ColumnSpec[] = TYPES.map(type => ({ name: `c_${type}`, type }))

const valuesOf = (rows: number, cell: (type: ColumnType, row: number) => string) =>
  Array.from(
    { length: rows },
    (_, row) => `{${TYPES.map(type => `"c_${type}":${cell(type, row)}`).join(",")}}`,
  )

test.each([
  ["with nulls", 4, (type: ColumnType, row: number) => CELLS[type][row % 4]!],
  ["without", 3, (type: ColumnType) => CELLS[type][0]!],
  ["in several row groups", 9_000, (type: ColumnType, row: number) => CELLS[type][row % 4]!],
  ["of nulls alone", 3, () => "null"],
])("every type comes back as it was encoded: %s", async (_, rows, cell) => {
  const batch = ingestValues(COLUMNS, valuesOf(rows, cell))
  for (const codec of ["zstd", "none"] as const) {
    const bytes = encodeParquet(COLUMNS, batch, IDENTITY, { codec, rowGroupRows: 8_192 })
    const decoded = await decodeParquet(bytes, COLUMNS)
    expect(decoded.rows).toBe(rows)
    expect(decoded.offsets).toEqual(batch.offsets)
    for (const [index, column] of decoded.columns.entries()) {
      const was = batch.columns[index]!
      expect([column.type, column.nullCount]).toEqual([was.type, was.nullCount])
      expect(column.nulls).toEqual(was.nulls)
      expect(cellsOf(column)).toEqual(cellsOf(was))
    }
    // Encoded again, it is the same file.
    const again = encodeParquet(COLUMNS, { ...batch, ...decoded }, IDENTITY, { codec, rowGroupRows: 8_192 })
    expect(Buffer.compare(again, bytes)).toBe(0)
  }
})

const cellsOf = ({ values, nulls }: { values: ArrayLike<unknown>; nulls: Uint8Array }) =>
  Array.from(values, (value, row) => (nulls[row] === 1 ? null : value))

test("some of the columns, in any order", async () => {
  const batch = ingestValues(
    COLUMNS,
    valuesOf(4, (type, row) => CELLS[type][row]!),
  )
  const bytes = encodeParquet(COLUMNS, batch, IDENTITY, { codec: "zstd" })
  const { columns } = await decodeParquet(bytes, [COLUMNS[7]!, COLUMNS[0]!])
  expect(columns.map(({ type }) => type)).toEqual([TYPES[7], TYPES[0]])
  await expect(decodeParquet(bytes, [{ name: "other", type: "int" }])).rejects.toMatchObject({
    code: "corrupt",
  })
  expect((await decodeParquet(bytes, [])).rows).toBe(4)
})
