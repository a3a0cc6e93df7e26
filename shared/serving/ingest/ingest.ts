import { RecordCursor, readBatchHeader, recordHeaders } from "../../log/records/index.ts"
import { BadValue, type JsonObject } from "../expression/value.ts"
import type { BadRecord, ColumnBatch, Refusal } from "./column.ts"
import { parseRecord } from "./json.ts"
import { checkField, checkPlace, type RecordKeys, tombstoneRecord } from "./record-keys.ts"
import type { CompiledSchema } from "./schema.ts"
import { type ColumnWriter, columnWriter } from "./writer.ts"

/** The half-open range of offsets that counts; records of the batches outside of it are passed over. */
export interface OffsetRange {
  readonly base: number
  readonly next: number
}

/**
 * The one ingest function: record batches in, typed columns out. Segments and tail both hold its result, and nothing
 * else reads records for tables. A record that cannot be read or does not fit is counted with its reason and, by the
 * table's policy, skipped or given a null. The result is a function of the arguments alone.
 *
 * @param keys of a table with a primary key: the batch then holds its rows' key hashes, and a row for each record without a value
 *
 * Throws `LogError` (`corrupt_batch`).
 */
export function ingest(
  schema: CompiledSchema,
  batches: readonly { readonly bytes: Uint8Array }[],
  range: OffsetRange,
  keys?: RecordKeys,
): ColumnBatch {
  const run = new IngestRun(schema, range, keys)
  for (const { bytes } of batches) if (!run.add(bytes)) break
  return run.finish()
}

class IngestRun {
  readonly #schema: CompiledSchema
  readonly #range: OffsetRange
  readonly #writers: readonly ColumnWriter[]
  readonly #faults = new Map<string, number>()
  readonly #keys: RecordKeys | undefined
  readonly #tombstoneRows: number[] = []
  #offsets = new Float64Array(1_024)
  #rows = 0
  #records = 0
  #filtered = 0
  #tombstones = 0
  #skipped = 0
  #nulled = 0
  #decodedBytes = 0
  #refused: Refusal | undefined
  readonly #letters: BadRecord[] = []
  #maxTimestamp = 0

  constructor(schema: CompiledSchema, range: OffsetRange, keys: RecordKeys | undefined) {
    this.#schema = schema
    this.#range = range
    this.#keys = keys
    this.#writers = schema.columns.map(({ spec, reader }) => columnWriter(spec, reader))
  }

  /** False: a record was refused, and nothing after it counts. */
  add(bytes: Uint8Array): boolean {
    const header = readBatchHeader(bytes)
    if (header.control) return true
    const cursor = new RecordCursor(bytes, header)
    const { buffer } = cursor
    const text = Buffer.from(buffer.buffer, buffer.byteOffset, buffer.byteLength)
    const { base, next } = this.#range
    while (cursor.next()) {
      const { offset } = cursor
      if (offset < base || offset >= next) continue
      this.#records++
      if (cursor.timestamp > this.#maxTimestamp) this.#maxTimestamp = cursor.timestamp
      this.#decodedBytes += cursor.valueEnd - cursor.valueStart + cursor.keyEnd - cursor.keyStart
      if (cursor.valueStart < 0) this.#tombstone(text, cursor, offset)
      else this.#value(text, cursor, offset)
      if (this.#refused !== undefined) return false
    }
    return true
  }

  finish(): ColumnBatch {
    const rows = this.#rows
    const columns = this.#writers.map(writer => writer.finish(rows))
    const keys = this.#keys
    const tombstones = new Uint8Array(keys === undefined ? 0 : rows)
    for (const row of this.#tombstoneRows) tombstones[row] = 1
    const refused = this.#refused
    return {
      ...this.#range,
      ...(refused === undefined ? {} : { next: refused.offset, refused }),
      ...(this.#letters.length === 0 ? {} : { letters: this.#letters }),
      rows,
      offsets: this.#offsets.slice(0, rows),
      columns,
      decodedBytes: this.#decodedBytes,
      maxTimestamp: this.#maxTimestamp,
      counts: {
        records: this.#records,
        filtered: this.#filtered,
        tombstones: this.#tombstones,
        skipped: this.#skipped,
        nulled: this.#nulled,
        faults: this.#faults,
      },
      ...(keys === undefined ? {} : { keys: { hashes: keys.hash(columns, rows), tombstones } }),
    }
  }

  #value(text: Buffer, cursor: RecordCursor, offset: number): void {
    const keys = this.#keys
    try {
      if (keys !== undefined) checkPlace(keys, text, cursor.keyStart, cursor.keyEnd)
      const record = parseRecord(text, cursor.valueStart, cursor.valueEnd)
      const { where } = this.#schema
      if (where !== undefined && where(record) !== true) {
        this.#filtered++
        return
      }
      if (keys !== undefined) checkField(keys, record, text, cursor.keyStart, cursor.keyEnd)
      this.#columns(record)
      if (keys !== undefined) this.#checkKey(keys)
    } catch (error) {
      this.#bad(reasonOf(error), cursor)
      return
    }
    this.#take(offset)
  }

  /** A record that the table cannot take is refused, or left out and counted, and kept where a topic takes it. */
  #bad(why: string, cursor: RecordCursor): void {
    const { offset, timestamp, buffer, keyStart, keyEnd, valueStart, valueEnd } = cursor
    const { badRecords } = this.#schema
    if (badRecords === "refuse") {
      this.#refused = { offset, why }
      this.#records--
      this.#decodedBytes -= valueEnd - valueStart + keyEnd - keyStart
      return
    }
    this.#count(why)
    this.#skipped++
    if (typeof badRecords !== "object") return
    const { headerCount, headersStart, headersEnd } = cursor
    this.#letters.push({
      offset,
      timestamp,
      why,
      key: keyStart < 0 ? undefined : buffer.slice(keyStart, keyEnd),
      value: buffer.slice(valueStart, valueEnd),
      headers:
        headerCount === 0
          ? []
          : recordHeaders(buffer.slice(headersStart, headersEnd), 0, headersEnd - headersStart),
    })
  }

  /** A record without a value deletes the row of its key, where it tells the whole key; else it says nothing. */
  #tombstone(text: Buffer, { keyStart, keyEnd }: RecordCursor, offset: number): void {
    const keys = this.#keys
    this.#tombstones++
    if (keys === undefined) return
    try {
      checkPlace(keys, text, keyStart, keyEnd)
      const record = tombstoneRecord(keys, text, keyStart, keyEnd)
      if (record === undefined) return
      const [key] = keys.columns
      for (const [index, writer] of this.#writers.entries()) {
        if (index === key) writer.write(record, this.#rows)
        else writer.writeNull(this.#rows)
      }
      this.#checkKey(keys)
    } catch (error) {
      this.#count(reasonOf(error))
      return
    }
    this.#tombstoneRows.push(this.#rows)
    this.#take(offset)
  }

  #checkKey(keys: RecordKeys): void {
    for (const index of keys.columns) {
      if (this.#writers[index]!.isNull(this.#rows)) throw new BadValue("primary key is null")
    }
  }

  #take(offset: number): void {
    if (this.#rows >= this.#offsets.length) this.#growOffsets()
    this.#offsets[this.#rows++] = offset
  }

  /** Writes the row's columns. Throws `BadValue` where that is no row. */
  #columns(record: JsonObject): void {
    const writers = this.#writers
    const row = this.#rows
    for (let i = 0; i < writers.length; i++) {
      try {
        writers[i]!.write(record, row)
      } catch (error) {
        const { spec, hidden } = this.#schema.columns[i]!
        const why = `${spec.name}: ${reasonOf(error)}`
        if (this.#schema.badRecords !== "null" && !hidden) throw new BadValue(why)
        this.#count(why)
        this.#nulled++
        writers[i]!.writeNull(row)
      }
    }
  }

  #count(fault: string): void {
    this.#faults.set(fault, (this.#faults.get(fault) ?? 0) + 1)
  }

  #growOffsets(): void {
    const larger = new Float64Array(this.#offsets.length * 2)
    larger.set(this.#offsets)
    this.#offsets = larger
  }
}

/** A value nested too deep for the stack is a bad record like any other; everything else is a fault of ours. */
function reasonOf(error: unknown): string {
  if (error instanceof BadValue) return error.reason
  if (error instanceof RangeError) return "value is nested too deep"
  throw error
}
