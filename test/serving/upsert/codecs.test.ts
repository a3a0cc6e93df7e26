import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import type { ColumnType } from "../../../shared/definition/table-spec.ts"
import { murmur3x86128 } from "../../../shared/log/records/murmur3.ts"
import type { ColumnVector } from "../../../shared/serving/ingest/column.ts"
import { type RecordKeys, tombstoneRecord } from "../../../shared/serving/ingest/record-keys.ts"
import { CompareReader, compareNumber } from "../../../shared/serving/upsert/compare-value.ts"
import { ENTRY_LANES, IMAGE, KNOWN, offsetAt, setOffset } from "../../../shared/serving/upsert/entry.ts"
import { KeyHasher } from "../../../shared/serving/upsert/key-hash.ts"
import { KeyMap } from "../../../shared/serving/upsert/key-map.ts"
import { type Cell, ImageWriter, readImage } from "../../../shared/serving/upsert/row-image.ts"
import { findInRun, mergeRuns, type Run, sortedRun } from "../../../shared/serving/upsert/run.ts"
import { decodeRun, encodeRun } from "../../../shared/serving/upsert/run-format.ts"
import { weightOfRuns } from "../../../shared/serving/upsert/weight.ts"

const lane = fc.oneof(fc.nat({ max: 3 }), fc.integer({ min: 0, max: 2 ** 32 - 1 }))
const entry = fc.record({
  hash: fc.tuple(lane, lane, lane, lane),
  offset: fc.oneof(fc.nat({ max: 9 }), fc.maxSafeNat()),
  image: fc.option(fc.uint8Array({ maxLength: 9, minLength: 1 }), { nil: undefined }),
})
type Drawn = typeof entry extends fc.Arbitrary<infer T> ? T : never

/** A run of what was drawn; of one key's entries the newest. */
function runOf(entries: readonly Drawn[], hasImages: boolean): Run {
  const map = new KeyMap()
  for (const { hash, offset, image } of entries) {
    const lanes = new Uint32Array(ENTRY_LANES)
    lanes.set(hash)
    setOffset(lanes, 0, offset, KNOWN | (hasImages && image !== undefined ? IMAGE : 0))
    map.take(map.findOrAdd(lanes, 0), lanes, 0, hasImages ? image : undefined)
  }
  const numbers = Uint32Array.from({ length: map.size }, (_, number) => number)
  const images = hasImages ? Array.from(numbers, number => map.image(number)) : undefined
  return sortedRun(map.lanes, numbers, images)
}

const newest = (entries: readonly Drawn[]) =>
  entries.reduce(
    (max, { hash, offset }) => max.set(hash.join(), Math.max(offset, max.get(hash.join()) ?? 0)),
    new Map<string, number>(),
  )

const shown = ({ lanes, entries }: Run) =>
  new Map(
    Array.from({ length: entries }, (_, at) => [
      lanes.subarray(at * ENTRY_LANES, at * ENTRY_LANES + 4).join(),
      offsetAt(lanes, at * ENTRY_LANES),
    ]),
  )

test("a run holds each key's newest entry, sorted, and comes back from its bytes", () => {
  fc.assert(
    fc.property(fc.array(entry, { maxLength: 300 }), fc.boolean(), (entries, hasImages) => {
      const run = runOf(entries, hasImages)
      expect(shown(run)).toEqual(newest(entries))
      const { body, directoryBytes, sizeBytes } = encodeRun(run)
      // Wherever it lies in memory.
      const bytes = Buffer.concat([Buffer.alloc(1), ...body]).subarray(1)
      expect(bytes.length).toBe(sizeBytes)
      const decoded = decodeRun(bytes, directoryBytes)
      expect(decoded.lanes).toEqual(run.lanes)
      expect(decoded.images ?? []).toEqual(run.images ?? [])
      // What a pointer tells of a run's weight is what it weighs in memory, or more.
      const map = new KeyMap()
      for (let at = 0; at < run.entries; at++) {
        map.take(map.findOrAdd(run.lanes, at * ENTRY_LANES), run.lanes, at * ENTRY_LANES, run.images?.[at])
      }
      const weight = weightOfRuns([{ entries: run.entries, sizeBytes, directoryBytes }])
      expect(weight).toBeGreaterThanOrEqual(map.weight)
      if (!hasImages) expect(weight).toBe(run.entries)
      for (let at = 0; at < run.entries; at++)
        expect(findInRun(decoded, run.lanes, at * ENTRY_LANES)).toBe(at)
    }),
    { numRuns: 60 },
  )
})

test("merged in any order, runs say the same as all entries in one", () => {
  fc.assert(
    fc.property(fc.array(fc.array(entry, { maxLength: 20 }), { maxLength: 5 }), parts => {
      const runs = parts.map(part => runOf(part, true))
      const merged = mergeRuns(runs)
      expect(shown(merged)).toEqual(newest(parts.flat()))
      expect(shown(mergeRuns(runs.toReversed()))).toEqual(shown(merged))
    }),
    { numRuns: 60 },
  )
})

test("a damaged run is refused, wherever it is damaged", () => {
  const entries = Array.from({ length: 200 }, (_, at) => ({
    hash: [at, at, at, at] as [number, number, number, number],
    offset: at,
    image: undefined,
  }))
  const { body, directoryBytes } = encodeRun(runOf(entries, false))
  const bytes = Buffer.concat(body)
  for (const at of [0, 4_095, 4_096, bytes.length - directoryBytes, bytes.length - 8, bytes.length - 1]) {
    const damaged = Buffer.from(bytes)
    damaged[at]! ^= 1
    expect(() => decodeRun(damaged, directoryBytes), String(at)).toThrow(
      expect.objectContaining({ code: "corrupt" }),
    )
  }
  expect(decodeRun(bytes, directoryBytes).entries).toBe(200)
})

test("a run of another format is refused by its version", () => {
  const { body, directoryBytes } = encodeRun(runOf([], false))
  const bytes = Buffer.concat(body)
  bytes.writeUInt32LE(9, bytes.length - 6 * 4)
  expect(() => decodeRun(bytes, directoryBytes)).toThrow(expect.objectContaining({ code: "unknown_format" }))
})

test("the hash is MurmurHash3's of 128 bits for 32-bit machines", () => {
  const text = Buffer.from("I will not buy this tobacconist's, it is scratched.")
  const bytes = Buffer.alloc(64)
  bytes.set(text)
  const out = new Uint32Array(4)
  murmur3x86128(new Int32Array(bytes.buffer, bytes.byteOffset, 16), text.length, new Int32Array(4), out, 0)
  const hex = Array.from(out, one => one.toString(16).padStart(8, "0")).join("")
  expect(hex).toBe("9b5b7ba2ef3f7866889adeaf00f3f98e")
})

function column(type: ColumnType, cells: readonly unknown[]): ColumnVector {
  const nulls = Uint8Array.from(cells, cell => (cell === null ? 1 : 0))
  const of = {
    int: Int32Array,
    long: BigInt64Array,
    timestamp: BigInt64Array,
    double: Float64Array,
    float: Float64Array,
  }
  const Typed = of[type as keyof typeof of]
  const zero = Typed === BigInt64Array ? 0n : 0
  const values =
    Typed === undefined
      ? cells
      : (Typed.from as (cells: unknown) => unknown).call(
          Typed,
          cells.map(cell => cell ?? zero),
        )
  return { type, nulls, nullCount: 0, values } as unknown as ColumnVector
}

const hashOf = (tableId: string, ...columns: ColumnVector[]) => new KeyHasher(tableId).hash(columns, 1).join()

test("equal keys have equal hashes in one table only, whatever width their numbers have", () => {
  expect(hashOf("a", column("string", ["x"]))).not.toBe(hashOf("b", column("string", ["x"])))
  const whole = [column("int", [-7]), column("long", [-7n]), column("double", [-7])].map(one =>
    hashOf("a", one),
  )
  expect(new Set(whole).size).toBe(1)
  const pairs = [
    [column("string", ["ab"]), column("string", ["c"])],
    [column("string", ["a"]), column("string", ["bc"])],
  ]
  expect(hashOf("a", ...pairs[0]!)).not.toBe(hashOf("a", ...pairs[1]!))
  expect(hashOf("a", column("double", [0]))).toBe(hashOf("a", column("double", [-0])))
  const long = "ä".repeat(5_000)
  expect(hashOf("a", column("string", [long]))).toBe(hashOf("a", column("string", [long])))
  expect(hashOf("a", column("string", [long]))).not.toBe(hashOf("a", column("string", [`${long}b`])))
})

test("comparison values are ordered as their column, null and NaN lowest", () => {
  const double = fc.double()
  const long = fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })
  const rank = (cell: number | bigint | null) =>
    cell === null || Number.isNaN(cell) ? undefined : typeof cell === "number" ? cell + 0 : cell
  fc.assert(
    fc.property(
      fc.oneof(
        fc.tuple(fc.constant("double" as const), fc.option(double), fc.option(double)),
        fc.tuple(fc.constant("long" as const), fc.option(long), fc.option(long)),
        fc.tuple(fc.constant("int" as const), fc.option(fc.integer()), fc.option(fc.integer())),
      ),
      ([type, a, b]) => {
        const reader = new CompareReader(column(type, [a, b]))
        reader.read(1)
        const lanes = Uint32Array.of(0, 0, 0, 0, reader.high, reader.low, 0, 0)
        setOffset(lanes, 0, 0, KNOWN | reader.flag)
        reader.read(0)
        const [first, second] = [rank(a), rank(b)]
        const below = first === undefined ? second !== undefined : second !== undefined && first < second
        expect(reader.isBelow(lanes, 0)).toBe(below)
        if (type !== "double") {
          expect(compareNumber(lanes, 0)).toBe(b === null ? undefined : Number(b))
          expect(reader.number(0)).toBe(a === null ? undefined : Number(a))
        }
      },
    ),
  )
})

test("merged rows come back from their bytes", () => {
  const leaf: fc.Arbitrary<Cell> = fc.oneof(
    fc.constant(null),
    fc.boolean(),
    fc.double(),
    fc.bigInt({ min: -(10n ** 38n), max: 10n ** 38n }),
    fc.string({ unit: "grapheme" }),
    fc.uint8Array({ maxLength: 40 }),
  )
  const cell = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 }))
  const writer = new ImageWriter()
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 8 }), fc.nat(), (cells, schemaVersion) => {
      expect(readImage(writer.write(schemaVersion, cells))).toEqual({ schemaVersion, cells })
    }),
  )
})

const GOLDEN: readonly Drawn[] = [
  {
    hash: [1, 2, 3, 4],
    offset: 2 ** 40,
    image: Uint8Array.from(new ImageWriter().write(1, ["a", 1n, null, [2, null]])),
  },
  { hash: [2 ** 32 - 1, 0, 0, 1], offset: 7, image: undefined },
]
const GOLDEN_DIRECTORY_BYTES = 48

test("a stored run of the first format is read", () => {
  const bytes = readFileSync(join(import.meta.dirname, "../../golden/serving/run-v1.bin"))
  const run = decodeRun(bytes, GOLDEN_DIRECTORY_BYTES)
  expect(run).toEqual(runOf(GOLDEN, true))
  expect(readImage(run.images![0]!)).toEqual({ schemaVersion: 1, cells: ["a", 1n, null, [2, null]] })
})

test("a record without a value tells its key to the last digit", () => {
  const keys = { field: { name: "id", type: "long" as const } } as unknown as RecordKeys
  for (const [text, value] of [
    ["9007199254740993", 9_007_199_254_740_993n],
    ["-9223372036854775808", -(2n ** 63n)],
    ["7", 7],
    ["1,2", "1,2"],
  ] as const) {
    const key = Buffer.from(text)
    expect(tombstoneRecord(keys, key, 0, key.length)).toEqual({ id: value })
  }
})
