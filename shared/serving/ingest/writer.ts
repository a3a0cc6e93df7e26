import type { ColumnType } from "../../definition/table-spec.ts"
import type { JsonObject, SqlType, Value } from "../expression/value.ts"
import type { ColumnVector } from "./column.ts"
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

class ListWriter<T> extends Nullable implements ColumnWriter {
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

/** A writer for one column of one batch. */
export function columnWriter(type: ColumnType, reader: ColumnReader): ColumnWriter {
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
      return new ListWriter(type, reader, "", value => toText(value, from))
    case "json":
      return new ListWriter(type, reader, "null", toJsonText)
    case "decimal":
      return new ListWriter(type, reader, 0n, value => toUnscaled(value, computed))
    case "bytes":
      return new ListWriter(type, reader, new Uint8Array(0), toBytes)
  }
}
