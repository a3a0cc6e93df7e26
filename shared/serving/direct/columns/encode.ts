import type { ColumnType } from "../../../definition/table-spec.ts"
import type { ColumnVector } from "../../ingest/column.ts"
import type { DecodedColumn } from "../../read/types.ts"
import { valueAt } from "../../read/value-at.ts"
import { type BlockColumn, codedColumn, nullNumbers, numberColumn } from "./block-column.ts"
import { type Dictionary, GivenUp } from "./dictionary.ts"

/** Types that are kept as codes of a dictionary; the others are numbers. */
const coded: ReadonlySet<ColumnType> = new Set<ColumnType>(["string", "json", "bytes"])

export const isCoded = (type: ColumnType): boolean => coded.has(type)

/** Types whose values stand unchanged where the column has the wider type now. */
const widenings: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  int: ["long", "double"],
  float: ["double"],
}

/** Throws `GivenUp` where a value would have to be converted. */
export function checkType(stored: ColumnType, wanted: ColumnType): void {
  if (stored !== wanted && widenings[stored]?.includes(wanted) !== true) {
    throw new GivenUp(`a column that was ${stored} and is ${wanted}`)
  }
}

export function hexText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")
}

/** Numbers beyond 2^53 are another engine's. */
export function safeNumber(value: bigint | number): number {
  const number = Number(value)
  if (!Number.isSafeInteger(number)) throw new GivenUp("integers beyond 2^53")
  return number
}

function numbersOf(vector: ColumnVector, from: number, end: number): ArrayLike<number> {
  if (vector.type === "long" || vector.type === "timestamp" || vector.type === "decimal") {
    const { values, nulls } = vector
    const numbers = new Float64Array(end - from)
    for (let row = from; row < end; row++) {
      if (nulls[row] === 0) numbers[row - from] = safeNumber(values[row]!)
    }
    return numbers
  }
  return (vector.values as Int32Array).subarray(from, end)
}

/**
 * Rows of a vector as a column of a block.
 * @param from the first row, and `end` the one after the last
 * Throws `GivenUp`.
 */
export function encodeVector(
  vector: ColumnVector,
  from: number,
  end: number,
  dictionary: () => Dictionary<string>,
): BlockColumn {
  if (vector.type !== "string" && vector.type !== "json" && vector.type !== "bytes") {
    const nulls = vector.nullCount === 0 ? undefined : vector.nulls.subarray(from, end)
    return numberColumn(numbersOf(vector, from, end), nulls)
  }
  const words = dictionary()
  const codes = new Int32Array(end - from)
  const { nulls, values } = vector
  for (let row = from; row < end; row++) {
    if (nulls[row] === 1) continue
    const value = values[row]!
    codes[row - from] = words.code(typeof value === "string" ? value : hexText(value))
  }
  return codedColumn(codes, words)
}

/** A column that a file lacks: null in every row. */
export function absentColumn(
  type: ColumnType,
  rows: number,
  dictionary: () => Dictionary<string>,
): BlockColumn {
  return isCoded(type) ? codedColumn(new Int32Array(rows), dictionary()) : nullNumbers(rows)
}

/** Codes of rows whose values are numbered in a list of their own. */
function recoded(
  ids: Uint8Array | Uint16Array | Uint32Array,
  codeOf: Int32Array,
  nulls: Uint8Array | undefined,
): Int32Array {
  const codes = new Int32Array(ids.length)
  for (let row = 0; row < codes.length; row++) codes[row] = codeOf[ids[row]!]!
  if (nulls !== undefined) for (let row = 0; row < codes.length; row++) if (nulls[row] === 1) codes[row] = 0
  return codes
}

function decimals(column: DecodedColumn): BlockColumn {
  const values = new Float64Array(column.rows)
  const { nulls } = column
  if (column.kind === "dictionary") {
    const numbers = Float64Array.from(column.dictionary as readonly bigint[], safeNumber)
    for (let row = 0; row < values.length; row++) values[row] = numbers[column.ids[row]!]!
  } else {
    for (let row = 0; row < values.length; row++) {
      if (nulls?.[row] !== 1) values[row] = safeNumber(valueAt(column, row) as bigint)
    }
  }
  return numberColumn(values, nulls)
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : hexText(value as Uint8Array)
}

/** A decoded column as one of a block. Throws `GivenUp`. */
export function encodeDecoded(column: DecodedColumn, dictionary: () => Dictionary<string>): BlockColumn {
  if (column.kind === "numbers") {
    const { values, nulls } = column
    // Beyond 2^53 they come as bigints.
    if (values instanceof BigInt64Array) throw new GivenUp("integers beyond 2^53")
    return numberColumn(values, nulls)
  }
  if (column.kind === "list") throw new GivenUp("a list")
  if (column.type === "decimal") return decimals(column)
  const words = dictionary()
  const { nulls } = column
  if (column.kind === "dictionary") {
    const codeOf = Int32Array.from(column.dictionary as readonly unknown[], value =>
      words.code(textOf(value)),
    )
    return codedColumn(recoded(column.ids, codeOf, nulls), words)
  }
  const codes = new Int32Array(column.rows)
  for (let row = 0; row < codes.length; row++) {
    if (nulls?.[row] !== 1) codes[row] = words.code(textOf(valueAt(column, row)))
  }
  return codedColumn(codes, words)
}
