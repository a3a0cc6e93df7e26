/** A record that decodes its fields when they are asked for has this method, which gives it as plain data. */
export const MATERIALISE = Symbol("millrace.materialise")
/** And this, which says where its bytes lie. */
export const RECORD_BYTES = Symbol("millrace.recordBytes")

/** Where the JSON text of a record lies: as of this moment, like the record itself. */
export interface RecordBytes {
  readonly buffer: Uint8Array
  readonly start: number
  readonly end: number
  /** The field whose raw text is a whole number or a string without escapes, else −1; the end is in `fieldEnd`. */
  plainField(name: string): number
  readonly fieldEnd: number
  /** Whether the record has a field of this name. */
  has(name: string): boolean
  /** The JSON text, a character for each of its bytes. It may be kept. */
  text(): string
  /** The key that goes with it lies in `buffer` too, where the step that made the record knows it; else −1. */
  readonly keyStart: number
  readonly keyEnd: number
}

interface LazyRecord {
  [MATERIALISE](): unknown
  readonly [RECORD_BYTES]: RecordBytes
}

/** Where a lazy record's bytes lie; undefined: it is plain data. */
export function recordBytes(record: object): RecordBytes | undefined {
  return (record as Partial<LazyRecord>)[RECORD_BYTES]
}

/**
 * A record as plain data that may be kept: a lazy one is valid during a call only, and so is what was made with one
 * inside it.
 */
export function materialised(record: unknown): unknown {
  if (typeof record !== "object" || record === null) return record
  const lazy = record as Partial<LazyRecord>
  if (lazy[MATERIALISE] !== undefined) return (lazy as LazyRecord)[MATERIALISE]()
  return holdsLazy(record) ? withoutLazy(record) : record
}

/** Records lie in objects and arrays that the user's functions made around them. */
function holdsLazy(value: object): boolean {
  const parts: unknown = Array.isArray(value) ? value : isPlain(value) ? Object.values(value) : undefined
  if (parts === undefined) return false
  for (const part of parts as readonly unknown[]) {
    if (typeof part !== "object" || part === null) continue
    if ((part as Partial<LazyRecord>)[MATERIALISE] !== undefined || holdsLazy(part)) return true
  }
  return false
}

function withoutLazy(value: object): unknown {
  if (Array.isArray(value)) return value.map(materialised)
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, materialised(part)]))
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === Object.prototype || prototype === null
}
