import type { BlockColumn, CodedColumn } from "../columns/block-column.ts"
import type { Ranking } from "../columns/dictionary.ts"
import type { Cell } from "./cell.ts"
import type { Code } from "./code.ts"
import { extremeCodes, levelCounts } from "./level-columns.ts"

/** Room that most statements' groups find without growing. */
const FIRST_GROUPS = 512

/** One number for each group, from 1 on; grows. */
export class GroupNumbers {
  values = new Float64Array(FIRST_GROUPS)

  reserve(groups: number): void {
    if (groups < this.values.length) return
    const larger = new Float64Array(Math.max(groups + 1, this.values.length * 2))
    larger.set(this.values)
    this.values = larger
  }
}

/** Whether rows are added, or taken back. */
export type Step = "+" | "-"

/** An aggregate of every group. Sources name the row `r` and the group `g`. */
export interface Accumulator {
  /** Room for groups up to this one. */
  reserve(groups: number): void
  /** Of a group that is met for the first time. */
  initSource(code: Code): string
  /** @param step `-` takes rows back that were added: counts, sums and averages can */
  updateSource(code: Code, columns: ReadonlyMap<string, BlockColumn>, step?: Step): string
  /** Adds rows without looking at them to the only group, where that can be done. */
  addAll?(rows: number): boolean
  /** For a group that no row made: the only one of a statement without groups. */
  init(group: number): void
  result(group: number): Cell
}

/** Runs `update` for rows where none of `nulls` says null. */
export function guarded(code: Code, nulls: readonly Uint8Array[], update: string): string {
  if (nulls.length === 0) return update
  return `if((${nulls.map(one => `${code.bind(one)}[r]`).join("|")})===0){${update}}`
}

export class CountAccumulator implements Accumulator {
  readonly #counts = new GroupNumbers()
  readonly #column: string | undefined

  /** @param column whose nulls do not count; undefined: every row counts */
  constructor(column: string | undefined) {
    this.#column = column
  }

  reserve(groups: number): void {
    this.#counts.reserve(groups)
  }

  initSource(code: Code): string {
    return `${code.bind(this.#counts.values)}[g]=0;`
  }

  updateSource(code: Code, columns: ReadonlyMap<string, BlockColumn>, step: Step = "+"): string {
    const counts = code.bind(this.#counts.values)
    const ofLevel = levelCounts(columns, this.#column)
    if (ofLevel !== undefined) return `${counts}[g]${step}=${code.bind(ofLevel.values)}[r];`
    const column = this.#column === undefined ? undefined : columns.get(this.#column)
    if (column?.kind === "codes") return `${counts}[g]${step}=${code.bind(column.codes)}[r]!==0|0;`
    return guarded(code, column?.nulls === undefined ? [] : [column.nulls], `${counts}[g]${step}=1;`)
  }

  addAll(rows: number): boolean {
    if (this.#column !== undefined) return false
    this.#counts.values[1]! += rows
    return true
  }

  init(group: number): void {
    this.#counts.values[group] = 0
  }

  result(group: number): Cell {
    return this.#counts.values[group]!
  }
}

/** The least or the greatest text, by rank. */
export class TextExtremeAccumulator implements Accumulator {
  readonly #ranks = new GroupNumbers()
  readonly #column: string
  readonly #isMax: boolean
  readonly #ranking: Ranking<string | number>

  /** @param ranking of the column's dictionary, once it holds all values of the statement's blocks */
  constructor(column: string, isMax: boolean, ranking: Ranking<string | number>) {
    this.#column = column
    this.#isMax = isMax
    this.#ranking = ranking
  }

  reserve(groups: number): void {
    this.#ranks.reserve(groups)
  }

  initSource(code: Code): string {
    return `${code.bind(this.#ranks.values)}[g]=0;`
  }

  updateSource(code: Code, columns: ReadonlyMap<string, BlockColumn>): string {
    const { codes } = extremeCodes(this.#column, this.#isMax, columns) as CodedColumn
    const kept = code.bind(this.#ranks.values)
    const rank = `${code.bind(this.#ranking.ranks)}[${code.bind(codes)}[r]]`
    const beats = this.#isMax ? `x>${kept}[g]` : `x!==0&&(${kept}[g]===0||x<${kept}[g])`
    return `{const x=${rank};if(${beats})${kept}[g]=x}`
  }

  init(group: number): void {
    this.#ranks.values[group] = 0
  }

  result(group: number): Cell {
    const rank = this.#ranks.values[group]!
    return rank === 0 ? null : this.#ranking.at(rank)
  }
}
