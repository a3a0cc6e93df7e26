import { shown } from "../definition/faults.ts"
import { isPlain, type PinotColumn, type PinotReading } from "./pinot-schema.ts"
import type { TableJson } from "./types.ts"

const STRATEGIES: Readonly<Record<string, string>> = {
  OVERWRITE: "overwrite",
  INCREMENT: "increment",
  APPEND: "append",
  UNION: "union",
  MIN: "min",
  MAX: "max",
  IGNORE: "ignore",
}

/** The primary key of a Pinot schema and what its configuration does with it. */
export function pinotKey(
  schema: TableJson,
  config: TableJson,
  columns: ReadonlyMap<string, PinotColumn>,
  reading: PinotReading,
): TableJson {
  const { upsertConfig, dedupConfig } = config
  const key = { primaryKey: schema.primaryKeyColumns }
  if (isPlain(upsertConfig) && upsertConfig.mode !== "NONE")
    return { ...key, upsert: upsertOf(upsertConfig, config, key.primaryKey, columns, reading) }
  if (isPlain(dedupConfig) && dedupConfig.dedupEnabled !== false)
    return { ...key, dedup: dedupOf(dedupConfig, reading) }
  if (schema.primaryKeyColumns !== undefined && schema.primaryKeyColumns !== null)
    reading.leave("schema.primaryKeyColumns", "is for upsert and dedup")
  return {}
}

const UPSERT_READ = [
  "mode",
  "comparisonColumns",
  "comparisonColumn",
  "partialUpsertStrategies",
  "defaultPartialUpsertStrategy",
  "deleteRecordColumn",
  "metadataTTL",
  "dropOutOfOrderRecord",
]

function upsertOf(
  upsert: TableJson,
  config: TableJson,
  primaryKey: unknown,
  columns: ReadonlyMap<string, PinotColumn>,
  reading: PinotReading,
): TableJson {
  const path = "tableConfig.upsertConfig"
  for (const name of Object.keys(upsert))
    if (!UPSERT_READ.includes(name)) reading.leave(`${path}.${name}`, "the key index is kept with the table")
  const mode = upsert.mode ?? "FULL"
  if (mode !== "FULL" && mode !== "PARTIAL")
    reading.refuse(`${path}.mode`, `expected FULL, PARTIAL or NONE, found ${shown(mode)}`)
  const compare = compareOf(upsert, config, columns, reading)
  const ttl = Number(upsert.metadataTTL ?? 0)
  const isTimed = ["timestamp", "long"].includes(columns.get(String(compare))?.type ?? "")
  if (ttl > 0 && !isTimed)
    reading.leave(`${path}.metadataTTL`, "needs a comparison column of TIMESTAMP or LONG")
  return {
    ...(mode === "PARTIAL" ? { mode: "partial" } : {}),
    ...(compare === undefined ? {} : { compare }),
    ...(mode === "PARTIAL" ? strategiesOf(upsert, primaryKey, compare, columns, reading) : {}),
    ...(typeof upsert.deleteRecordColumn === "string" ? { delete: upsert.deleteRecordColumn } : {}),
    ...(ttl > 0 && isTimed ? { ttl: `${ttl}ms` } : {}),
  }
}

/** Pinot compares by the time column where it is told nothing. */
function compareOf(
  upsert: TableJson,
  config: TableJson,
  columns: ReadonlyMap<string, PinotColumn>,
  reading: PinotReading,
): unknown {
  const named = upsert.comparisonColumns ?? (upsert.comparisonColumn && [upsert.comparisonColumn])
  if (Array.isArray(named) && named.length > 0) {
    if (named.length > 1)
      reading.refuse(
        "tableConfig.upsertConfig.comparisonColumns",
        `expected one column, found ${named.length}`,
      )
    return named[0]
  }
  const segments = isPlain(config.segmentsConfig) ? config.segmentsConfig : {}
  const time = columns.get(String(segments.timeColumnName))
  if (time === undefined) return undefined
  if (["timestamp", "long", "int"].includes(time.type)) return time.name
  reading.leave("tableConfig.segmentsConfig.timeColumnName", "text is not compared: the later record stays")
  return undefined
}

function strategiesOf(
  upsert: TableJson,
  primaryKey: unknown,
  compare: unknown,
  columns: ReadonlyMap<string, PinotColumn>,
  reading: PinotReading,
): TableJson {
  const path = "tableConfig.upsertConfig"
  const given = isPlain(upsert.partialUpsertStrategies) ? upsert.partialUpsertStrategies : {}
  const strategies: Record<string, string> = {}
  const take = (name: string, strategy: unknown, where: string) => {
    const known = STRATEGIES[String(strategy)]
    if (known !== undefined) strategies[name] = known
    else
      reading.refuse(where, `expected one of ${Object.keys(STRATEGIES).join(", ")}, found ${shown(strategy)}`)
  }
  const fallback = upsert.defaultPartialUpsertStrategy ?? "OVERWRITE"
  const fixed = new Set<unknown>([
    ...(Array.isArray(primaryKey) ? primaryKey : []),
    compare,
    upsert.deleteRecordColumn,
  ])
  if (fallback !== "OVERWRITE") {
    for (const name of columns.keys())
      if (!fixed.has(name)) take(name, fallback, `${path}.defaultPartialUpsertStrategy`)
  }
  for (const [name, strategy] of Object.entries(given))
    take(name, strategy, `${path}.partialUpsertStrategies.${name}`)
  return Object.keys(strategies).length === 0 ? {} : { strategies }
}

function dedupOf(dedup: TableJson, reading: PinotReading): TableJson {
  for (const name of Object.keys(dedup))
    if (!["dedupEnabled", "metadataTTL"].includes(name))
      reading.leave(`tableConfig.dedupConfig.${name}`, "keys are forgotten by the time column")
  const ttl = Number(dedup.metadataTTL ?? 0)
  return ttl > 0 ? { ttl: `${ttl}ms` } : {}
}
