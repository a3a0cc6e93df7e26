import { expect } from "vitest"
import { LogError } from "../../../shared/log/errors.ts"
import {
  type BatchBuilder,
  createBatchBuilder,
  decodeRecords,
  type FinishOptions,
  type ParsedRecords,
  type RecordHeader,
} from "../../../shared/log/records/index.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

export const utf8 = (text: string): Uint8Array => encoder.encode(text)
export const text = (bytes: Uint8Array): string => decoder.decode(bytes)
const textOrNull = (bytes: Uint8Array | null): string | null => (bytes === null ? null : text(bytes))

export interface PlainRecord {
  readonly timestamp: number
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly RecordHeader[]
}

export function add(builder: BatchBuilder, record: PlainRecord): void {
  const { key, value, timestamp, headers } = record
  const source = new Uint8Array((key?.length ?? 0) + (value?.length ?? 0))
  if (key !== null) source.set(key)
  const valueStart = key?.length ?? 0
  if (value !== null) source.set(value, valueStart)
  builder.add(
    source,
    key === null ? -1 : 0,
    key === null ? -1 : key.length,
    value === null ? -1 : valueStart,
    value === null ? -1 : source.length,
    timestamp,
    headers,
  )
}

export function batchOf(records: readonly PlainRecord[], options?: FinishOptions): Uint8Array {
  const builder = createBatchBuilder()
  for (const record of records) add(builder, record)
  return builder.finish(options).bytes
}

export const valuesBatch = (values: readonly string[], options?: FinishOptions): Uint8Array =>
  batchOf(
    values.map(value => ({ timestamp: 1_700_000_000_000, key: null, value: utf8(value), headers: [] })),
    options,
  )

/** A group's records as texts. */
export const readable = (parsed: ParsedRecords, timestamp = 5) =>
  parsed.groups.map(({ partition, records }) => {
    const builder = createBatchBuilder()
    records.write(builder, 0, records.count, timestamp)
    expect(builder.sizeBytes - 61).toBeLessThanOrEqual(records.bytesMax)
    return {
      partition,
      records: decodeRecords(builder.finish().bytes).map(record => ({
        timestamp: record.timestamp,
        key: textOrNull(record.key),
        value: textOrNull(record.value),
        headers: record.headers.map(header => [header.key, textOrNull(header.value)]),
      })),
    }
  })

/** The `LogError` that `run` throws. */
export function faultOf(run: () => unknown): LogError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(LogError)
    return error as LogError
  }
  throw new Error("expected a LogError")
}
