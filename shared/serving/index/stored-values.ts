import { StorageError } from "../../storage/errors.ts"
import type { IndexValue } from "./distinct.ts"

const NUMBERS = 0
const TEXTS = 1
/** Integers beyond 2^53 are among them: all as decimal text. */
const BIGINTS = 2

/** Values as bytes: doubles side by side, or texts after where each of them ends. */
export function writeValues(values: readonly IndexValue[]): {
  readonly kind: number
  readonly bytes: Uint8Array
} {
  if (values.every(value => typeof value === "number")) {
    return { kind: NUMBERS, bytes: new Uint8Array(Float64Array.from(values).buffer) }
  }
  const texts = values.map(value => Buffer.from(String(value)))
  const ends = new Uint32Array(texts.length)
  let size = 0
  for (const [at, text] of texts.entries()) {
    size += text.length
    ends[at] = size
  }
  const kind = values.every(value => typeof value === "string") ? TEXTS : BIGINTS
  return { kind, bytes: Buffer.concat([new Uint8Array(ends.buffer), ...texts]) }
}

/** Values as they were read, each made when it is asked for. */
export interface StoredValues {
  /** Where they end. */
  readonly end: number
  at(index: number): IndexValue
}

/** Throws `StorageError` (`corrupt`). */
export function readValues(kind: number, bytes: Uint8Array, start: number, count: number): StoredValues {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const width = kind === NUMBERS ? 8 : 4
  const textsAt = start + count * width
  if (kind > BIGINTS || textsAt > bytes.length) throw new StorageError("corrupt", "a damaged index")
  if (kind === NUMBERS) return { end: textsAt, at: index => buffer.readDoubleLE(start + index * 8) }
  const endOf = (index: number) => (index < 0 ? 0 : buffer.readUInt32LE(start + index * 4))
  const text = (index: number) => buffer.toString("utf8", textsAt + endOf(index - 1), textsAt + endOf(index))
  return {
    end: textsAt + endOf(count - 1),
    at: kind === TEXTS ? text : index => narrowed(BigInt(text(index))),
  }
}

function narrowed(value: bigint): IndexValue {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
