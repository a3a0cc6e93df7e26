import type { ColumnVector } from "../ingest/column.ts"

/** A column without lists. */
export type FlatVector = Exclude<ColumnVector, { readonly type: "list" }>

const LENGTH_BYTES = 4
const DECIMAL_BYTES = 16
/** UTF-16 units take at most three bytes of UTF-8. */
const BYTES_PER_UNIT = 3
const ASCII_END = 0x80

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** The values of some rows as Parquet's PLAIN has them. @param rows ascending; undefined: all from `start` to `end` */
export function plainValues(
  column: FlatVector,
  rows: Uint32Array | undefined,
  start: number,
  end: number,
): Uint8Array {
  switch (column.type) {
    case "int":
    case "long":
    case "timestamp":
    case "double":
      return bytesOf(picked(column.values as Float64Array, rows, start, end))
    case "float":
      return bytesOf(Float32Array.from(picked(column.values, rows, start, end)))
    case "boolean":
      return plainFlags(picked(column.values, rows, start, end))
    case "string":
    case "json":
      return plainTexts(cells(column.values, rows, start, end))
    case "bytes":
      return plainBytes(cells(column.values, rows, start, end))
    case "decimal":
      return plainDecimals(cells(column.values, rows, start, end))
  }
}

interface Typed<Self> {
  readonly length: number
  [index: number]: number
  subarray(start: number, end: number): Self
}

function picked<T extends Typed<T>>(values: T, rows: Uint32Array | undefined, start: number, end: number): T {
  if (rows === undefined) return values.subarray(start, end)
  const some = new (values.constructor as new (length: number) => T)(rows.length)
  for (let at = 0; at < rows.length; at++) some[at] = values[rows[at]!]!
  return some
}

function cells<T>(
  values: readonly T[],
  rows: Uint32Array | undefined,
  start: number,
  end: number,
): readonly T[] {
  if (rows !== undefined) return Array.from(rows, row => values[row]!)
  return start === 0 && end === values.length ? values : values.slice(start, end)
}

function plainFlags(flags: Uint8Array): Uint8Array {
  const out = new Uint8Array(Math.ceil(flags.length / 8))
  for (let at = 0; at < flags.length; at++) out[at >>> 3]! |= flags[at]! << (at & 7)
  return out
}

/** Each text's length in bytes, then its UTF-8. */
export function plainTexts(texts: readonly string[]): Uint8Array {
  let units = 0
  for (const text of texts) units += text.length
  const out = Buffer.allocUnsafe(texts.length * LENGTH_BYTES + units * BYTES_PER_UNIT)
  let at = 0
  for (const text of texts) {
    const start = at + LENGTH_BYTES
    let length = 0
    for (; length < text.length; length++) {
      const code = text.charCodeAt(length)
      if (code >= ASCII_END) break
      out[start + length] = code
    }
    if (length < text.length) length = out.write(text, start)
    putLength(out, at, length)
    at = start + length
  }
  return out.subarray(0, at)
}

function plainBytes(values: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(values.reduce((sum, { length }) => sum + LENGTH_BYTES + length, 0))
  let at = 0
  for (const value of values) {
    putLength(out, at, value.length)
    out.set(value, at + LENGTH_BYTES)
    at += LENGTH_BYTES + value.length
  }
  return out
}

function putLength(out: Uint8Array, at: number, length: number): void {
  out[at] = length
  out[at + 1] = length >>> 8
  out[at + 2] = length >>> 16
  out[at + 3] = length >>> 24
}

/** Of fixed length, the highest byte first. */
function plainDecimals(values: readonly bigint[]): Uint8Array {
  const out = Buffer.allocUnsafe(values.length * DECIMAL_BYTES)
  let at = 0
  for (const value of values) {
    out.writeBigInt64BE(value >> 64n, at)
    out.writeBigUInt64BE(BigInt.asUintN(64, value), at + 8)
    at += DECIMAL_BYTES
  }
  return out
}
