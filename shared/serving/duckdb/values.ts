import {
  DuckDBArrayType,
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  type DuckDBType,
  DuckDBTypeId,
  DuckDBUnionType,
  DuckDBUnionValue,
  type DuckDBValue,
} from "@duckdb/node-api"
import type { SqlValue } from "../types.ts"

/** How a column of DuckDB's becomes one of the reply. */
export interface ColumnEncoder {
  /** Pinot's name of the type. */
  readonly type: string
  /** May hold integers beyond 64 bits: the values decide whether it is LONG or BIG_DECIMAL. */
  readonly wide: boolean
  /** Never called with null. */
  readonly encode: (value: DuckDBValue) => SqlValue
}

function encoder(type: string, encode: ColumnEncoder["encode"]): ColumnEncoder {
  return {
    type,
    wide: false,
    encode,
  }
}

function asIs(value: DuckDBValue): SqlValue {
  return typeof value === "object" ? String(value) : value
}

function integer(value: DuckDBValue): SqlValue {
  if (typeof value !== "bigint") return asIs(value)
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}

/** The shortest decimal that is the same 32-bit number, as Java and DuckDB print it. */
function float(value: DuckDBValue): SqlValue {
  if (typeof value !== "number") return asIs(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}

/** `2001-01-14 21:30:00.0`: as JDBC and Pinot print an instant, in UTC. */
function timestamp(value: DuckDBValue): SqlValue {
  const text = String(value).replace(/\+00$/, "")
  return /\d:\d\d$/.test(text) ? `${text}.0` : text
}

function hex(value: DuckDBValue): string {
  return value instanceof DuckDBBlobValue ? Buffer.from(value.bytes).toString("hex") : String(value)
}

function decimal(value: DuckDBValue): string {
  const text = String(value)
  return value instanceof DuckDBDecimalValue && value.scale > 0 ? text.replace(/\.?0+$/, "") : text
}

function scalar(value: DuckDBValue): SqlValue {
  return value === null ? null : String(value)
}

const text = encoder("STRING", scalar)
const int = encoder("INT", asIs)
const long = encoder("LONG", integer)
const wide: ColumnEncoder = { type: "LONG", wide: true, encode: integer }
const instant = encoder("TIMESTAMP", timestamp)

const encoders: ReadonlyMap<DuckDBTypeId, ColumnEncoder> = new Map([
  [DuckDBTypeId.BOOLEAN, encoder("BOOLEAN", asIs)],
  [DuckDBTypeId.TINYINT, int],
  [DuckDBTypeId.SMALLINT, int],
  [DuckDBTypeId.INTEGER, int],
  [DuckDBTypeId.UTINYINT, int],
  [DuckDBTypeId.USMALLINT, int],
  [DuckDBTypeId.UINTEGER, long],
  [DuckDBTypeId.BIGINT, long],
  [DuckDBTypeId.UBIGINT, wide],
  [DuckDBTypeId.HUGEINT, wide],
  [DuckDBTypeId.UHUGEINT, wide],
  [DuckDBTypeId.BIGNUM, encoder("BIG_DECIMAL", scalar)],
  [DuckDBTypeId.DECIMAL, encoder("BIG_DECIMAL", decimal)],
  [DuckDBTypeId.FLOAT, encoder("FLOAT", float)],
  [DuckDBTypeId.DOUBLE, encoder("DOUBLE", asIs)],
  [DuckDBTypeId.TIMESTAMP, instant],
  [DuckDBTypeId.TIMESTAMP_S, instant],
  [DuckDBTypeId.TIMESTAMP_MS, instant],
  [DuckDBTypeId.TIMESTAMP_NS, instant],
  [DuckDBTypeId.TIMESTAMP_TZ, instant],
  [DuckDBTypeId.BLOB, encoder("BYTES", hex)],
])

function isNested(type: DuckDBType): boolean {
  return (
    type.typeId === DuckDBTypeId.STRUCT ||
    type.typeId === DuckDBTypeId.MAP ||
    type.typeId === DuckDBTypeId.UNION ||
    type.typeId === DuckDBTypeId.VARIANT ||
    type.typeId === DuckDBTypeId.LIST ||
    type.typeId === DuckDBTypeId.ARRAY
  )
}

/** A value inside a struct, map, union or nested list as JSON text; integers keep all their digits. */
function jsonText(value: DuckDBValue): string {
  if (value === null) return "null"
  if (typeof value === "bigint" || typeof value === "boolean") return String(value)
  if (typeof value === "number") return Number.isFinite(value) ? String(value) : `"${value}"`
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return `[${value.items.map(jsonText).join(",")}]`
  }
  if (value instanceof DuckDBStructValue) {
    const fields = Object.entries(value.entries).map(
      ([name, field]) => `${JSON.stringify(name)}:${jsonText(field)}`,
    )
    return `{${fields.join(",")}}`
  }
  if (value instanceof DuckDBMapValue) {
    const fields = value.entries.map(entry => `${JSON.stringify(String(entry.key))}:${jsonText(entry.value)}`)
    return `{${fields.join(",")}}`
  }
  if (value instanceof DuckDBUnionValue) return jsonText(value.value)
  return JSON.stringify(value instanceof DuckDBBlobValue ? hex(value) : String(value))
}

/** Throws for a struct such as `row(1, 2)`: DuckDB's client keeps one value a name, so that others would be lost. */
function refuseUnnamed(type: DuckDBType): void {
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) refuseUnnamed(type.valueType)
  if (type instanceof DuckDBMapType) [type.keyType, type.valueType].forEach(refuseUnnamed)
  if (type instanceof DuckDBUnionType) type.memberTypes.forEach(refuseUnnamed)
  if (!(type instanceof DuckDBStructType)) return
  if (type.entryNames.includes("")) {
    throw new Error("The fields of row(…) have no names: write a struct, such as {'a': 1, 'b': 2}")
  }
  type.entryTypes.forEach(refuseUnnamed)
}

/** Pinot's type and the encoding for a column of DuckDB's: what Pinot has no type for travels as text or as JSON. */
export function encoderOf(type: DuckDBType): ColumnEncoder {
  if (type.alias === "JSON") return encoder("JSON", scalar)
  if (!isNested(type)) return encoders.get(type.typeId) ?? text
  if ((type.typeId === DuckDBTypeId.LIST || type.typeId === DuckDBTypeId.ARRAY) && "valueType" in type) {
    const inner = encoderOf(type.valueType)
    if (isNested(type.valueType)) return encoder("JSON", jsonText)
    const item = (value: DuckDBValue): SqlValue => (value === null ? null : inner.encode(value))
    return encoder(`${inner.type}_ARRAY`, value =>
      value instanceof DuckDBListValue || value instanceof DuckDBArrayValue
        ? value.items.map(item)
        : scalar(value),
    )
  }
  refuseUnnamed(type)
  return encoder("JSON", jsonText)
}
