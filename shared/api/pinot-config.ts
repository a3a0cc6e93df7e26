import { shown } from "../definition/faults.ts"
import { pinotIndexes } from "./pinot-indexes.ts"
import { isPlain, type PinotColumn, PinotReading, pinotColumns } from "./pinot-schema.ts"
import { pinotKey } from "./pinot-upsert.ts"
import type { TableJson } from "./types.ts"

/** A Pinot table as the options that make it here. */
export interface PinotTable {
  readonly options: TableJson
  readonly reading: PinotReading
}

/** The table's name without its kind. */
export function pinotTableName(name: unknown): string | undefined {
  return typeof name === "string" ? name.replace(/_REALTIME$/, "") : undefined
}

/** Whether a body is Pinot's configuration of a table. */
export const isPinotTable = (body: TableJson): boolean => "tableName" in body || "segmentsConfig" in body

/** Parts that say how servers are run, which there are none of. */
const SERVERS: Readonly<Record<string, string>> = {
  tenants: "there are no tenants",
  quota: "limits belong to callers, not to tables",
  routing: "there are no servers to route to",
  query: "is said with each query",
  task: "maintenance runs by itself",
  tierConfigs: "everything is on one tier",
  metadata: "is not kept",
  instanceAssignmentConfigMap: "there are no servers",
  instancePartitionsMap: "there are no servers",
  segmentAssignmentConfigMap: "there are no servers",
  description: "is not kept",
  tags: "is not kept",
}

const READ: ReadonlySet<string> = new Set([
  "tableName",
  "tableType",
  "isDimTable",
  "segmentsConfig",
  "tableIndexConfig",
  "fieldConfigList",
  "ingestionConfig",
  "upsertConfig",
  "dedupConfig",
])

/** Maps a Pinot table's schema and configuration; what has no place here is listed, what would change rows refused. */
export function pinotTable(schema: TableJson, config: TableJson): PinotTable {
  const reading = new PinotReading()
  const columns = pinotColumns(schema, reading)
  const byName = new Map(columns.map(column => [column.name, column]))
  const { tableType = "REALTIME", isDimTable } = config
  if (tableType !== "REALTIME")
    reading.refuse("tableConfig.tableType", `expected REALTIME, found ${shown(tableType)}`)
  if (isDimTable === true)
    reading.refuse("tableConfig.isDimTable", "dimension tables are not supported; expected false")
  for (const [member, value] of Object.entries(config)) {
    if (READ.has(member) || value === null) continue
    reading.leave(`tableConfig.${member}`, SERVERS[member] ?? "is not known here")
  }
  const segments = part(config, "segmentsConfig")
  const index = part(config, "tableIndexConfig")
  const ingestion = part(config, "ingestionConfig")
  const time = timeOf(segments, byName, reading)
  const { where, sql, badRecords } = ingestionOf(ingestion, reading)
  const nulls = index.nullHandlingEnabled === true || schema.enableColumnBasedNullHandling === true
  const options: TableJson = {
    from: topicOf(ingestion, index, reading),
    columns: columnsOf(columns, sql, reading),
    ...(where === undefined ? {} : { where }),
    ...(time === undefined ? {} : { time }),
    ...retentionOf(segments, time, reading),
    ...pinotKey(schema, config, byName, reading),
    ...pinotIndexes(index, config.fieldConfigList, byName, reading),
    ...(badRecords === undefined ? {} : { badRecords }),
    ...(nulls ? {} : { pinotNulls: true }),
  }
  return { options, reading }
}

function part(config: TableJson, name: string): TableJson {
  const found = config[name]
  return isPlain(found) ? found : {}
}

function columnsOf(
  columns: readonly PinotColumn[],
  sql: ReadonlyMap<string, string>,
  reading: PinotReading,
): TableJson {
  const entries = columns.map(({ name, ...column }) => {
    const expression = sql.get(name)
    if (expression === undefined) return [name, column] as const
    const { default: fallback, ...computed } = column
    if (fallback !== undefined)
      reading.leave(`schema.${name}.defaultNullValue`, "the column is computed: use coalesce(…) there")
    return [name, { ...computed, sql: expression }] as const
  })
  for (const name of sql.keys())
    if (!columns.some(column => column.name === name))
      reading.leave(`tableConfig.ingestionConfig.transformConfigs.${name}`, "is no column of the schema")
  return Object.fromEntries(entries)
}

function topicOf(ingestion: TableJson, index: TableJson, reading: PinotReading): unknown {
  const streams = part(ingestion, "streamIngestionConfig")
  const maps: unknown = streams.streamConfigMaps
  const map: unknown = Array.isArray(maps) ? maps[0] : index.streamConfigs
  const path = "tableConfig.ingestionConfig.streamIngestionConfig.streamConfigMaps"
  if (Array.isArray(maps) && maps.length > 1)
    reading.refuse(path, `expected one stream, found ${maps.length}`)
  if (!isPlain(map)) {
    reading.refuse(path, "expected a stream with its topic, stream.….topic.name")
    return undefined
  }
  const names = Object.entries(map).filter(([name]) => /^stream\..+\.topic\.name$/.test(name))
  if (names.length !== 1) reading.refuse(`${path}[0]`, "expected stream.….topic.name, the topic's name")
  for (const name of Object.keys(map))
    if (!/^stream\..+\.topic\.name$/.test(name))
      reading.leave(`${path}[0].${name}`, "the topic is the log's own")
  return names[0]?.[1]
}

const TIME_SETTINGS = ["timeColumnName", "retentionTimeUnit", "retentionTimeValue"]

function timeOf(
  segments: TableJson,
  columns: ReadonlyMap<string, PinotColumn>,
  reading: PinotReading,
): string | undefined {
  const path = "tableConfig.segmentsConfig"
  for (const name of Object.keys(segments))
    if (!TIME_SETTINGS.includes(name))
      reading.leave(`${path}.${name}`, "segments are kept by the object store")
  const { timeColumnName: time } = segments
  if (time === undefined || time === null) return undefined
  if (columns.get(String(time))?.type === "timestamp") return String(time)
  reading.leave(
    `${path}.timeColumnName`,
    "only a TIMESTAMP column is the time column here; the column itself is kept",
  )
  return undefined
}

const UNITS: Readonly<Record<string, string>> = {
  MILLISECONDS: "ms",
  SECONDS: "s",
  MINUTES: "m",
  HOURS: "h",
  DAYS: "d",
}

function retentionOf(segments: TableJson, time: string | undefined, reading: PinotReading): TableJson {
  const { retentionTimeUnit: unit, retentionTimeValue: value } = segments
  if (unit === undefined || value === undefined) return {}
  const path = "tableConfig.segmentsConfig.retentionTimeValue"
  const letter = UNITS[String(unit)]
  if (letter === undefined) {
    reading.refuse(`${path.replace("Value", "Unit")}`, `expected one of ${Object.keys(UNITS).join(", ")}`)
    return {}
  }
  if (time !== undefined) return { retention: `${String(value)}${letter}` }
  reading.leave(path, "rows are kept for ever without a time column of TIMESTAMP")
  return {}
}

interface Ingestion {
  readonly where?: string
  readonly sql: ReadonlyMap<string, string>
  readonly badRecords?: "skip" | "null"
}

/** Parts of an ingestion that would make other rows. */
const REWRITES = [
  "complexTypeConfig",
  "aggregationConfigs",
  "enrichmentConfigs",
  "schemaConformingTransformerConfig",
]

function ingestionOf(ingestion: TableJson, reading: PinotReading): Ingestion {
  const path = "tableConfig.ingestionConfig"
  const known = ["streamIngestionConfig", "filterConfig", "transformConfigs", "continueOnError"]
  for (const [name, value] of Object.entries(ingestion)) {
    if (known.includes(name) || value === null || (Array.isArray(value) && value.length === 0)) continue
    if (REWRITES.includes(name))
      reading.refuse(`${path}.${name}`, "is not supported: the rows would be others")
    else reading.leave(`${path}.${name}`, "is not known here")
  }
  const sql = new Map<string, string>()
  const transforms = Array.isArray(ingestion.transformConfigs) ? ingestion.transformConfigs : []
  for (const [index, transform] of transforms.entries()) {
    const { columnName, transformFunction } = isPlain(transform) ? transform : {}
    const where = `${path}.transformConfigs[${index}]`
    if (typeof columnName !== "string" || typeof transformFunction !== "string")
      reading.refuse(where, "expected columnName and transformFunction")
    else if (isGroovy(transformFunction))
      reading.refuse(where, "Groovy is not run here; expected an SQL expression")
    else sql.set(columnName, transformFunction)
  }
  const filter = part(ingestion, "filterConfig").filterFunction
  const filtered = typeof filter === "string" && filter.trim() !== ""
  if (filtered && isGroovy(filter))
    reading.refuse(`${path}.filterConfig`, "Groovy is not run here; expected an SQL condition")
  return {
    sql,
    // Pinot leaves out the records for which it is true.
    ...(filtered ? { where: `NOT coalesce((${filter}), false)` } : {}),
    ...(ingestion.continueOnError === true ? { badRecords: "null" } : {}),
  }
}

const isGroovy = (text: string) => /^\s*groovy\s*\(/i.test(text)
