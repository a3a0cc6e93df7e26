import { markSite } from "./call-site.ts"
import { isRecords, topicOfTable } from "./records.ts"
import type { TableOptions } from "./table-options.ts"
import type { Topic } from "./topic.ts"

/** A table of an app, as frozen data. `T` is the type of the records that it consumes. */
export interface Table<T = unknown> {
  readonly kind: "table"
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** The topic that jobs write to when they write to this table; only where `from` is `records(…)`. */
  readonly sink?: Topic<T>
  /** Only a type: nothing is stored here. */
  readonly "~record"?: T
}

/**
 * Keeps a topic's records as a table that SQL can ask. Mistakes are reported, all together, when the app is loaded.
 * @param name the table's identity: `[a-z_][a-z0-9_]*`, at most 100 characters
 */
export function table<T, const C>(name: string, options: TableOptions<T, C>): Table<T> {
  const from: unknown = options?.from
  const sink = isRecords(from) ? topicOfTable(name, from) : undefined
  const copy: Record<string, unknown> = { ...options }
  if (sink !== undefined) copy.from = sink
  for (const [option, value] of Object.entries(copy)) copy[option] = isNoun(value) ? value : frozenCopy(value)
  const made = Object.freeze({
    kind: "table",
    name,
    options: Object.freeze(copy),
    ...(sink === undefined ? {} : { sink: sink as Topic<T> }),
  } as const)
  markSite(made, table)
  if (sink !== undefined) markSite(sink, table)
  return made
}

/** Topics are told from each other by what they are, not by what they hold. */
function isNoun(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value
}

/** Copies options of whatever shape: what is wrong with them is said when the app is loaded. */
function frozenCopy(value: unknown): unknown {
  if (typeof value !== "object" || value === null || isNoun(value)) return value
  if (Array.isArray(value)) return Object.freeze(value.map(frozenCopy))
  const entries = Object.entries(value).map(([name, member]) => [name, frozenCopy(member)] as const)
  return Object.freeze(Object.fromEntries(entries))
}
