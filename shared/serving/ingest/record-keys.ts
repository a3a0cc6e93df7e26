import type { ColumnSpec } from "../../definition/table-spec.ts"
import { partitionForKey } from "../../log/records/index.ts"
import { BadValue, type JsonObject, type Value } from "../expression/value.ts"
import type { ColumnVector } from "./column.ts"
import { parseValue } from "./json.ts"

/** How records of a table with a primary key are read: which rows have equal keys is judged within a partition. */
export interface RecordKeys {
  readonly partition: number
  /** Of the topic. */
  readonly partitions: number
  /** Indexes of the primary key's columns. */
  readonly columns: readonly number[]
  /** The primary key's only column, where it is a field of the record as it stands. */
  readonly field?: ColumnSpec
  /** The field that equals a record's key: the topic's, where it names one, else `field`. */
  readonly keyField?: string
  /** The rows' key hashes, `HASH_LANES` numbers each. */
  hash(columns: readonly ColumnVector[], rows: number): Uint32Array
}

/**
 * Refuses a record that does not lie in the partition of its key: its primary key could stand in two partitions. Where
 * there is one, records need no key. Throws `BadValue`.
 */
export function checkPlace(keys: RecordKeys, buffer: Uint8Array, start: number, end: number): void {
  const { partition, partitions } = keys
  if (partitions === 1) return
  if (start < 0) throw new BadValue("record has no key")
  if (partitionForKey(buffer, partitions, start, end) !== partition) {
    throw new BadValue("record lies in another partition than its key's")
  }
}

/** Refuses a record whose key is not its key field: equal fields could come with keys of two partitions. */
export function checkField(
  keys: RecordKeys,
  record: JsonObject,
  buffer: Buffer,
  start: number,
  end: number,
): void {
  const { keyField, partitions } = keys
  if (partitions === 1 || keyField === undefined || !Object.hasOwn(record, keyField)) return
  const value = record[keyField]
  const text = typeof value === "string" ? value : isWhole(value) ? String(value) : undefined
  if (text !== undefined && !isText(text, buffer, start, end)) {
    throw new BadValue("record's key is not its key field")
  }
}

const isWhole = (value: Value | undefined) => typeof value === "bigint" || Number.isInteger(value)

function isText(text: string, buffer: Buffer, start: number, end: number): boolean {
  if (text.length === end - start) {
    let at = 0
    while (at < text.length && text.charCodeAt(at) === buffer[start + at]) at++
    if (at === text.length) return true
  }
  return buffer.toString("utf8", start, end) === text
}

/**
 * What a record without a value says of its key's row: the key field alone, read as the log's clients write keys, text
 * as it is and anything else as JSON. Undefined where it says nothing of any row. Throws `BadValue`.
 */
export function tombstoneRecord(
  { field }: RecordKeys,
  buffer: Buffer,
  start: number,
  end: number,
): JsonObject | undefined {
  if (field === undefined || start < 0) return undefined
  const text = buffer.toString("utf8", start, end)
  if (field.type === "string") return { [field.name]: text }
  try {
    return { [field.name]: parseValue(text, buffer, start, end) }
  } catch {
    // Text is a key as it stands, without quotation marks: a timestamp may be such.
    return { [field.name]: text }
  }
}
