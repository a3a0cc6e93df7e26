import { typeText } from "../definition/column-traits.ts"
import { checkExpressions, type Expression } from "../definition/expression.ts"
import { Faults, shown } from "../definition/faults.ts"
import { isObject } from "../definition/json-schema.ts"
import { recordFields } from "../definition/record-fields.ts"
import { TABLE_TOPIC_PREFIX } from "../definition/records.ts"
import { readTable, type TableTopic } from "../definition/resolve-table.ts"
import type { ColumnSpec, TableSpec } from "../definition/table-spec.ts"
import type { Log } from "../log/types.ts"
import { checkExpression } from "../serving/expression/check.ts"
import { TableError } from "../serving/tables/table-error.ts"
import { FAULTS_MAX } from "./limits.ts"
import type { TableJson } from "./types.ts"

/**
 * A table that came as JSON: what `table()` takes, with topics by their names.
 * Throws `TableError` (`invalid_table`, with every fault, its path and what was expected), `LogError` (`unknown_topic`).
 */
export async function tableOfJson(log: Log, name: string, json: TableJson): Promise<TableSpec> {
  const faults = new Faults()
  const expressions: Expression[] = []
  const { pinotNulls, ...options } = json
  if (pinotNulls !== undefined && typeof pinotNulls !== "boolean")
    faults.add("body.pinotNulls", `expected true or false, found ${shown(pinotNulls)}`)
  const topic = await topicOf(log, options.from, faults)
  const topicName = (given: unknown) =>
    typeof given === "string" && !given.startsWith(TABLE_TOPIC_PREFIX) ? given : undefined
  const spec = readTable(name, options, topic, {
    path: "body",
    site: undefined,
    faults,
    expressions,
    topicName,
  })
  const wrong = [...faults.list, ...(await checkExpressions(expressions, checkExpression))]
  if (spec === undefined || wrong.length > 0) throw invalid(wrong)
  return pinotNulls === true ? { ...spec, pinotNulls } : spec
}

async function topicOf(log: Log, from: unknown, faults: Faults): Promise<TableTopic | undefined> {
  if (typeof from !== "string" || from.startsWith(TABLE_TOPIC_PREFIX)) {
    faults.add("body.from", `expected a topic's name, found ${shown(from)}`)
    return undefined
  }
  const { keyField, schema } = await log.topic(from, true)
  const parsed: unknown = schema === undefined ? undefined : JSON.parse(schema)
  return {
    name: from,
    ...(keyField === undefined ? {} : { key: keyField }),
    ...(isObject(parsed) ? { fields: recordFields(parsed) } : {}),
  }
}

function invalid(faults: readonly { readonly path: string; readonly message: string }[]): TableError {
  const told = faults.slice(0, FAULTS_MAX).map(({ path, message }) => `${path}: ${message}`)
  const more = faults.length - told.length
  return new TableError("invalid_table", told.join("; ") + (more > 0 ? `; and ${more} more` : ""))
}

/** A table as the JSON that makes the same one. */
export function jsonOfTable(spec: TableSpec): TableJson {
  const { topic, columns, retentionMs, upsert, dedup, ...kept } = spec
  return {
    ...kept,
    from: topic,
    columns: Object.fromEntries(columns.map(column => [column.name, jsonOfColumn(column)])),
    ...(retentionMs === undefined ? {} : { retention: `${retentionMs}ms` }),
    ...(upsert === undefined ? {} : { upsert: withTtl(upsert) }),
    ...(dedup === undefined ? {} : { dedup: withTtl(dedup) }),
  }
}

function jsonOfColumn(column: ColumnSpec): unknown {
  const { name: _name, type: _type, list: _list, ...more } = column
  if (Object.keys(more).length === 0) return typeText(column)
  const { name: _unused, ...full } = column
  return full
}

function withTtl<T extends { readonly ttlMs?: number }>({ ttlMs, ...more }: T): object {
  return ttlMs === undefined ? more : { ...more, ttl: `${ttlMs}ms` }
}
