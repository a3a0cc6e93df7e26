import { COMPARED, KEYED, takesStrategy, typeText } from "./column-traits.ts"
import { durationMs } from "./duration.ts"
import { at } from "./faults.ts"
import type { TableContext, TableInput, TableTopic } from "./resolve-table.ts"
import { UPSERT_STRATEGIES } from "./table-shape.ts"
import type { ColumnSpec, ColumnType, DedupSpec, TableSpec, UpsertSpec } from "./table-spec.ts"

type Keyed = Pick<TableSpec, "primaryKey" | "upsert" | "dedup">

/** Types under which no two values of a topic's key field become one; of text only text itself is. */
function exactTypes(topic: TableTopic): readonly ColumnType[] {
  const isText = topic.fields?.get(topic.key ?? "")?.has("string") === true
  return isText ? ["string"] : ["string", "int", "long", "boolean"]
}

/** Reads the primary key of a table and what it is for. */
export function resolveKey(options: TableInput, context: TableContext): Keyed {
  const { primaryKey, upsert, dedup } = options
  const note = context.note
  if (upsert !== undefined && dedup !== undefined)
    note(".dedup", "a table has upsert or dedup, not both: leave one out")
  const use = upsert !== undefined ? "upsert" : "dedup"
  if (upsert === undefined && dedup === undefined) {
    if (primaryKey !== undefined)
      note(".primaryKey", "is for upsert and dedup: add one of them, or leave it out")
    return {}
  }
  if (primaryKey === undefined)
    note(".primaryKey", `is missing: ${use} needs the columns that make a row's key`)
  else {
    context.columnNames(".primaryKey", primaryKey, KEYED, "a column that can be a key")
    checkTopicKey(primaryKey, use, context)
  }
  return {
    ...(primaryKey === undefined ? {} : { primaryKey }),
    ...(upsert === undefined ? {} : { upsert: resolveUpsert(upsert, primaryKey ?? [], context) }),
    ...(dedup === undefined ? {} : { dedup: resolveDedup(dedup, options.time, context) }),
  }
}

/** Records with equal keys lie in one partition; rows with equal primary keys do so only if they have equal keys. */
function checkTopicKey(primaryKey: readonly string[], use: string, context: TableContext): void {
  const { topic, columns, note } = context
  if (topic === undefined) return
  if (topic.key === undefined) {
    note(
      ".primaryKey",
      `the topic ${topic.name} has no key field: ${use} expects a field of the primary key as the topic's key, so that rows of one key lie in one partition`,
    )
    return
  }
  const ofKey = primaryKey.map(name => columns.get(name)).filter(column => isField(column, topic.key!))
  const [column] = ofKey
  if (column === undefined) {
    note(
      ".primaryKey",
      `expected the topic's key field ${JSON.stringify(topic.key)} among its columns, so that rows of one key lie in one partition`,
    )
  } else if (!ofKey.some(key => exactTypes(topic).includes(key!.type))) {
    note(
      ".primaryKey",
      `the topic's key field ${JSON.stringify(topic.key)} is read as ${column.type}, in which different keys may be equal; expected ${exactTypes(topic).join(" or ")}`,
    )
  }
}

/** Whether a column holds a field as it stands. */
function isField(column: ColumnSpec | undefined, field: string): boolean {
  if (column === undefined) return false
  return column.sql === undefined ? column.name === field : [field, `"${field}"`].includes(column.sql.trim())
}

function resolveUpsert(
  upsert: NonNullable<TableInput["upsert"]>,
  primaryKey: readonly string[],
  context: TableContext,
): UpsertSpec {
  const { note } = context
  const { mode = "full", compare, strategies, ttl } = upsert
  const ttlMs = durationMs(ttl)
  const compared = context.column(
    ".upsert.compare",
    compare,
    COMPARED,
    "a column of int, long, float, double or timestamp",
  )
  context.column(".upsert.delete", upsert.delete, new Set<ColumnType>(["boolean"]), "a boolean column")
  if (ttl !== undefined && compare === undefined)
    note(".upsert.ttl", "counts from the greatest value of the comparison column: name it in compare")
  else if (ttl !== undefined && compared !== undefined && !["timestamp", "long"].includes(compared.type)) {
    note(
      ".upsert.ttl",
      `counts milliseconds of ${compared.name}, which is ${compared.type}; expected a timestamp or a long of epoch milliseconds`,
    )
  }
  if (strategies !== undefined && mode !== "partial")
    note(".upsert.strategies", 'are of a partial upsert: say mode: "partial", or leave them out')
  for (const [name, strategy] of Object.entries(strategies ?? {})) {
    const path = at(".upsert.strategies", name)
    const column = context.column(path, name)
    if (column === undefined) continue
    if (primaryKey.includes(name)) note(path, "is in the primary key, whose values never change")
    else if (name === compare || name === upsert.delete)
      note(path, "is the comparison or the delete column, which is always overwritten")
    else if (!takesStrategy(column, strategy)) {
      const fitting = UPSERT_STRATEGIES.filter(known => takesStrategy(column, known))
      note(path, `${strategy} does not fit ${typeText(column)}; expected one of ${fitting.join(", ")}`)
    }
  }
  return {
    ...(mode === "full" ? {} : { mode }),
    ...(compare === undefined ? {} : { compare }),
    ...(strategies === undefined || Object.keys(strategies).length === 0 ? {} : { strategies }),
    ...(upsert.delete === undefined ? {} : { delete: upsert.delete }),
    ...(ttlMs === undefined ? {} : { ttlMs }),
  }
}

function resolveDedup(
  { ttl }: NonNullable<TableInput["dedup"]>,
  time: string | undefined,
  { note }: TableContext,
): DedupSpec {
  const ttlMs = durationMs(ttl)
  if (ttl !== undefined && time === undefined)
    note(".dedup.ttl", "counts from the greatest value of the time column: name it in time")
  return ttlMs === undefined ? {} : { ttlMs }
}
