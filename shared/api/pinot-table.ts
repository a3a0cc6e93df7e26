import type { ColumnSpec, ColumnType, IndexKind, TableSpec } from "../definition/table-spec.ts"
import { ApiError } from "./errors.ts"

const dataTypes: Record<ColumnType, string> = {
  string: "STRING",
  int: "INT",
  long: "LONG",
  float: "FLOAT",
  double: "DOUBLE",
  boolean: "BOOLEAN",
  timestamp: "TIMESTAMP",
  decimal: "BIG_DECIMAL",
  json: "JSON",
  bytes: "BYTES",
}

/** Columns have no roles here; those that cannot count or identify anything are shown as metrics. */
const metricTypes: ReadonlySet<ColumnType> = new Set(["float", "double", "decimal"])

type FieldType = "DIMENSION" | "METRIC" | "DATE_TIME"

function fieldType(column: ColumnSpec): FieldType {
  if (column.list === true) return "DIMENSION"
  if (column.type === "timestamp") return "DATE_TIME"
  return metricTypes.has(column.type) ? "METRIC" : "DIMENSION"
}

function fieldSpec(column: ColumnSpec): object {
  const type = fieldType(column)
  const instant = { format: "1:MILLISECONDS:TIMESTAMP", granularity: "1:MILLISECONDS" }
  return {
    name: column.name,
    dataType: dataTypes[column.type],
    fieldType: type,
    ...(column.list === true ? { singleValueField: false } : {}),
    ...(type === "DATE_TIME" ? instant : {}),
    ...(column.default === undefined ? {} : { defaultNullValue: column.default }),
  }
}

/** A table's columns as Pinot's schema (`GET /tables/{t}/schema` of its controller). */
export function tableSchema(spec: TableSpec): object {
  const specs = (type: FieldType) => spec.columns.filter(c => fieldType(c) === type).map(fieldSpec)
  return {
    schemaName: spec.name,
    enableColumnBasedNullHandling: spec.pinotNulls !== true,
    dimensionFieldSpecs: specs("DIMENSION"),
    metricFieldSpecs: specs("METRIC"),
    dateTimeFieldSpecs: specs("DATE_TIME"),
    ...(spec.primaryKey === undefined ? {} : { primaryKeyColumns: spec.primaryKey }),
  }
}

/** A table as Pinot's table configuration, with what there is of it. */
export function tableConfig(spec: TableSpec): object {
  const transforms = spec.columns.filter(column => column.sql !== undefined)
  const retention =
    spec.retentionMs === undefined
      ? {}
      : { retentionTimeUnit: "MILLISECONDS", retentionTimeValue: String(spec.retentionMs) }
  return {
    tableName: `${spec.name}_REALTIME`,
    tableType: "REALTIME",
    isDimTable: false,
    segmentsConfig: {
      ...(spec.time === undefined ? {} : { timeColumnName: spec.time }),
      ...retention,
      replication: "1",
    },
    tenants: {},
    tableIndexConfig: {
      nullHandlingEnabled: spec.pinotNulls !== true,
      sortedColumn: spec.sort ?? [],
      ...indexLists(spec.indexes ?? {}),
    },
    ...upsertConfig(spec),
    ingestionConfig: {
      streamIngestionConfig: {
        streamConfigMaps: [{ streamType: "millrace", "stream.millrace.topic.name": spec.topic }],
      },
      ...(spec.where === undefined
        ? {}
        : { filterConfig: { filterFunction: `NOT coalesce((${spec.where}), false)` } }),
      transformConfigs: transforms.map(column => ({
        columnName: column.name,
        transformFunction: column.sql,
      })),
      continueOnError: spec.badRecords !== "null",
    },
    metadata: {},
  }
}

function indexLists(indexes: NonNullable<TableSpec["indexes"]>): object {
  const columnsWith = (kind: IndexKind) =>
    Object.keys(indexes).filter(column => indexes[column]?.includes(kind))
  return {
    invertedIndexColumns: columnsWith("inverted"),
    rangeIndexColumns: columnsWith("range"),
    bloomFilterColumns: columnsWith("bloom"),
  }
}

function upsertConfig({ upsert, dedup }: TableSpec): object {
  if (dedup !== undefined) {
    return {
      dedupConfig: { dedupEnabled: true, ...(dedup.ttlMs === undefined ? {} : { metadataTTL: dedup.ttlMs }) },
    }
  }
  if (upsert === undefined) return {}
  const { mode = "full", compare, strategies, ttlMs } = upsert
  return {
    upsertConfig: {
      mode: mode.toUpperCase(),
      ...(compare === undefined ? {} : { comparisonColumns: [compare] }),
      ...(strategies === undefined
        ? {}
        : {
            partialUpsertStrategies: Object.fromEntries(
              Object.entries(strategies).map(([column, strategy]) => [column, strategy.toUpperCase()]),
            ),
          }),
      ...(upsert.delete === undefined ? {} : { deleteRecordColumn: upsert.delete }),
      ...(ttlMs === undefined ? {} : { metadataTTL: ttlMs }),
    },
  }
}

/** The error for a table that does not exist; `code` and `error` are where Pinot's clients look. */
export function unknownTable(table: string): ApiError {
  const message = `There is no table ${JSON.stringify(table)}; GET /tables lists them.`
  return new ApiError("unknown_table", message, { code: 404, error: message })
}
