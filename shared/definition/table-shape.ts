import * as v from "valibot"
import { DURATION_EXPECTED, durationMs } from "./duration.ts"
import { rowGroupRows, SQL_SHAPE, wholeNumber } from "./shapes.ts"

/** More columns add nothing that a look at a row's primary key could not decide, and every key is hashed. */
export const KEY_COLUMNS_MAX = 16
/** Rows that are equal in so many columns are as good as unordered. */
export const SORT_COLUMNS_MAX = 16
/** Each indexed column is a blob beside every segment, named in its pointer by zones. */
export const INDEXED_COLUMNS_MAX = 64
/** Each rollup is made with every segment and again by every merge. */
export const ROLLUPS_MAX = 16
/** Levels multiply with dimensions. */
export const ROLLUP_DIMENSIONS_MAX = 16
/** Each is a state in every row of a level. */
export const ROLLUP_AGGREGATES_MAX = 64
const LEAF_ROWS_MIN = 100
const LEAF_ROWS_MAX = 1_000_000

export const INDEX_KINDS = ["bloom", "inverted", "range"] as const
export const UPSERT_STRATEGIES = [
  "overwrite",
  "increment",
  "append",
  "union",
  "min",
  "max",
  "ignore",
] as const
const ROLLUP_FUNCTIONS = ["count", "sum", "min", "max", "avg", "distinct", "percentile"] as const

const text = v.string("text")
const anything = v.optional(v.unknown())
const duration = v.custom<string>(value => durationMs(value) !== undefined, DURATION_EXPECTED)

/** A list of 1 to `max` texts, such as columns' names. */
function names(max: number) {
  const expected = `an array of 1 to ${max} columns`
  return v.pipe(v.array(text, expected), v.minLength(1, expected), v.maxLength(max, expected))
}

function list<S extends v.GenericSchema>(item: S, max: number, what: string) {
  const expected = `an array of 1 to ${max} ${what}`
  return v.pipe(v.array(item, expected), v.minLength(1, expected), v.maxLength(max, expected))
}

function oneOf<const T extends readonly string[]>(words: T) {
  return v.picklist(words, `one of ${words.map(word => JSON.stringify(word)).join(", ")}`)
}

const upsertShape = v.strictObject({
  mode: v.optional(oneOf(["full", "partial"])),
  compare: v.optional(text),
  strategies: v.optional(v.record(text, oneOf(UPSERT_STRATEGIES), "an object: column → strategy")),
  delete: v.optional(text),
  ttl: v.optional(duration),
})

const rollupShape = v.strictObject({
  name: text,
  dimensions: names(ROLLUP_DIMENSIONS_MAX),
  skip: v.optional(v.array(text, "an array of dimensions")),
  aggregates: list(
    v.strictObject({ fn: oneOf(ROLLUP_FUNCTIONS), column: v.optional(text) }),
    ROLLUP_AGGREGATES_MAX,
    'aggregates such as { fn: "sum", column }',
  ),
  leafRows: v.optional(wholeNumber(LEAF_ROWS_MIN, LEAF_ROWS_MAX)),
})

const BAD_RECORDS = 'one of "skip", "null", "refuse", { deadLetter: topic }'

/** What `table()` takes. Whether columns exist and types fit is for who knows the columns. */
export const tableShape = v.strictObject({
  from: anything,
  columns: anything,
  where: v.optional(SQL_SHAPE),
  time: v.optional(text),
  sort: v.optional(names(SORT_COLUMNS_MAX)),
  primaryKey: v.optional(names(KEY_COLUMNS_MAX)),
  upsert: v.optional(upsertShape),
  dedup: v.optional(v.strictObject({ ttl: v.optional(duration) })),
  indexes: v.optional(
    v.record(
      text,
      v.array(oneOf(INDEX_KINDS), 'an array of "bloom", "inverted", "range"'),
      "an object: column → kinds of index",
    ),
  ),
  rollups: v.optional(list(rollupShape, ROLLUPS_MAX, "rollups")),
  retention: v.optional(duration),
  badRecords: v.optional(
    v.union(
      [v.picklist(["skip", "null", "refuse"]), v.strictObject({ deadLetter: v.unknown() })],
      BAD_RECORDS,
    ),
  ),
  rowGroupRows: v.optional(rowGroupRows),
  rebuild: v.optional(v.boolean("true or false")),
})

/** A table's options in their right shape. */
export type TableInput = v.InferOutput<typeof tableShape>
