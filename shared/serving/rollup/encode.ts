import type { ColumnSpec, RollupSpec } from "../../definition/table-spec.ts"
import { NO_COUNTS } from "../ingest/batch.ts"
import type { ColumnBatch, PlainVector } from "../ingest/column.ts"
import { encodeParquet, type FileIdentity } from "../segment/parquet.ts"
import type { Level } from "./level.ts"
import { COUNT_COLUMN, stateColumn, sumType } from "./level-columns.ts"
import { kindOf } from "./sketch-state.ts"
import type { ColumnState, Extreme } from "./state.ts"

const INT64_MAX = 2n ** 63n - 1n

/** A level as a Parquet file with the columns of `levelColumns`. Undefined: a sum of whole numbers is beyond `long`. */
export function encodeLevel(
  level: Level,
  rollup: RollupSpec,
  identity: FileIdentity,
): Uint8Array | undefined {
  const columns: ColumnSpec[] = []
  const vectors: PlainVector[] = []
  const add = (name: string, vector: PlainVector) => {
    columns.push({ name, type: vector.type })
    vectors.push(vector)
  }
  level.kept.forEach((index, at) => {
    const { type, ids, values } = level.dimensions[at]!
    add(
      rollup.dimensions[index]!,
      vectorOf(
        type,
        Array.from(ids, id => values[id]!),
      ),
    )
  })
  add(COUNT_COLUMN, longs(level.counts))
  for (const state of level.states) {
    if (!fits(state)) return undefined
    addState(state, add)
  }
  for (const { fn, column, sketches = [] } of level.sketches) {
    const { encode } = kindOf(fn)
    add(
      stateColumn(fn, column),
      vectorOf(
        "string",
        sketches.map(sketch => (sketch === undefined ? null : encode(sketch))),
      ),
    )
  }
  const batch: ColumnBatch = {
    base: 0,
    next: Math.max(1, level.rows),
    rows: level.rows,
    offsets: Float64Array.from({ length: level.rows }, (_, row) => row),
    columns: vectors,
    decodedBytes: 0,
    maxTimestamp: 0,
    counts: NO_COUNTS,
  }
  return encodeParquet(columns, batch, identity, { codec: "zstd" })
}

function fits({ type, sums }: ColumnState): boolean {
  if (sums === undefined || sums instanceof Float64Array || type === "decimal") return true
  return sums.every(sum => sum <= INT64_MAX && sum >= -INT64_MAX)
}

function addState(
  { column, type, counts, sums, mins, maxs }: ColumnState,
  add: (name: string, vector: PlainVector) => void,
): void {
  add(stateColumn("count", column), longs(counts))
  if (sums !== undefined) add(stateColumn("sum", column), sumVector(type, sums))
  const extreme = (values: Extreme): PlainVector =>
    vectorOf(
      type,
      Array.from(counts, (count, row) => (count === 0 ? null : values[row]!)),
    )
  if (mins !== undefined) add(stateColumn("min", column), extreme(mins))
  if (maxs !== undefined) add(stateColumn("max", column), extreme(maxs))
}

function sumVector(type: PlainVector["type"], sums: Float64Array | readonly bigint[]): PlainVector {
  const base = { nulls: new Uint8Array(sums.length), nullCount: 0 }
  switch (sumType(type)) {
    case "double":
      return { ...base, type: "double", values: Float64Array.from(sums as Float64Array) }
    case "decimal":
      return { ...base, type: "decimal", values: Array.from<number | bigint, bigint>(sums, BigInt) }
    default:
      return sums instanceof Float64Array
        ? { ...base, type: "long", values: integers(sums) }
        : { ...base, type: "long", values: BigInt64Array.from(sums) }
  }
}

function longs(numbers: Float64Array): PlainVector {
  const values = integers(numbers)
  return { type: "long", nulls: new Uint8Array(numbers.length), nullCount: 0, values }
}

/** Whole numbers as 64 bits: halves are written, since a bigint for each would be an object for each. */
function integers(numbers: Float64Array): BigInt64Array {
  const values = new BigInt64Array(numbers.length)
  const halves = new Int32Array(values.buffer)
  for (let at = 0; at < numbers.length; at++) {
    const value = numbers[at]!
    halves[2 * at] = value
    halves[2 * at + 1] = Math.floor(value / 2 ** 32)
  }
  return values
}

type Cells = ArrayLike<number | bigint | string | null>

/** The cells of a column; `pick` names the cell of each row, where they are not in order. */
function vectorOf(type: PlainVector["type"], cells: Cells, pick?: Uint32Array): PlainVector {
  const rows = pick?.length ?? cells.length
  const nulls = new Uint8Array(rows)
  let nullCount = 0
  const fill = <V extends { [at: number]: unknown }>(values: V, of: (cell: never) => V[number]): V => {
    for (let row = 0; row < rows; row++) {
      const cell = cells[pick === undefined ? row : pick[row]!] ?? null
      if (cell === null) {
        nulls[row] = 1
        nullCount++
      } else values[row] = of(cell as never)
    }
    return values
  }
  const made = (): { type: string; values: unknown } => {
    switch (type) {
      case "int":
        return { type, values: fill(new Int32Array(rows), Number) }
      case "long":
      case "timestamp":
        return { type, values: fill(new BigInt64Array(rows), BigInt) }
      case "float":
      case "double":
        return { type, values: fill(new Float64Array(rows), Number) }
      case "boolean":
        return { type, values: fill(new Uint8Array(rows), Number) }
      case "decimal":
        return { type, values: fill(new Array<bigint>(rows).fill(0n), BigInt) }
      case "string":
      case "json":
        return { type, values: fill(new Array<string>(rows).fill(""), String) }
      default:
        throw new TypeError(`expected a column that rollups can hold, got one of type ${type}`)
    }
  }
  return { ...made(), nulls, nullCount } as PlainVector
}
