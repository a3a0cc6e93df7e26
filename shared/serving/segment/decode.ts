import type { ColumnSpec } from "../../definition/table-spec.ts"
import { StorageError } from "../../storage/errors.ts"
import type { ColumnVector, ListCell } from "../ingest/column.ts"
import { decodeChunk } from "../read/decode.ts"
import { type Footer, footerBytes, readFooter } from "../read/footer.ts"
import type { DecodedColumn } from "../read/types.ts"
import { valueAt, valueReader } from "../read/value-at.ts"
import { OFFSET_COLUMN } from "./parquet.ts"

/** Rows of a file, in its order. */
export interface DecodedRows {
  readonly rows: number
  readonly offsets: Float64Array
  /** In the order asked for. */
  readonly columns: readonly ColumnVector[]
}

/**
 * A file of ours as typed columns, exactly as they were encoded.
 * @param columns which to read, with the types that the file has them in
 *
 * Throws `StorageError` (`corrupt`): the file lacks a column.
 */
export async function decodeParquet(bytes: Uint8Array, columns: readonly ColumnSpec[]): Promise<DecodedRows> {
  const tail = footerBytes(bytes)
  if (tail === undefined) throw new StorageError("corrupt", "a segment without its footer")
  const footer = readFooter(tail)
  const { rows } = footer
  const offsets = new Float64Array(rows)
  for (const { from, column } of decodedGroups(bytes, footer, OFFSET_COLUMN, false)) {
    if (column.kind === "numbers") offsets.set(Float64Array.from(column.values, Number), from)
  }
  const vectors = columns.map(spec => {
    const filling = new Filling(spec, rows)
    for (const { from, column } of decodedGroups(bytes, footer, spec.name, true)) filling.add(column, from)
    return filling.finish()
  })
  return { rows, offsets, columns: vectors }
}

/** A column's row groups, each with its first row. */
function* decodedGroups(
  bytes: Uint8Array,
  { groups }: Footer,
  name: string,
  exactLongs: boolean,
): Generator<{ readonly from: number; readonly column: DecodedColumn }> {
  for (const { firstRow, chunks } of groups) {
    const chunk = chunks.get(name)
    if (chunk === undefined) throw new StorageError("corrupt", `a segment lacks the column ${name}`)
    yield {
      from: firstRow,
      column: decodeChunk(bytes.subarray(chunk.start, chunk.end), chunk, exactLongs),
    }
  }
}

type Typed = Int32Array | BigInt64Array | Float64Array | Uint8Array

function typedArray({ type, list }: ColumnSpec, rows: number): Typed | undefined {
  if (list === true) return undefined
  switch (type) {
    case "int":
      return new Int32Array(rows)
    case "long":
    case "timestamp":
      return new BigInt64Array(rows)
    case "float":
    case "double":
      return new Float64Array(rows)
    case "boolean":
      return new Uint8Array(rows)
    default:
      return undefined
  }
}

/** What stands where a row has no value. */
function emptyOf({ type, list }: ColumnSpec): unknown {
  if (list === true) return []
  return type === "decimal" ? 0n : type === "bytes" ? new Uint8Array() : ""
}

/** A vector that is filled row group by row group. */
class Filling {
  readonly #spec: ColumnSpec
  readonly #nulls: Uint8Array
  readonly #typed: Typed | undefined
  readonly #values: unknown[]
  #nullCount = 0

  constructor(spec: ColumnSpec, rows: number) {
    this.#spec = spec
    this.#nulls = new Uint8Array(rows)
    this.#typed = typedArray(spec, rows)
    this.#values = this.#typed === undefined ? new Array<unknown>(rows).fill(emptyOf(spec)) : []
  }

  add(column: DecodedColumn, from: number): void {
    const { nulls, rows } = column
    if (nulls !== undefined) {
      this.#nulls.set(nulls, from)
      for (const isNull of nulls) this.#nullCount += isNull
    }
    if (this.#typed !== undefined) {
      if (column.kind !== "numbers" || column.values.constructor !== this.#typed.constructor) {
        throw new StorageError("corrupt", `column ${this.#spec.name} is no ${this.#spec.type}`)
      }
      this.#typed.set(column.values as never, from)
      return
    }
    const read = column.kind === "list" ? listReader(column) : valueReader(column)
    for (let row = 0; row < rows; row++) if (nulls?.[row] !== 1) this.#values[from + row] = read(row)
  }

  finish(): ColumnVector {
    const { type, list } = this.#spec
    return {
      ...(list === true ? { type: "list", element: type } : { type }),
      nulls: this.#nulls,
      nullCount: this.#nullCount,
      values: this.#typed ?? this.#values,
    } as ColumnVector
  }
}

/** A row's list, its elements as cells have them. */
function listReader({ starts, items }: DecodedColumn & { readonly kind: "list" }): (row: number) => ListCell {
  const isLong = items.kind === "numbers" && items.values instanceof BigInt64Array
  const cell = (at: number): ListCell[number] => {
    const value = valueAt(items, at)
    if (value === null) return null
    if (items.type === "boolean") return value === 1
    return isLong ? BigInt(value as number | bigint) : value
  }
  return row => Array.from({ length: starts[row + 1]! - starts[row]! }, (_, at) => cell(starts[row]! + at))
}
