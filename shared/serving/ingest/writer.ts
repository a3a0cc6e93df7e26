import type { ColumnSpec, ColumnType } from "../../definition/table-spec.ts"
import { BadValue, type JsonObject, kindOf, type SqlType, type Value } from "../expression/value.ts"
import type { ColumnVector, ElementType, ListCell } from "./column.ts"
import {
  toBytes,
  toEpochMs,
  toFiniteDouble,
  toFlag,
  toFloat,
  toInt,
  toJsonText,
  toLong,
  toText,
  toUnscaled,
} from "./convert.ts"

/** How a column finds its value in a record. */
export interface ColumnReader {
  readonly read: (record: JsonObject) => Value
  readonly from: SqlType
  /** The value is computed, not a field as it stands. */
  readonly computed: boolean
  /** For timestamps: how text is read. */
  readonly readInstant?: (text: string) => number
}

/** Writes a column row by row. A row that is written again overwrites; `finish` cuts to the rows that count. */
export interface ColumnWriter {
  /** Throws `BadValue`; the row is then without a value. */
  write(record: JsonObject, row: number): void
  writeNull(row: number): void
  isNull(row: number): boolean
  finish(rows: number): ColumnVector
}

const FIRST_CAPACITY = 1_024

type Growing = Int32Array | BigInt64Array | Float64Array | Uint8Array

/** Twice the room, the values kept. */
function grown<T extends Growing>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2)
  larger.set(array as never)
  return larger
}

abstract class Nullable {
  protected nulls = new Uint8Array(FIRST_CAPACITY)
  protected readonly reader: ColumnReader

  constructor(reader: ColumnReader) {
    this.reader = reader
  }

  writeNull(row: number): void {
    if (row >= this.nulls.length) this.nulls = grown(this.nulls)
    this.nulls[row] = 1
  }

  isNull(row: number): boolean {
    return this.nulls[row] === 1
  }

  protected writeValue(row: number): void {
    if (row >= this.nulls.length) this.nulls = grown(this.nulls)
    this.nulls[row] = 0
  }

  protected finishNulls(rows: number): { readonly nulls: Uint8Array; readonly nullCount: number } {
    const nulls = this.nulls.slice(0, rows)
    let nullCount = 0
    for (let row = 0; row < rows; row++) nullCount += nulls[row]!
    return { nulls, nullCount }
  }
}

class TypedWriter<T extends Growing> extends Nullable implements ColumnWriter {
  readonly #type: ColumnType
  readonly #convert: (value: Value) => T[number]
  #values: T

  constructor(type: ColumnType, reader: ColumnReader, first: T, convert: (value: Value) => T[number]) {
    super(reader)
    this.#type = type
    this.#values = first
    this.#convert = convert
  }

  write(record: JsonObject, row: number): void {
    const value = this.reader.read(record)
    if (value === null) {
      this.writeNull(row)
      return
    }
    const converted = this.#convert(value)
    while (row >= this.#values.length) this.#values = grown(this.#values)
    this.#values[row] = converted
    this.writeValue(row)
  }

  finish(rows: number): ColumnVector {
    while (rows > this.#values.length) this.#values = grown(this.#values)
    return {
      type: this.#type,
      ...this.finishNulls(rows),
      values: this.#values.slice(0, rows),
    } as ColumnVector
  }
}

class PlainWriter<T> extends Nullable implements ColumnWriter {
  readonly #type: ColumnType
  readonly #convert: (value: Value) => T
  readonly #empty: T
  readonly #values: T[] = []

  constructor(type: ColumnType, reader: ColumnReader, empty: T, convert: (value: Value) => T) {
    super(reader)
    this.#type = type
    this.#empty = empty
    this.#convert = convert
  }

  write(record: JsonObject, row: number): void {
    const value = this.reader.read(record)
    if (value === null) {
      this.writeNull(row)
      return
    }
    this.#values[row] = this.#convert(value)
    this.writeValue(row)
  }

  override writeNull(row: number): void {
    this.#values[row] = this.#empty
    super.writeNull(row)
  }

  finish(rows: number): ColumnVector {
    return {
      type: this.#type,
      ...this.finishNulls(rows),
      values: this.#values.slice(0, rows),
    } as ColumnVector
  }
}

/** Lists, each row's as an array of its own. */
class ListWriter extends Nullable implements ColumnWriter {
  readonly #element: ElementType
  readonly #convert: (value: Value) => ListCell[number]
  readonly #values: ListCell[] = []

  constructor(element: ElementType, reader: ColumnReader) {
    super(reader)
    this.#element = element
    this.#convert = elementConverter(element, reader)
  }

  write(record: JsonObject, row: number): void {
    const value = this.reader.read(record)
    if (value === null) {
      this.writeNull(row)
      return
    }
    if (!Array.isArray(value)) throw new BadValue(`expected a list, got ${kindOf(value)}`)
    this.#values[row] = value.map(one => (one === null ? null : this.#convert(one as Value)))
    this.writeValue(row)
  }

  override writeNull(row: number): void {
    this.#values[row] = []
    super.writeNull(row)
  }

  finish(rows: number): ColumnVector {
    const values = this.#values.slice(0, rows)
    return { type: "list", element: this.#element, ...this.finishNulls(rows), values }
  }
}

/** Elements are fields as they stand: what is true of the list's own expression does not tell of them. */
function elementConverter(
  type: ElementType,
  { readInstant }: ColumnReader,
): (value: Value) => ListCell[number] {
  switch (type) {
    case "int":
      return toInt
    case "long":
      return toLong
    case "timestamp":
      return value => BigInt(toEpochMs(value, readInstant))
    case "float":
      return value => toFloat(value, "any")
    case "double":
      return value => toFiniteDouble(value, "any")
    case "boolean":
      return toFlag
    case "decimal":
      return value => toUnscaled(value, false)
    case "string":
      return value => toText(value, "any")
    case "bytes":
      return toBytes
  }
}

/** A writer for one column of one batch. */
export function columnWriter(
  { type, list }: Pick<ColumnSpec, "type" | "list">,
  reader: ColumnReader,
): ColumnWriter {
  // The loader of definitions lets no list of JSON through.
  if (list === true && type !== "json") return new ListWriter(type, reader)
  const { from, computed, readInstant } = reader
  switch (type) {
    case "int":
      return new TypedWriter(type, reader, new Int32Array(FIRST_CAPACITY), toInt)
    case "long":
      return new TypedWriter(type, reader, new BigInt64Array(FIRST_CAPACITY), toLong)
    case "timestamp":
      return new TypedWriter(type, reader, new BigInt64Array(FIRST_CAPACITY), value =>
        BigInt(toEpochMs(value, readInstant)),
      )
    case "float":
      return new TypedWriter(type, reader, new Float64Array(FIRST_CAPACITY), value => toFloat(value, from))
    case "double":
      return new TypedWriter(type, reader, new Float64Array(FIRST_CAPACITY), value =>
        toFiniteDouble(value, from),
      )
    case "boolean":
      return new TypedWriter(type, reader, new Uint8Array(FIRST_CAPACITY), value => Number(toFlag(value)))
    case "string":
      return new PlainWriter(type, reader, "", value => toText(value, from))
    case "json":
      return new PlainWriter(type, reader, "null", toJsonText)
    case "decimal":
      return new PlainWriter(type, reader, 0n, value => toUnscaled(value, computed))
    case "bytes":
      return new PlainWriter(type, reader, new Uint8Array(0), toBytes)
  }
}
