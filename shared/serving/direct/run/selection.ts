import type { BlockColumn } from "../columns/block-column.ts"
import type { Postings, ValueLists } from "../columns/postings.ts"
import { ROWS_SLACK, rowsOf, ValueBitmaps } from "../columns/value-bitmaps.ts"
import { Code } from "./code.ts"
import { type BlockTest, blockTest, type Condition } from "./condition.ts"

/** Rows of a block that passed: `all`, or the first `count` of `rows`; valid until the next one is made. */
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

/**
 * Where all selections of the process are written: each is used up before anything else runs. To have one made and
 * cleared for each query takes longer than many of them.
 */
let scratch = new Int32Array(0)

/** With room for more than rows: loops write before they know whether the row counts. */
function scratchOf(rows: number): Int32Array {
  if (scratch.length < rows + ROWS_SLACK) scratch = new Int32Array(rows + ROWS_SLACK)
  return scratch
}

/** Judges blocks row by row, the term that leaves most rows out first. */
export class Selector {
  readonly #terms: readonly Condition[]

  /** @param terms all must hold */
  constructor(terms: readonly Condition[]) {
    this.#terms = terms
  }

  /**
   * The rows that pass; valid until the next call of any selector.
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
    const out = scratchOf(rows)
    const tests: BlockTest[] = []
    for (const term of this.#terms) {
      const test = blockTest(term, columns)
      if (test.share === 0) return { all: false, count: 0, rows: out }
      if (test.share < 1) tests.push(test)
    }
    if (dead !== undefined) tests.push({ share: 0.9, source: code => `(${code.bind(dead)}[r]^1)` })
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
        for (const test of looked.tests) tests.splice(tests.indexOf(test), 1)
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

interface LookedUp {
  readonly test: BlockTest
  readonly ranges: readonly number[]
  readonly count: number
}

interface Found {
  /** What needs not be judged any more. */
  readonly tests: readonly BlockTest[]
  readonly count: number
}

/** Where bitmaps meet; used up at once. */
let meeting = new Int32Array(0)

/**
 * The rows that rows by value tell: of the test that has the fewest, or of all that have bitmaps, where together they
 * leave fewer. Undefined: none has an index, or few enough.
 */
function lookUp(
  tests: readonly BlockTest[],
  postings: (column: string) => Postings | undefined,
  rows: number,
  out: Int32Array,
): Found | undefined {
  let best: (LookedUp & { readonly lists: ValueLists }) | undefined
  const bitmaps: (LookedUp & { readonly lists: ValueBitmaps })[] = []
  let left = rows
  for (const test of tests) {
    const lists = test.column === undefined ? undefined : postings(test.column)
    const { ranges } = test
    if (lists === undefined || ranges === undefined) continue
    const count = lists.count(ranges)
    if (count === 0) return { tests: [test], count: 0 }
    if (lists instanceof ValueBitmaps) {
      bitmaps.push({ test, ranges, lists, count })
      left *= count / rows
    } else if (count < (best?.count ?? rows * LOOKED_UP_SHARE_MAX)) best = { test, ranges, lists, count }
  }
  if (best !== undefined && best.count <= left) {
    return { tests: [best.test], count: best.lists.collect(best.ranges, out) }
  }
  const [first] = bitmaps
  if (first === undefined) return undefined
  return { tests: bitmaps.map(({ test }) => test), count: meet(bitmaps, first.lists.words, out) }
}

function meet(
  bitmaps: readonly (LookedUp & { readonly lists: ValueBitmaps })[],
  words: number,
  out: Int32Array,
): number {
  if (meeting.length < words) meeting = new Int32Array(words)
  for (const [at, { lists, ranges }] of bitmaps.entries()) {
    if (at === 0) lists.copy(ranges, meeting)
    else lists.keep(ranges, meeting)
  }
  return rowsOf(meeting, words, out)
}
