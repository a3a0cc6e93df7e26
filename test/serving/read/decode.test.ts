import fc from "fast-check"
import { parquetWriteBuffer } from "hyparquet-writer"
import { describe, expect, test } from "vitest"
import type { ColumnSpec, ColumnType } from "../../../shared/definition/table-spec.ts"
import type { ColumnBatch } from "../../../shared/serving/ingest/column.ts"
import { decodeChunk } from "../../../shared/serving/read/decode.ts"
import { footerBytes, readFooter, withChecksums } from "../../../shared/serving/read/footer.ts"
import { encodeThrift, ThriftReader } from "../../../shared/serving/read/thrift.ts"
import type { DecodedColumn } from "../../../shared/serving/read/types.ts"
import { valueAt } from "../../../shared/serving/read/value-at.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"
import { cellsOf, ingestValues } from "../batches.ts"

const IDENTITY = { tableId: "t1", partition: 3, schemaVersion: 1 }

function footerOf(file: Uint8Array) {
  const bytes = footerBytes(file)
  if (bytes === undefined) throw new Error("no footer")
  return readFooter(bytes)
}

/** A file's column by all its row groups. */
function decoded(file: Uint8Array, column: string): readonly DecodedColumn[] {
  return footerOf(file).groups.map(({ chunks }) => {
    const chunk = chunks.get(column)!
    return decodeChunk(file.subarray(chunk.start, chunk.end), chunk)
  })
}

/** As `cellsOf` has them, longs as numbers where they are safe. */
function read(columns: readonly DecodedColumn[]): unknown[] {
  return columns.flatMap(column => Array.from({ length: column.rows }, (_, row) => valueAt(column, row)))
}

const plain = (value: unknown) =>
  typeof value === "bigint" && Number.isSafeInteger(Number(value)) ? Number(value) : value

function encoded(type: ColumnType, values: readonly string[], codec: "zstd" | "none" = "zstd") {
  const columns: ColumnSpec[] = [{ name: "v", type }]
  const batch = ingestValues(
    columns,
    values.map(value => `{"v":${value}}`),
  )
  return { batch, file: encodeParquet(columns, batch, IDENTITY, { codec, rowGroupRows: 8_192 }) }
}

function expectSame(batch: ColumnBatch, file: Uint8Array, type: ColumnType): void {
  const expected = cellsOf(batch).map(value => (type === "decimal" ? value : plain(value)))
  expect(read(decoded(file, "v"))).toEqual(expected)
}

const VALUES: Readonly<Record<ColumnType, fc.Arbitrary<string>>> = {
  int: fc.integer().map(String),
  long: fc
    .oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.bigInt({ min: -9n, max: 9n }))
    .map(String),
  float: fc.float({ noNaN: true, noDefaultInfinity: true }).map(String),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
  boolean: fc.boolean().map(String),
  timestamp: fc.integer().map(String),
  decimal: fc.bigInt({ min: -(10n ** 28n), max: 10n ** 28n }).map(value => `${value}.5`),
  string: fc
    .oneof(fc.constantFrom("a", "bb", "", "ä€😀"), fc.string({ unit: "grapheme" }))
    .map(text => JSON.stringify(text)),
  json: fc.constantFrom('{"a":1}', "[1,2]", '"x"'),
  bytes: fc.constantFrom('"AAEC"', '""', '"/w=="'),
}

describe("a column of a file", () => {
  for (const type of Object.keys(VALUES) as ColumnType[]) {
    test(`of type ${type} is what was written`, () => {
      const some = fc.array(
        fc.oneof({ weight: 1, arbitrary: fc.constant("null") }, { weight: 4, arbitrary: VALUES[type] }),
        {
          minLength: 1,
          maxLength: 120,
        },
      )
      fc.assert(
        fc.property(some, fc.constantFrom("zstd" as const, "none" as const), (values, codec) => {
          const { batch, file } = encoded(type, values, codec)
          expectSame(batch, file, type)
        }),
        { numRuns: 40 },
      )
    })
  }

  test("of many row groups, with few and with many values, keeps its form", () => {
    const few = encoded(
      "string",
      Array.from({ length: 20_000 }, (_, at) => `"v${(at * 7) % 300}"`),
    )
    expectSame(few.batch, few.file, "string")
    expect(decoded(few.file, "v").map(({ kind }) => kind)).toEqual(["dictionary", "dictionary", "dictionary"])
    const many = encoded(
      "string",
      Array.from({ length: 9_000 }, (_, at) => `"value number ${at}"`),
    )
    expectSame(many.batch, many.file, "string")
    expect(decoded(many.file, "v").map(({ kind }) => kind)).toEqual(["binary", "binary"])
    const numbers = encoded(
      "long",
      Array.from({ length: 9_000 }, (_, at) => String((at % 50) - 25)),
    )
    expectSame(numbers.batch, numbers.file, "long")
  })

  test("offsets are what they were, in any order", () => {
    const columns: ColumnSpec[] = [{ name: "v", type: "int" }]
    const batch = ingestValues(
      columns,
      Array.from({ length: 300 }, (_, at) => `{"v":${at}}`),
    )
    for (const offsets of [
      batch.offsets,
      batch.offsets.map(offset => 2 ** 40 + ((offset * 7_919) % 1_000_003)),
      batch.offsets.map(offset => 2 ** 52 - offset * 2 ** 43),
    ]) {
      const file = encodeParquet(columns, { ...batch, offsets }, IDENTITY, { codec: "zstd" })
      expect(read(decoded(file, "$offset"))).toEqual([...offsets])
    }
  })

  test("of lists has each row's items", () => {
    const rows = [["a", "b"], [], null, ["c", null, "a"], ["b"]]
    const numbers = [[1], null, [], [2, 3, null], [4]]
    const list = (name: string, type: "BYTE_ARRAY" | "INT32") => [
      { name, repetition_type: "OPTIONAL" as const, num_children: 1, converted_type: "LIST" as const },
      { name: "list", repetition_type: "REPEATED" as const, num_children: 1 },
      {
        name: "element",
        repetition_type: "OPTIONAL" as const,
        type,
        ...(type === "BYTE_ARRAY" ? { converted_type: "UTF8" as const } : {}),
      },
    ]
    const file = new Uint8Array(
      parquetWriteBuffer({
        schema: [{ name: "root", num_children: 2 }, ...list("tags", "BYTE_ARRAY"), ...list("sizes", "INT32")],
        columnData: [
          { name: "tags", data: rows },
          { name: "sizes", data: numbers },
        ],
        codec: "UNCOMPRESSED",
      }),
    )
    for (const [name, expected] of [
      ["tags", rows],
      ["sizes", numbers],
    ] as const) {
      const [column] = decoded(file, name)
      if (column?.kind !== "list") throw new Error("expected a list")
      const found = expected.map((_, row) =>
        column.nulls?.[row] === 1
          ? null
          : Array.from({ length: column.starts[row + 1]! - column.starts[row]! }, (_, at) =>
              valueAt(column.items, column.starts[row]! + at),
            ),
      )
      expect(found).toEqual(expected)
    }
  })
})

describe("a footer", () => {
  const { file } = encoded(
    "string",
    Array.from({ length: 20_000 }, (_, at) => `"v${at % 300}"`),
  )

  test("that is read and written again has the same bytes", () => {
    const bytes = footerBytes(file)!
    expect(Buffer.from(encodeThrift(new ThriftReader(bytes).struct())).equals(bytes)).toBe(true)
  })

  test("takes checksums and is still read by others", () => {
    const checked = withChecksums(file)
    expect(read(decoded(checked, "v"))).toEqual(read(decoded(file, "v")))
    for (const { chunks } of footerOf(checked).groups) {
      for (const chunk of chunks.values()) expect(chunk.crc32c).toBeTypeOf("number")
    }
  })

  test("that is damaged is corrupt, whatever the damage", () => {
    const bytes = footerBytes(file)!
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const damaged = bytes.slice()
        damaged[at] = byte
        try {
          readFooter(damaged)
        } catch (error) {
          expect(error).toMatchObject({ name: "StorageError", code: "corrupt" })
        }
      }),
      { numRuns: 300 },
    )
  })
})
