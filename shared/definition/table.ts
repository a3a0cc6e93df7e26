import { markSite } from "./call-site.ts"
import type { FitsColumn } from "./column-types.ts"
import type { BadRecordPolicy } from "./table-spec.ts"
import type { Topic } from "./topic.ts"

export interface TableOptions<T, C> {
  /** The topic that the table consumes, from its first record on. */
  readonly from: Topic<T>
  /** Name → type, or `{ type, sql, format, default }`. In the order of `SELECT *`. */
  readonly columns: { readonly [K in keyof C]: FitsColumn<T, K, C[K]> }
  /** A SQL condition over the record's fields; other records are left out. */
  readonly where?: string
  /** The `timestamp` column that queries usually restrict. */
  readonly time?: NoInfer<keyof C & string>
  /** A record that the columns cannot take: `skip` (default) drops it, `null` nulls the field; both are counted. */
  readonly badRecords?: BadRecordPolicy
  /** Rows of one Parquet row group, 8,192 to 131,072. Default 65,536. */
  readonly rowGroupRows?: number
}

/** A table of an app, as frozen data. */
export interface Table {
  readonly kind: "table"
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
}

/**
 * Keeps a topic's records as a table that SQL can ask. Mistakes are reported, all together, when the app is loaded.
 * @param name the table's identity: `[a-z_][a-z0-9_]*`, at most 100 characters
 */
export function table<T, const C>(name: string, options: TableOptions<T, C>): Table {
  const copy = { ...options, columns: frozenColumns(options?.columns) }
  const made = Object.freeze({ kind: "table", name, options: Object.freeze(copy) } as const)
  markSite(made, table)
  return made
}

/** Copies columns of whatever shape: what is wrong with them is said when the app is loaded. */
function frozenColumns(columns: unknown): unknown {
  if (typeof columns !== "object" || columns === null || Array.isArray(columns)) return columns
  const entries = Object.entries(columns).map(([name, column]) => {
    const copied = typeof column === "object" && column !== null ? Object.freeze({ ...column }) : column
    return [name, copied] as const
  })
  return Object.freeze(Object.fromEntries(entries))
}
