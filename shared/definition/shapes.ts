import * as v from "valibot"
import type { ListType } from "./column-types.ts"
import { DURATION_EXPECTED, durationMs } from "./duration.ts"
import { at, type Faults, shown } from "./faults.ts"
import type { ColumnType } from "./table-spec.ts"

/** A topic's largest number of partitions: each costs a slot, a manifest item and a builder. */
export const PARTITIONS_MAX = 10_000
/** Fewer, and what a footer says of their columns takes as much as the rows that are not read. */
const ROW_GROUP_ROWS_MIN = 2_048
const ROW_GROUP_ROWS_MAX = 131_072
/** More columns than this no longer fit the item that describes a table. */
export const COLUMNS_MAX = 1_000
/** An expression is stored with its table, in one item of at most 400 KB. */
export const SQL_CHARS_MAX = 10_000

/** Lambda's bounds of a function's memory, MB. */
const MEMORY_MB_MIN = 128
const MEMORY_MB_MAX = 10_240
/** As many as a topic has partitions. */
const CONCURRENCY_MAX = PARTITIONS_MAX

// biome-ignore format: a list of words
export const COLUMN_TYPES = [
  "string", "int", "long", "float", "double", "boolean", "timestamp", "decimal", "json", "bytes",
] as const

const text = v.string("text")
const partitions = wholeNumber(1, PARTITIONS_MAX)
const retention = v.custom(value => durationMs(value) !== undefined, DURATION_EXPECTED)
export const rowGroupRows = wholeNumber(ROW_GROUP_ROWS_MIN, ROW_GROUP_ROWS_MAX)
const anything = v.optional(v.unknown())
export const SQL_SHAPE = v.pipe(
  text,
  v.check(value => value.trim() !== "", "a SQL expression"),
  v.maxLength(SQL_CHARS_MAX, `a SQL expression of at most ${SQL_CHARS_MAX} characters`),
)

export const topicShape = v.strictObject({
  schema: anything,
  key: v.optional(text),
  eventTime: v.optional(text),
  partitions: v.optional(partitions),
  retention: v.optional(retention),
  config: anything,
  external: v.optional(v.boolean("true or false")),
  validate: v.optional(v.picklist(["reader", "door"], 'one of "reader", "door"')),
  compatibility: v.optional(v.literal("none", '"none"')),
})

export const columnTypeShape = v.picklist(COLUMN_TYPES, `one of ${COLUMN_TYPES.join(", ")}`)

/** A type behind which `[]` may stand: a list of such values. */
export const writtenTypeShape = v.custom<ColumnType | ListType>(
  value =>
    typeof value === "string" && (COLUMN_TYPES as readonly string[]).includes(value.replace(/\[\]$/, "")),
  `one of ${COLUMN_TYPES.join(", ")}, or a list such as string[]`,
)

export const columnShape = v.strictObject({
  type: columnTypeShape,
  list: v.optional(v.boolean("true or false")),
  sql: v.optional(SQL_SHAPE),
  format: v.optional(text),
  default: anything,
})

export const appShape = v.strictObject({
  topics: v.optional(v.array(v.unknown(), "an array of topics")),
  tables: v.optional(v.array(v.unknown(), "an array of tables")),
  jobs: v.optional(v.array(v.unknown(), "an array of jobs")),
  stages: v.optional(v.record(v.string(), v.unknown(), "an object: stage → quantities")),
})

const memoryMb = wholeNumber(MEMORY_MB_MIN, MEMORY_MB_MAX)
const concurrency = wholeNumber(1, CONCURRENCY_MAX)

export const jobShape = v.strictObject({
  parallelism: v.optional(v.picklist(["single", "per-partition"], 'one of "single", "per-partition"')),
  poison: v.optional(
    v.custom(
      value =>
        value === "fail" ||
        value === "skip" ||
        (value as { deadLetter?: { kind?: unknown } } | null)?.deadLetter?.kind === "topic",
      'one of "fail", "skip", { deadLetter: topic }',
    ),
  ),
  memoryMb: v.optional(memoryMb),
  concurrency: v.optional(concurrency),
  version: v.optional(wholeNumber(1, Number.MAX_SAFE_INTEGER)),
  dropState: v.optional(v.array(text, "an array of uids")),
})

export const stageShape = v.strictObject({
  topics: v.optional(
    v.record(
      v.string(),
      v.strictObject({ partitions: v.optional(partitions), retention: v.optional(retention) }, "an object"),
      "an object: topic → quantities",
    ),
  ),
  tables: v.optional(
    v.record(
      v.string(),
      v.strictObject(
        { rowGroupRows: v.optional(rowGroupRows), retention: v.optional(retention) },
        "an object",
      ),
      "an object: table → quantities",
    ),
  ),
  jobs: v.optional(
    v.record(
      v.string(),
      v.strictObject({ memoryMb: v.optional(memoryMb), concurrency: v.optional(concurrency) }, "an object"),
      "an object: job → quantities",
    ),
  ),
})

export function wholeNumber(min: number, max: number) {
  const expected = `a whole number from ${min} to ${max}`
  return v.custom<number>(
    value => Number.isSafeInteger(value) && Number(value) >= min && Number(value) <= max,
    expected,
  )
}

type Shape = v.GenericSchema

/**
 * Reports whatever does not fit `shape`, unknown options included.
 * @returns the value where it fits, else undefined
 */
export function fits<S extends Shape>(
  shape: S,
  value: unknown,
  path: string,
  site: string | undefined,
  faults: Faults,
): v.InferOutput<S> | undefined {
  const result = v.safeParse(shape, value)
  if (result.success) return result.output
  for (const issue of result.issues) {
    const where = (issue.path ?? []).reduce((base, item) => at(base, item.key as PropertyKey), path)
    faults.add(where, messageOf(issue), site)
  }
  return undefined
}

function messageOf(issue: v.BaseIssue<unknown>): string {
  if (issue.type === "strict_object") {
    if (issue.expected === "never") return "is not an option here"
    if (issue.expected === "Object") return `expected an object, found ${shown(issue.input)}`
    return "is missing"
  }
  return `expected ${issue.message}, found ${shown(issue.input)}`
}
