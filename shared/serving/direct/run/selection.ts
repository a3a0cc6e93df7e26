import type { BlockColumn } from "../columns/block-column.ts"
import type { Postings } from "../columns/postings.ts"
import { Code } from "./code.ts"
import { type BlockTest, blockTest, type Condition } from "./condition.ts"

/** Rows of a block that passed: `all`, or the first `count` of `rows`, ascending. */
export interface Selection {
  readonly all: boolean
  readonly count: number
  readonly rows: Int32Array
}

type First = (args: readonly unknown[], rows: number, out: Int32Array) => number
type Next = (args: readonly unknown[], count: number, out: Int32Array) => number

// Without a branch: what a row adds to the count is the test's own result.
const firstBody = (test: string): string => `let k=0;for(let r=0;r<rows;r++){out[k]=r;k+=${test}}return k`
const nextBody = (test: string): string =>
  `let k=0;for(let i=0;i<count;i++){const r=out[i];out[k]=r;k+=${test}}return k`

/** Judges blocks row by row, the term that leaves most rows out first. */
export class Selector {
  readonly #terms: readonly Condition[]
  #rows = new Int32Array(0)

  /** @param terms all must hold */
  constructor(terms: readonly Condition[]) {
    this.#terms = terms
  }

  /**
   * The rows that pass; valid until the next call.
   * @param dead 1 for each row that is no part of the table
   * @param given the rows that may pass, ascending; default: any may
   * @param postings the rows of each value of a column, where it has an index
   */
  select(
    rows: number,
    columns: ReadonlyMap<string, BlockColumn>,
    dead: Uint8Array | undefined,
    given?: Uint32Array,
    postings?: (column: string) => Postings | undefined,
  ): Selection {
    const tests: BlockTest[] = []
    for (const term of this.#terms) {
      const test = blockTest(term, columns)
      if (test.share === 0) return { all: false, count: 0, rows: this.#rows }
      if (test.share < 1) tests.push(test)
    }
    if (dead !== undefined) tests.push({ share: 0.9, source: code => `(${code.bind(dead)}[r]^1)` })
    // One more than rows: the loop writes before it knows whether the row counts.
    if (this.#rows.length <= rows) this.#rows = new Int32Array(rows + 1)
    const out = this.#rows
    if (tests.length === 0 && given === undefined) return { all: true, count: rows, rows: out }
    tests.sort((a, b) => a.share - b.share)
    let count = rows
    let isNarrowed = false
    if (given !== undefined) {
      out.set(given)
      count = given.length
      isNarrowed = true
    } else if (postings !== undefined) {
      const looked = lookUp(tests, postings, rows, out)
      if (looked !== undefined) {
        tests.splice(tests.indexOf(looked.test), 1)
        count = looked.count
        isNarrowed = true
      }
    }
    for (const test of tests) {
      if (count === 0) break
      const code = new Code()
      const source = test.source(code)
      count = isNarrowed
        ? code.compile<Next>("count,out", nextBody(source))(code.args, count, out)
        : code.compile<First>("rows,out", firstBody(source))(code.args, rows, out)
      isNarrowed = true
    }
    return { all: false, count, rows: out }
  }
}

/** From where on reading all rows of a column in order is faster than picking out some. */
const LOOKED_UP_SHARE_MAX = 1 / 4

/** The rows of the test that has the fewest, by lists of rows; ascending. Undefined: none has an index, or few enough. */
function lookUp(
  tests: readonly BlockTest[],
  postings: (column: string) => Postings | undefined,
  rows: number,
  out: Int32Array,
): { readonly test: BlockTest; readonly count: number } | undefined {
  let best: { readonly test: BlockTest; readonly lists: Postings; readonly count: number } | undefined
  for (const test of tests) {
    const lists = test.column === undefined ? undefined : postings(test.column)
    if (lists === undefined || test.passes === undefined) continue
    const count = lists.count(test.passes)
    if (count < (best?.count ?? rows * LOOKED_UP_SHARE_MAX)) best = { test, lists, count }
  }
  if (best === undefined) return undefined
  const { test, lists, count } = best
  lists.collect(test.passes ?? (() => false), out)
  return { test, count }
}
