import fc from "fast-check"
import { expect, test } from "vitest"
import type { ColumnSpec, ColumnType } from "../../../shared/definition/table-spec.ts"
import type { ColumnBatch, ColumnVector } from "../../../shared/serving/ingest/column.ts"
import { decodeChunk } from "../../../shared/serving/read/decode.ts"
import { footerBytes, readFooter } from "../../../shared/serving/read/footer.ts"
import { valueAt } from "../../../shared/serving/read/value-at.ts"
import { bitsFor, deltaPacked, packBits } from "../../../shared/serving/segment/bit-packing.ts"
import { decodeParquet } from "../../../shared/serving/segment/decode.ts"
import { encodeParquet } from "../../../shared/serving/segment/parquet.ts"

const IDENTITY = { tableId: "t", partition: 0, schemaVersion: 1 }

const CELLS: Readonly<Record<ColumnType, fc.Arbitrary<unknown>>> = {
  int: fc.integer(),
  long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  timestamp: fc.bigInt({ min: -(10n ** 14n), max: 10n ** 14n }),
  float: fc.float({ noNaN: true }),
  double: fc.double(),
  boolean: fc.nat({ max: 1 }),
  string: fc.string({ unit: "grapheme" }),
  json: fc.json(),
  decimal: fc.bigInt({ min: -(10n ** 37n), max: 10n ** 37n }),
  bytes: fc.uint8Array({ maxLength: 5 }),
}
const EMPTY: Readonly<Record<string, unknown>> = {
  string: "",
  json: "null",
  decimal: 0n,
  bytes: new Uint8Array(0),
}

function vectorOf(type: ColumnType, cells: readonly unknown[]): ColumnVector {
  const nulls = Uint8Array.from(cells, cell => (cell === null ? 1 : 0))
  const nullCount = nulls.reduce((sum, one) => sum + one, 0)
  const big = type === "long" || type === "timestamp"
  const filled = cells.map(cell => cell ?? EMPTY[type] ?? (big ? 0n : 0))
  const values =
    type === "int"
      ? Int32Array.from(filled as number[])
      : big
        ? BigInt64Array.from(filled as bigint[])
        : type === "boolean"
          ? Uint8Array.from(filled as number[])
          : type === "float" || type === "double"
            ? Float64Array.from(filled as number[])
            : filled
  return { type, nulls, nullCount, values } as ColumnVector
}

/** Few different values, so that there are dictionaries; or many. */
const column = fc.constantFrom(...(Object.keys(CELLS) as ColumnType[])).chain(type =>
  fc.record({
    type: fc.constant(type),
    pool: fc.array(CELLS[type], { minLength: 1, maxLength: 40 }),
    nullShare: fc.constantFrom(0, 0.3, 1),
  }),
)

test("what is written comes back through both readers, whatever the dictionary, nulls and row groups", async () => {
  const plan = fc.record({
    columns: fc.array(column, { minLength: 1, maxLength: 4 }),
    rows: fc.integer({ min: 1, max: 200 }),
    rowGroupRows: fc.constantFrom(7, 64, 1_000),
    codec: fc.constantFrom("zstd" as const, "none" as const),
    seed: fc.nat({ max: 1_000 }),
  })
  await fc.assert(
    fc.asyncProperty(plan, async ({ columns, rows, rowGroupRows, codec, seed }) => {
      const specs: ColumnSpec[] = columns.map(({ type }, index) => ({ name: `c${index}`, type }))
      const cells = columns.map(({ pool, nullShare }, index) =>
        Array.from({ length: rows }, (_, row) =>
          ((row * 31 + seed + index) % 100) / 100 < nullShare ? null : pool[(row * (seed + 1)) % pool.length],
        ),
      )
      const offsets = Float64Array.from({ length: rows }, (_, row) => ((row * 7) % rows) * 3 + seed)
      const batch: Pick<ColumnBatch, "base" | "next" | "offsets" | "columns"> = {
        base: 0,
        next: 10_000,
        offsets,
        columns: columns.map(({ type }, index) => vectorOf(type, cells[index]!)),
      }
      const bytes = encodeParquet(specs, batch, IDENTITY, { codec, rowGroupRows })
      const decoded = await decodeParquet(bytes, specs)
      expect(decoded.offsets).toEqual(offsets)
      const shown = decoded.columns.map(({ nulls, values }) =>
        Array.from(nulls, (isNull, row) => (isNull === 1 ? null : values[row])),
      )
      expect(shown).toEqual(cells)
      expect(readByChunks(bytes, specs)).toEqual(
        cells.map((own, index) => own.map(cell => plain(columns[index]!.type, cell))),
      )
    }),
    { numRuns: 60 },
  )
})

const plain = (type: ColumnType, cell: unknown) => {
  if (typeof cell === "bigint" && type !== "decimal" && Number.isSafeInteger(Number(cell)))
    return Number(cell)
  return cell
}

function readByChunks(bytes: Uint8Array, specs: readonly ColumnSpec[]): unknown[][] {
  const footer = readFooter(footerBytes(bytes)!)
  return specs.map(({ name, type }) =>
    footer.groups.flatMap(({ chunks, rows }) => {
      const chunk = chunks.get(name)!
      const decoded = decodeChunk(bytes.subarray(chunk.start, chunk.end), chunk)
      return Array.from({ length: rows }, (_, row) => plain(type, valueAt(decoded, row)))
    }),
  )
}

test("numbers are packed side by side, the lowest bits first", () => {
  const out = new Uint8Array(3)
  packBits([0, 1, 2, 3, 4, 5, 6, 7], 0, 8, 3, out, 0)
  expect([...out]).toEqual([0b10001000, 0b11000110, 0b11111010])
  expect([0, 1, 2, 3, 256, 257].map(bitsFor)).toEqual([0, 0, 1, 2, 8, 9])
})

test("offsets whose differences are far apart are stored as they are", async () => {
  const offsets = Float64Array.of(0, 1, 2 ** 52, 2 ** 52 + 1, 5)
  expect(deltaPacked(offsets)).toBeUndefined()
  const batch = { base: 0, next: 2 ** 53 - 1, offsets, columns: [] }
  const bytes = encodeParquet([], batch, IDENTITY, { codec: "zstd" })
  expect((await decodeParquet(bytes, [])).offsets).toEqual(offsets)
})
