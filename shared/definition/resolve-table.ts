import { siteOf } from "./call-site.ts"
import type { Expression, ExpressionField } from "./expression.ts"
import { at, type Faults, shown } from "./faults.ts"
import { tableNameFault } from "./names.ts"
import { expressionType, type RecordFields } from "./record-fields.ts"
import { type ColumnContext, resolveColumns } from "./resolve-columns.ts"
import { fits, tableShape } from "./shapes.ts"
import type { Table } from "./table.ts"
import type { TableSpec } from "./table-spec.ts"
import type { Topic } from "./topic.ts"

/** Reads one table, reporting what is wrong with it and collecting the SQL that is still to be checked. */
export function resolveTable(
  table: Table,
  fieldsOf: (topic: Topic) => RecordFields | undefined,
  faults: Faults,
  expressions: Expression[],
): TableSpec | undefined {
  const path = at("tables", table.name)
  const site = siteOf(table)
  const before = faults.list.length
  const wrongName = tableNameFault(table.name)
  if (wrongName !== undefined) faults.add(path, `the name ${shown(table.name)}: ${wrongName}`, site)
  const raw = table.options
  const options = fits(tableShape, raw, path, site, faults)
  const topic = isTopic(raw.from) ? raw.from : undefined
  if (topic === undefined) faults.add(`${path}.from`, `expected a topic, found ${shown(raw.from)}`, site)
  const fields = topic === undefined ? undefined : fieldsOf(topic)
  const seen = fields === undefined ? undefined : expressionFields(fields)
  const context: ColumnContext = {
    path: `${path}.columns`,
    site,
    faults,
    ...(fields === undefined ? {} : { fields }),
    expression: (where, sql, gives) => {
      if (seen !== undefined)
        expressions.push({ path: where, sql, gives, fields: seen, ...(site ? { at: site } : {}) })
    },
  }
  const columns = resolveColumns(raw.columns, context)
  if (typeof raw.where === "string" && raw.where.trim() !== "")
    context.expression(`${path}.where`, raw.where, "condition")
  const types = new Map(columns.map(column => [column.name, column.type]))
  checkTime(raw, types, path, site, faults)
  if (options === undefined || topic === undefined || faults.list.length > before) return undefined
  return {
    name: table.name,
    topic: topic.name,
    columns,
    ...(options.where === undefined ? {} : { where: options.where }),
    ...(options.time === undefined ? {} : { time: options.time }),
    ...(options.badRecords === undefined ? {} : { badRecords: options.badRecords }),
    ...(options.rowGroupRows === undefined ? {} : { rowGroupRows: options.rowGroupRows }),
  }
}

/** Whether `topic()` made this. */
export function isTopic(value: unknown): value is Topic {
  return typeof value === "object" && value !== null && (value as Partial<Topic>).kind === "topic"
}

function expressionFields(fields: RecordFields): readonly ExpressionField[] {
  return [...fields].map(([name, kinds]) => ({ name, type: expressionType(kinds) }))
}

function checkTime(
  options: Readonly<Record<string, unknown>>,
  types: ReadonlyMap<string, string>,
  path: string,
  site: string | undefined,
  faults: Faults,
): void {
  const { time } = options
  if (typeof time !== "string") return
  const type = types.get(time)
  if (type === undefined) faults.add(`${path}.time`, `${shown(time)} is not one of the table's columns`, site)
  else if (type !== "timestamp") {
    faults.add(`${path}.time`, `the column ${shown(time)} is ${type}; expected a timestamp`, site)
  }
}
