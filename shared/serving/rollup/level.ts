import type { ColumnSpec, RollupSpec } from "../../definition/table-spec.ts"
import type { ColumnBatch } from "../ingest/column.ts"
import { type Dimension, dimensionOf } from "./dimension.ts"
import { type Grouping, groupRows } from "./group-rows.ts"
import { GroupSample } from "./group-sample.ts"
import { mergeSketches, type SketchState, sketchesOfRows, wantedSketches } from "./sketch-state.ts"
import { type ColumnState, mergeStates, stateOfRows, sumOf, wantedStates } from "./state.ts"

/** Rows of one combination of dimensions each, with what is kept of them. */
export interface Level {
  /** Indexes of the rollup's dimensions, ascending. */
  readonly kept: readonly number[]
  readonly rows: number
  /** In the order of `kept`. */
  readonly dimensions: readonly Dimension[]
  /** How many of the table's rows each row stands for. */
  readonly counts: Float64Array
  readonly states: readonly ColumnState[]
  readonly sketches: readonly SketchState[]
}

/** What a query may have to read of one level where the definition does not say. */
export const LEAF_ROWS_DEFAULT = 10_000
/** Of one segment and rollup: each is an object to write, and a pointer of some 60 bytes. */
export const LEVELS_MAX = 24
/** A level that leaves more than this share of the rows that a query would read without it is not worth its object. */
const WORTH_SHARE = 0.5
/** Combinations of dimensions that are looked at: each groups the sample, a millisecond or two. */
const TRIED_MAX = 512

/**
 * The levels of a segment's rows. Starting with all dimensions, then with fewer and fewer, the last in order left out
 * first, a level is made where the narrowest one that covers it (or the rows themselves) has more than `leafRows` rows
 * and at least twice as many as it. So a query over dimensions of the rollup reads at most `leafRows` rows, or twice as
 * many as it has to, but for the bounds on levels. As in Pinot's star-tree, whose star nodes they are (a node with more
 * rows than a bound is split, and has a child that drops the dimension), but for whole levels, so that each is one run of
 * sorted rows.
 */
export function buildLevels(
  columns: readonly ColumnSpec[],
  batch: ColumnBatch,
  rollup: RollupSpec,
): readonly Level[] {
  const leafRows = rollup.leafRows ?? LEAF_ROWS_DEFAULT
  if (batch.rows <= leafRows) return []
  const root = rowsAsLevel(columns, batch, rollup)
  if (root === undefined) return []
  const sample = new GroupSample(root.dimensions, root.rows)
  const skip = new Set((rollup.skip ?? []).map(name => rollup.dimensions.indexOf(name)))
  const levels: Level[] = []
  const seen = new Set([nameOf(root.kept)])
  // Wide ones first: what the bounds cut off are narrow ones, which a wider one covers. Those that are not worth an
  // object are walked through: of dimensions that tell each other (city, region) only leaving out both saves rows.
  const queue = [root.kept]
  for (const kept of queue) {
    const within = narrowest([root, ...levels], kept)
    if (within.rows <= leafRows) continue
    const worth = within.rows * WORTH_SHARE
    if (sample.estimate(kept) <= worth) {
      const level = regroup(within, kept)
      if (level.rows <= worth) levels.push(sortedLevel(level))
      if (levels.length >= LEVELS_MAX) break
    }
    for (const dropped of kept.toReversed()) {
      const next = kept.filter(index => index !== dropped)
      if (skip.has(dropped) || seen.has(nameOf(next)) || seen.size >= TRIED_MAX) continue
      seen.add(nameOf(next))
      queue.push(next)
    }
  }
  return levels
}

/** Of the levels that keep all of `kept` the one with the fewest rows. */
function narrowest(levels: readonly Level[], kept: readonly number[]): Level {
  const covering = levels.filter(level => kept.every(index => level.kept.includes(index)))
  return covering.reduce((least, level) => (level.rows < least.rows ? level : least))
}

const nameOf = (kept: readonly number[]): string => kept.join(",")

/** Undefined: a column is not there, since the segment was written under an older schema, or has a value without rank. */
function rowsAsLevel(
  columns: readonly ColumnSpec[],
  batch: ColumnBatch,
  { dimensions, aggregates }: RollupSpec,
): Level | undefined {
  const vectorOf = (name: string) => batch.columns[columns.findIndex(column => column.name === name)]
  const kept = dimensions.map((_, index) => index)
  const vectors = dimensions.map(vectorOf)
  const wanted = wantedStates(aggregates)
  const aggregated = wanted.map(({ column }) => vectorOf(column))
  const sketches = wantedSketches(aggregates).map(({ column, fn }) => {
    const vector = vectorOf(column)
    return vector === undefined ? undefined : sketchesOfRows(vector, column, fn)
  })
  if (!isWhole(vectors) || !isWhole(aggregated) || !isWhole(sketches)) return undefined
  return {
    kept,
    rows: batch.rows,
    dimensions: vectors.map(vector => dimensionOf(vector)),
    counts: new Float64Array(batch.rows).fill(1),
    states: wanted.map((want, index) => stateOfRows(aggregated[index]!, want)),
    sketches,
  }
}

function isWhole<T>(list: readonly (T | undefined)[]): list is readonly T[] {
  return !list.includes(undefined)
}

/** The level that keeps fewer of a level's dimensions. */
function regroup(level: Level, kept: readonly number[]): Level {
  const dimensions = kept.map(index => level.dimensions[level.kept.indexOf(index)]!)
  const grouping = groupRows(dimensions, level.rows)
  return {
    kept,
    rows: grouping.groups,
    dimensions: dimensions.map(dimension => ({ ...dimension, ids: gather(dimension.ids, grouping.first) })),
    counts: sumOf(level.counts, grouping.groups, grouping.groupOf),
    states: level.states.map(state => mergeStates(state, grouping)),
    sketches: level.sketches.map(sketch => mergeSketches(sketch, grouping)),
  }
}

/** The rows in the order of their dimensions: equal values are neighbours, and compress. */
function sortedLevel(level: Level): Level {
  const { dimensions, rows } = level
  const order = orderOf(dimensions, rows)
  const groupOf = new Uint32Array(rows)
  for (let at = 0; at < rows; at++) groupOf[order[at]!] = at
  // Each row a group of its own, in the new order.
  const moved: Grouping = { groups: rows, groupOf, first: order }
  return {
    ...level,
    dimensions: dimensions.map(dimension => ({ ...dimension, ids: gather(dimension.ids, order) })),
    counts: sumOf(level.counts, rows, groupOf),
    states: level.states.map(state => mergeStates(state, moved)),
    sketches: level.sketches.map(sketch => mergeSketches(sketch, moved)),
  }
}

/** Rows in the order of their dimensions, all of them different. */
function orderOf(dimensions: readonly Dimension[], rows: number): Uint32Array {
  const combinations = dimensions.reduce((product, { size }) => product * size, 1)
  if (combinations * rows > Number.MAX_SAFE_INTEGER) {
    return Uint32Array.from({ length: rows }, (_, row) => row).sort((a, b) => {
      for (const { ids } of dimensions) {
        const difference = ids[a]! - ids[b]!
        if (difference !== 0) return difference
      }
      return a - b
    })
  }
  // One number for each row, its place in the order first: sorted without a call for each comparison.
  const codes = new Float64Array(rows)
  for (const { ids, size } of dimensions) {
    for (let row = 0; row < rows; row++) codes[row] = codes[row]! * size + ids[row]!
  }
  for (let row = 0; row < rows; row++) codes[row] = codes[row]! * rows + row
  codes.sort()
  return Uint32Array.from(codes, code => code % rows)
}

function gather(ids: Uint32Array, rows: Uint32Array): Uint32Array {
  const gathered = new Uint32Array(rows.length)
  for (let at = 0; at < rows.length; at++) gathered[at] = ids[rows[at]!]!
  return gathered
}
