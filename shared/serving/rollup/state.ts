import type { RollupAggregate } from "../../definition/table-spec.ts"
import { compareText } from "../expression/comparison.ts"
import type { ColumnVector, PlainVector } from "../ingest/column.ts"
import type { Grouping } from "./group-rows.ts"

// What a level keeps of each group. The rows of a segment are a level too, of groups of one row each, so that levels are
// made of rows and of other levels by the same few loops.

/** Beyond, a sum of doubles is no longer exact for whole numbers. */
const EXACT_MAX = Number.MAX_SAFE_INTEGER

/** A column's part of a level, by group. Where `counts` is 0 the others mean nothing. */
export interface ColumnState {
  readonly column: string
  readonly type: PlainVector["type"]
  /** Values that are not null. */
  readonly counts: Float64Array
  /** Of whole numbers and decimals exact: bigints (decimals unscaled) where doubles might round. */
  readonly sums?: Float64Array | readonly bigint[]
  readonly mins?: Extreme
  readonly maxs?: Extreme
}

export type Extreme = Float64Array | readonly (bigint | string)[]

/** Which parts a rollup's aggregates need of a column. */
export interface Wanted {
  readonly column: string
  readonly sum: boolean
  readonly min: boolean
  readonly max: boolean
}

/** What must be kept, by column, for a rollup's aggregates that have one. */
export function wantedStates(aggregates: readonly RollupAggregate[]): readonly Wanted[] {
  const wanted = new Map<string, { column: string; sum: boolean; min: boolean; max: boolean }>()
  for (const { fn, column } of aggregates) {
    if (column === undefined || fn === "distinct" || fn === "percentile") continue
    const one = wanted.get(column) ?? { column, sum: false, min: false, max: false }
    if (fn === "sum" || fn === "avg") one.sum = true
    if (fn === "min") one.min = true
    if (fn === "max") one.max = true
    wanted.set(column, one)
  }
  return [...wanted.values()]
}

/** A column's rows, each a group of its own. */
export function stateOfRows(vector: ColumnVector, { column, sum, min, max }: Wanted): ColumnState {
  const { nulls, type } = vector as PlainVector
  const counts = Float64Array.from(nulls, isNull => 1 - isNull)
  const numbers = exactNumbers(vector)
  const values = numbers ?? (vector.values as unknown as readonly (bigint | string)[])
  const sums = sum ? (numbers ?? bigintsOf(vector)) : undefined
  return {
    column,
    type,
    counts,
    ...(sums === undefined ? {} : { sums }),
    ...(min ? { mins: values } : {}),
    ...(max ? { maxs: values } : {}),
  }
}

/** The values as doubles, nulls as 0, unless a double would round one or the sum of all. */
function exactNumbers({ type, values, nulls }: ColumnVector): Float64Array | undefined {
  if (type === "string" || type === "json" || type === "bytes") return undefined
  const numbers = new Float64Array(nulls.length)
  let greatest = 0
  for (let row = 0; row < numbers.length; row++) {
    if (nulls[row] === 1) continue
    const value = Number(values[row])
    numbers[row] = value
    greatest = Math.max(greatest, Math.abs(value))
  }
  const isWhole = type !== "float" && type !== "double"
  return isWhole && greatest * numbers.length > EXACT_MAX ? undefined : numbers
}

function bigintsOf({ values, nulls }: ColumnVector): readonly bigint[] {
  return Array.from(nulls, (isNull, row) => (isNull === 1 ? 0n : BigInt(values[row] as bigint | number)))
}

/** The states of groups of groups. */
export function mergeStates(state: ColumnState, { groups, groupOf }: Grouping): ColumnState {
  const { column, type, counts, sums, mins, maxs } = state
  return {
    column,
    type,
    counts: sumOf(counts, groups, groupOf),
    ...(sums === undefined ? {} : { sums: sumsOf(sums, groups, groupOf) }),
    ...(mins === undefined ? {} : { mins: extremesOf(mins, counts, groups, groupOf, -1) }),
    ...(maxs === undefined ? {} : { maxs: extremesOf(maxs, counts, groups, groupOf, 1) }),
  }
}

export function sumOf(values: Float64Array, groups: number, groupOf: Uint32Array): Float64Array {
  const sums = new Float64Array(groups)
  for (let row = 0; row < groupOf.length; row++) sums[groupOf[row]!]! += values[row]!
  return sums
}

function sumsOf(
  values: Float64Array | readonly bigint[],
  groups: number,
  groupOf: Uint32Array,
): Float64Array | readonly bigint[] {
  if (values instanceof Float64Array) return sumOf(values, groups, groupOf)
  const sums = new Array<bigint>(groups).fill(0n)
  for (let row = 0; row < groupOf.length; row++) sums[groupOf[row]!]! += values[row]!
  return sums
}

/** @param sign 1 for the greatest, -1 for the least; a NaN is above all numbers */
function extremesOf(
  values: Extreme,
  counts: Float64Array,
  groups: number,
  groupOf: Uint32Array,
  sign: 1 | -1,
): Extreme {
  const set = new Uint8Array(groups)
  const best: (number | bigint | string)[] = new Array(groups).fill(values instanceof Float64Array ? 0 : "")
  for (let row = 0; row < groupOf.length; row++) {
    if (counts[row] === 0) continue
    const group = groupOf[row]!
    const value = values[row]!
    if (set[group] === 0 || compare(value, best[group]!) * sign > 0) best[group] = value
    set[group] = 1
  }
  return values instanceof Float64Array ? Float64Array.from(best as number[]) : (best as (bigint | string)[])
}

function compare(a: number | bigint | string, b: number | bigint | string): number {
  if (typeof a === "string" && typeof b === "string") return compareText(a, b)
  const gap = Number(Number.isNaN(a)) - Number(Number.isNaN(b))
  return gap !== 0 ? gap : a < b ? -1 : a > b ? 1 : 0
}
