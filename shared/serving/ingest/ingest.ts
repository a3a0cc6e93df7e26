import { RecordCursor, readBatchHeader } from "../../log/records/index.ts"
import { BadValue, type JsonObject } from "../expression/value.ts"
import type { ColumnBatch } from "./column.ts"
import { parseRecord } from "./json.ts"
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
 * Throws `LogError` (`corrupt_batch`).
 */
export function ingest(
  schema: CompiledSchema,
  batches: readonly { readonly bytes: Uint8Array }[],
  range: OffsetRange,
): ColumnBatch {
  const run = new IngestRun(schema, range)
  for (const { bytes } of batches) run.add(bytes)
  return run.finish()
}

class IngestRun {
  readonly #schema: CompiledSchema
  readonly #range: OffsetRange
  readonly #writers: readonly ColumnWriter[]
  readonly #faults = new Map<string, number>()
  #offsets = new Float64Array(1_024)
  #rows = 0
  #records = 0
  #filtered = 0
  #tombstones = 0
  #skipped = 0
  #nulled = 0
  #decodedBytes = 0
  #maxTimestamp = 0

  constructor(schema: CompiledSchema, range: OffsetRange) {
    this.#schema = schema
    this.#range = range
    this.#writers = schema.columns.map(({ spec, reader }) => columnWriter(spec.type, reader))
  }

  add(bytes: Uint8Array): void {
    const header = readBatchHeader(bytes)
    if (header.control) return
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
      if (cursor.valueStart < 0) this.#tombstones++
      else this.#value(text, cursor.valueStart, cursor.valueEnd, offset)
    }
  }

  finish(): ColumnBatch {
    const rows = this.#rows
    return {
      ...this.#range,
      rows,
      offsets: this.#offsets.slice(0, rows),
      columns: this.#writers.map(writer => writer.finish(rows)),
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
    }
  }

  #value(text: Buffer, start: number, end: number, offset: number): void {
    try {
      const record = parseRecord(text, start, end)
      const { where } = this.#schema
      if (where !== undefined && where(record) !== true) {
        this.#filtered++
        return
      }
      if (!this.#columns(record)) return
    } catch (error) {
      this.#count("", reasonOf(error))
      this.#skipped++
      return
    }
    if (this.#rows >= this.#offsets.length) this.#growOffsets()
    this.#offsets[this.#rows++] = offset
  }

  /** Writes the row's columns; false when the record is skipped. */
  #columns(record: JsonObject): boolean {
    const writers = this.#writers
    const row = this.#rows
    for (let i = 0; i < writers.length; i++) {
      try {
        writers[i]!.write(record, row)
      } catch (error) {
        const { spec, hidden } = this.#schema.columns[i]!
        this.#count(spec.name, reasonOf(error))
        if (this.#schema.badRecords === "skip" && !hidden) {
          this.#skipped++
          return false
        }
        this.#nulled++
        writers[i]!.writeNull(row)
      }
    }
    return true
  }

  #count(column: string, reason: string): void {
    const fault = column === "" ? reason : `${column}: ${reason}`
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
