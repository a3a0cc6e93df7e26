import type { BlockColumn, CodedColumn } from "../columns/block-column.ts"
import type { Scalar } from "../plan.ts"
import { type Accumulator, GroupNumbers, guarded, type Step } from "./accumulator.ts"
import { type Cell, integerCell } from "./cell.ts"
import type { Code } from "./code.ts"
import { extremeSource, levelCounts, sumSource } from "./level-columns.ts"
import { NumberSet } from "./number-set.ts"

/**
 * Halves of a sum whose total may pass 2^53: each value is split at this many, so that both halves stay exact over
 * 2^26 rows.
 */
const HALF = 2 ** 26

/** How a sum is kept: in a double that stays exact, in two, or as a double that rounds, for DOUBLE. */
export type SumKind = "exact" | "halves" | "double"

export class SumAccumulator implements Accumulator {
  readonly #totals = new GroupNumbers()
  readonly #upper = new GroupNumbers()
  readonly #counts = new GroupNumbers()
  readonly #argument: Scalar
  readonly #kind: SumKind
  readonly #counted: boolean
  readonly #finish: (total: number | bigint, count: number) => Cell

  /**
   * @param finish makes the result of the total and how many values it is of
   * @param counted false where every row of a group has a value and nobody asks how many: they are not counted then
   */
  constructor(
    argument: Scalar,
    kind: SumKind,
    counted: boolean,
    finish: (total: number | bigint, count: number) => Cell,
  ) {
    this.#argument = argument
    this.#kind = kind
    this.#counted = counted
    this.#finish = finish
  }

  reserve(groups: number): void {
    this.#totals.reserve(groups)
    if (this.#kind === "halves") this.#upper.reserve(groups)
    if (this.#counted) this.#counts.reserve(groups)
  }

  initSource(code: Code): string {
    const upper = this.#kind === "halves" ? `${code.bind(this.#upper.values)}[g]=0;` : ""
    const counts = this.#counted ? `${code.bind(this.#counts.values)}[g]=0;` : ""
    return `${code.bind(this.#totals.values)}[g]=0;${counts}${upper}`
  }

  updateSource(code: Code, columns: ReadonlyMap<string, BlockColumn>, step: Step = "+"): string {
    const { source, nulls } = sumSource(this.#argument, columns)
    const totals = code.bind(this.#totals.values)
    const count = this.#counted ? this.#countSource(code, columns, step) : ""
    if (this.#kind !== "halves") return guarded(code, nulls, `${totals}[g]${step}=${source(code)};${count}`)
    const upper = code.bind(this.#upper.values)
    const split = `{const x=${source(code)};const h=Math.floor(x/${HALF});${upper}[g]${step}=h;${totals}[g]${step}=x-h*${HALF}}`
    return guarded(code, nulls, split + count)
  }

  #countSource(code: Code, columns: ReadonlyMap<string, BlockColumn>, step: Step): string {
    const column = this.#argument.kind === "column" ? this.#argument.column : ""
    const ofLevel = levelCounts(columns, column)
    const more = ofLevel === undefined ? "1" : `${code.bind(ofLevel.values)}[r]`
    return `${code.bind(this.#counts.values)}[g]${step}=${more};`
  }

  init(group: number): void {
    for (const { values } of [this.#totals, this.#upper, this.#counts]) values[group] = 0
  }

  result(group: number): Cell {
    const count = this.#counted ? this.#counts.values[group]! : 1
    if (count === 0) return null
    const total = this.#totals.values[group]!
    if (this.#kind !== "halves") return this.#finish(total, count)
    return this.#finish(BigInt(this.#upper.values[group]!) * BigInt(HALF) + BigInt(total), count)
  }
}

export const sumOfIntegers = (total: number | bigint): Cell =>
  typeof total === "number" ? total : integerCell(total)

export const average =
  (scale: number) =>
  (total: number | bigint, count: number): Cell =>
    Number(total) / count / scale

export class ExtremeAccumulator implements Accumulator {
  readonly #kept = new GroupNumbers()
  readonly #argument: Scalar
  readonly #isMax: boolean

  constructor(argument: Scalar, isMax: boolean) {
    this.#argument = argument
    this.#isMax = isMax
  }

  reserve(groups: number): void {
    this.#kept.reserve(groups)
  }

  initSource(code: Code): string {
    return `${code.bind(this.#kept.values)}[g]=${this.#isMax ? "-" : ""}Infinity;`
  }

  updateSource(code: Code, columns: ReadonlyMap<string, BlockColumn>): string {
    const { source, nulls } = extremeSource(this.#argument, this.#isMax, columns)
    const kept = code.bind(this.#kept.values)
    const update = `{const x=${source(code)};if(x${this.#isMax ? ">" : "<"}${kept}[g])${kept}[g]=x}`
    return guarded(code, nulls, update)
  }

  init(group: number): void {
    this.#kept.values[group] = this.#isMax ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  }

  result(group: number): Cell {
    const value = this.#kept.values[group]!
    return Number.isFinite(value) ? value : null
  }
}

/** Distinct values by their codes. */
export class DistinctAccumulator implements Accumulator {
  readonly #counts = new GroupNumbers()
  readonly #seen = new NumberSet()
  readonly #key: string
  readonly #size: number

  /**
   * @param key of the codes' column in a block
   * @param size of its dictionary
   */
  constructor(key: string, size: number) {
    this.#key = key
    this.#size = size
  }

  reserve(groups: number): void {
    this.#counts.reserve(groups)
  }

  initSource(code: Code): string {
    return `${code.bind(this.#counts.values)}[g]=0;`
  }

  updateSource(code: Code, columns: ReadonlyMap<string, BlockColumn>): string {
    const { codes } = columns.get(this.#key) as CodedColumn
    const counts = code.bind(this.#counts.values)
    const seen = code.bind(this.#seen)
    return `{const x=${code.bind(codes)}[r];if(x!==0&&${seen}.add(g*${code.bind(this.#size)}+x))${counts}[g]++}`
  }

  init(group: number): void {
    this.#counts.values[group] = 0
  }

  result(group: number): Cell {
    return this.#counts.values[group]!
  }
}
