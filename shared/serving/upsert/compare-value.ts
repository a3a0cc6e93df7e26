import type { ColumnType } from "../../definition/table-spec.ts"
import type { ColumnVector } from "../ingest/column.ts"
import { COMPARE_AT, COMPARED, flagsAt } from "./entry.ts"
import { halvesOf } from "./key-hash.ts"

/** Types whose values an entry holds exactly, ordered as numbers. */
export const COMPARE_TYPES: readonly ColumnType[] = ["int", "long", "timestamp", "float", "double"]

/** Times to live count from the greatest of these. */
export const TTL_TYPES: readonly ColumnType[] = ["int", "long", "timestamp"]

const SIGN = 0x8000_0000
const LONG_HALF = 2 ** 32

/**
 * A comparison column's values as two unsigned numbers that are in the values' order. Null and NaN are the lowest, and
 * so is every row where there is no such column.
 */
export class CompareReader {
  /** Of the row that was read last. */
  high = 0
  low = 0
  /** `COMPARED`, or 0 for null and NaN. */
  flag = 0
  readonly #column: ColumnVector | undefined
  readonly #halves: Int32Array | undefined
  readonly #double = new Float64Array(1)
  readonly #doubleHalves = new Uint32Array(this.#double.buffer)

  constructor(column: ColumnVector | undefined) {
    this.#column = column
    this.#halves = column && halvesOf(column)
  }

  read(row: number): void {
    const column = this.#column
    const halves = this.#halves
    this.flag = column === undefined || column.nulls[row] === 1 ? 0 : COMPARED
    if (this.flag === 0) {
      this.high = 0
      this.low = 0
    } else if (halves !== undefined) {
      this.low = halves[2 * row]! >>> 0
      this.high = (halves[2 * row + 1]! ^ SIGN) >>> 0
    } else if (column!.type === "int") {
      const value = column!.values[row] as number
      this.low = value >>> 0
      this.high = value < 0 ? SIGN - 1 : SIGN
    } else {
      this.#readDouble(column!.values[row] as number)
    }
  }

  #readDouble(value: number): void {
    // + 0 makes the negative zero the positive one.
    this.#double[0] = value + 0
    const isLowest = Number.isNaN(value)
    const [low, high] = this.#doubleHalves as unknown as [number, number]
    const negative = high >= SIGN
    this.low = isLowest ? 0 : negative ? ~low >>> 0 : low
    this.high = isLowest ? 0 : negative ? ~high >>> 0 : (high ^ SIGN) >>> 0
    if (isLowest) this.flag = 0
  }

  /** The value, for times to live; undefined for null, and for columns that are no whole numbers. */
  number(row: number): number | undefined {
    const column = this.#column
    if (column === undefined || column.nulls[row] === 1) return undefined
    const halves = this.#halves
    if (halves !== undefined) return halves[2 * row + 1]! * LONG_HALF + (halves[2 * row]! >>> 0)
    return column.type === "int" ? column.values[row] : undefined
  }

  /** Whether the row that was read last is below an entry's comparison value. */
  isBelow(lanes: Uint32Array, at: number): boolean {
    const high = lanes[at + COMPARE_AT]!
    if (this.high !== high) return this.high < high
    const low = lanes[at + COMPARE_AT + 1]!
    if (this.low !== low) return this.low < low
    return this.flag < (flagsAt(lanes, at) & COMPARED)
  }
}

/** The number that an entry's comparison value of a type of `TTL_TYPES` stands for; undefined for null. */
export function compareNumber(lanes: Uint32Array, at: number): number | undefined {
  if ((flagsAt(lanes, at) & COMPARED) === 0) return undefined
  return ((lanes[at + COMPARE_AT]! ^ SIGN) | 0) * LONG_HALF + lanes[at + COMPARE_AT + 1]!
}
