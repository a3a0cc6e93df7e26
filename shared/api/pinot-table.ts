import type { ColumnSpec, ColumnType, TableSpec } from "../definition/table-spec.ts"
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
    ...(type === "DATE_TIME" ? instant : {}),
    ...(column.default === undefined ? {} : { defaultNullValue: column.default }),
  }
}

/** A table's columns as Pinot's schema (`GET /tables/{t}/schema` of its controller). */
export function tableSchema(spec: TableSpec): object {
  const specs = (type: FieldType) => spec.columns.filter(c => fieldType(c) === type).map(fieldSpec)
  return {
    schemaName: spec.name,
    enableColumnBasedNullHandling: true,
    dimensionFieldSpecs: specs("DIMENSION"),
    metricFieldSpecs: specs("METRIC"),
    dateTimeFieldSpecs: specs("DATE_TIME"),
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
    tableIndexConfig: { nullHandlingEnabled: true, sortedColumn: spec.sort ?? [] },
    ingestionConfig: {
      streamIngestionConfig: {
        streamConfigMaps: [{ streamType: "millrace", "stream.millrace.topic.name": spec.topic }],
      },
      ...(spec.where === undefined ? {} : { filterConfig: { filterFunction: spec.where } }),
      transformConfigs: transforms.map(column => ({
        columnName: column.name,
        transformFunction: column.sql,
      })),
      continueOnError: spec.badRecords !== "null",
    },
    metadata: {},
  }
}

/** The error for a table that does not exist; `code` and `error` are where Pinot's clients look. */
export function unknownTable(table: string): ApiError {
  const message = `There is no table ${JSON.stringify(table)}; GET /tables lists them.`
  return new ApiError("unknown_table", message, { code: 404, error: message })
}
