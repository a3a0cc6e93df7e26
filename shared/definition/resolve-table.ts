import { siteOf } from "./call-site.ts"
import { ORDERED, typeText } from "./column-traits.ts"
import { durationMs } from "./duration.ts"
import type { Expression, ExpressionField } from "./expression.ts"
import { at, type Faults, shown } from "./faults.ts"
import { tableNameFault } from "./names.ts"
import { expressionType, type RecordFields } from "./record-fields.ts"
import { type ColumnContext, resolveColumns } from "./resolve-columns.ts"
import { resolveKey } from "./resolve-key.ts"
import { resolveIndexes, resolveRollups } from "./resolve-rollups.ts"
import { fits } from "./shapes.ts"
import type { Table } from "./table.ts"
import { type TableInput, tableShape } from "./table-shape.ts"
import type { BadRecordPolicy, ColumnSpec, ColumnType, TableSpec } from "./table-spec.ts"
import type { Topic } from "./topic.ts"

export type { TableInput } from "./table-shape.ts"

/** What a table is told of the topic that it consumes. */
export interface TableTopic {
  readonly name: string
  /** The field that equals the record's key. */
  readonly key?: string
  /** Absent when nothing is known of the records' fields. */
  readonly fields?: RecordFields
}

/** What the parts of a table are checked against. */
export interface TableContext {
  /** Absent when there is none, which has been said. */
  readonly topic: TableTopic | undefined
  readonly columns: ReadonlyMap<string, ColumnSpec>
  /** @param path relative to the table: `.sort[0]` */
  readonly note: (path: string, message: string) => void
  /** The column of a name, once it is one of `types`; undefined when it is not, which has been said, or no name. */
  readonly column: (
    path: string,
    name: string | undefined,
    types?: ReadonlySet<ColumnType>,
    expected?: string,
    lists?: boolean,
  ) => ColumnSpec | undefined
  /** Reports names that are no columns of `types`, and repeated ones. */
  readonly columnNames: (
    path: string,
    names: readonly string[],
    types: ReadonlySet<ColumnType>,
    expected: string,
  ) => void
}

/** Where a table's faults and SQL go. */
export interface TableReport {
  /** `tables.flights`. */
  readonly path: string
  readonly site: string | undefined
  readonly faults: Faults
  readonly expressions: Expression[]
  /** The name of a dead-letter topic as it was given; undefined when that is none. */
  readonly topicName: (given: unknown) => string | undefined
}

/** Reads one table of an app, reporting what is wrong with it and collecting the SQL that is still to be checked. */
export function resolveTable(
  table: Table,
  fieldsOf: (topic: Topic) => RecordFields | undefined,
  faults: Faults,
  expressions: Expression[],
): TableSpec | undefined {
  const path = at("tables", table.name)
  const site = siteOf(table)
  const raw = table.options
  const topic = isTopic(raw.from) ? raw.from : undefined
  if (topic === undefined) faults.add(`${path}.from`, `expected a topic, found ${shown(raw.from)}`, site)
  const fields = topic === undefined ? undefined : fieldsOf(topic)
  const { key } = topic?.options ?? {}
  const known: TableTopic | undefined = topic && {
    name: topic.name,
    ...(typeof key === "string" ? { key } : {}),
    ...(fields === undefined ? {} : { fields }),
  }
  const topicName = (given: unknown) => (isTopic(given) ? given.name : undefined)
  return readTable(table.name, raw, known, { path, site, faults, expressions, topicName })
}

/**
 * Reads a table's options, whoever wrote them.
 * @param raw as `table()` takes them
 * @param topic undefined: there is none, which has been reported
 * @returns undefined when anything is wrong
 */
export function readTable(
  name: string,
  raw: Readonly<Record<string, unknown>>,
  topic: TableTopic | undefined,
  report: TableReport,
): TableSpec | undefined {
  const { path, site, faults, expressions } = report
  const before = faults.list.length
  const wrongName = tableNameFault(name)
  if (wrongName !== undefined) faults.add(path, `the name ${shown(name)}: ${wrongName}`, site)
  const options = fits(tableShape, raw, path, site, faults)
  const fields = topic?.fields
  const seen = fields === undefined ? undefined : expressionFields(fields)
  const columnContext: ColumnContext = {
    path: `${path}.columns`,
    site,
    faults,
    ...(fields === undefined ? {} : { fields }),
    expression: (where, sql, gives) => {
      if (seen !== undefined)
        expressions.push({ path: where, sql, gives, fields: seen, ...(site ? { at: site } : {}) })
    },
  }
  const columns = resolveColumns(raw.columns, columnContext)
  if (typeof raw.where === "string" && raw.where.trim() !== "")
    columnContext.expression(`${path}.where`, raw.where, "condition")
  if (options === undefined) return undefined
  const context = contextOf(topic, columns, raw.columns, report)
  const parts = resolveParts(options, context, report)
  if (topic === undefined || faults.list.length > before) return undefined
  return { name, topic: topic.name, columns, ...parts }
}

type Parts = Omit<TableSpec, "name" | "topic" | "columns">

function resolveParts(options: TableInput, context: TableContext, report: TableReport): Parts {
  const { where, time, sort, indexes, rollups, rowGroupRows, retention, rebuild } = options
  context.column(".time", time, new Set<ColumnType>(["timestamp"]), "a timestamp")
  if (sort !== undefined) context.columnNames(".sort", sort, ORDERED, "a column that rows can be ordered by")
  const keyed = resolveKey(options, context)
  const kept = indexes === undefined ? undefined : resolveIndexes(indexes, context)
  const rolled =
    rollups === undefined ? undefined : resolveRollups(rollups, options.upsert !== undefined, context)
  const badRecords = resolveBadRecords(options.badRecords, context, report)
  const retentionMs = durationMs(retention)
  if (retention !== undefined && time === undefined)
    context.note(".retention", "counts by the time column: name it in time")
  const parts: { -readonly [K in keyof Parts]: Parts[K] | undefined } = {
    where,
    time,
    sort,
    ...keyed,
    indexes: kept,
    rollups: rolled,
    badRecords,
    rowGroupRows,
    retentionMs,
    rebuild: rebuild === true ? true : undefined,
  }
  return withoutUndefined(parts)
}

function withoutUndefined(parts: { readonly [K in keyof Parts]: Parts[K] | undefined }): Parts {
  return Object.fromEntries(Object.entries(parts).filter(([, value]) => value !== undefined))
}

function resolveBadRecords(
  given: TableInput["badRecords"],
  { topic, note }: TableContext,
  { topicName }: TableReport,
): BadRecordPolicy | undefined {
  if (given === undefined || typeof given === "string") return given
  const deadLetter = topicName(given.deadLetter)
  if (deadLetter === undefined) {
    note(".badRecords.deadLetter", `expected a topic, found ${shown(given.deadLetter)}`)
    return undefined
  }
  if (deadLetter === topic?.name)
    note(".badRecords.deadLetter", "is the topic that the table consumes: expected another one")
  return { deadLetter }
}

function contextOf(
  topic: TableTopic | undefined,
  columns: readonly ColumnSpec[],
  written: unknown,
  { path: base, site, faults }: TableReport,
): TableContext {
  const byName = new Map(columns.map(column => [column.name, column]))
  const names = new Set(typeof written === "object" && written !== null ? Object.keys(written) : [])
  const note = (path: string, message: string) => faults.add(base + path, message, site)
  const column: TableContext["column"] = (path, name, types, expected, lists = types === undefined) => {
    if (name === undefined) return undefined
    const found = byName.get(name)
    if (found === undefined) {
      // One that is there with a fault of its own has been reported.
      if (!names.has(name)) note(path, `${shown(name)} is not one of the table's columns`)
      return undefined
    }
    if (types === undefined || (types.has(found.type) && (lists || found.list !== true))) return found
    note(path, `the column ${shown(name)} is ${typeText(found)}; expected ${expected}`)
    return undefined
  }
  const columnNames: TableContext["columnNames"] = (path, list, types, expected) => {
    for (const [index, name] of list.entries()) {
      if (list.indexOf(name) < index) note(at(path, index), `${shown(name)} is named twice`)
      else column(at(path, index), name, types, expected)
    }
  }
  return { topic, columns: byName, note, column, columnNames }
}

/** Whether `topic()` made this. */
export function isTopic(value: unknown): value is Topic {
  return typeof value === "object" && value !== null && (value as Partial<Topic>).kind === "topic"
}

function expressionFields(fields: RecordFields): readonly ExpressionField[] {
  return [...fields].map(([name, kinds]) => ({ name, type: expressionType(kinds) }))
}
