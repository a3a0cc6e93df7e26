import { LogError, type LogErrorCode } from "../../shared/log/errors.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import { createBatchBuilder, decodeRecords } from "../../shared/log/records/index.ts"
import type { AppendResult, Log, ProducerStamp, RecordSource } from "../../shared/log/types.ts"
import type { MemoryPorts } from "../support/memory-ports.ts"

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** Records with these texts as values, no key. */
export function records(...values: string[]): RecordSource {
  const encoded = values.map(value => encoder.encode(value))
  return {
    count: values.length,
    bytesMax: encoded.reduce((sum, bytes) => sum + bytes.length + 40, 0),
    write(builder, from, to, timestamp) {
      for (const bytes of encoded.slice(from, to)) builder.add(bytes, -1, -1, 0, bytes.length, timestamp)
    },
  }
}

/** One encoded batch with these values. */
export function batch(
  values: string[],
  timestamp = 1_000,
  producerId?: number,
  baseSequence = 0,
): Uint8Array {
  const builder = createBatchBuilder()
  for (const value of values) {
    const bytes = encoder.encode(value)
    builder.add(bytes, -1, -1, 0, bytes.length, timestamp)
  }
  const stamp = producerId === undefined ? {} : { producerId, producerEpoch: 0, baseSequence }
  return builder.finish(stamp).bytes
}

export async function openWithTopic(
  ports: MemoryPorts,
  partitions = 1,
  options?: Partial<LogOptions>,
): Promise<{ log: Log; id: string }> {
  const log = openLog(ports, options)
  const { id } = await log.createTopic({ name: "events", partitions, owner: "http" })
  return { log, id }
}

export async function append(
  log: Log,
  values: string[],
  options: { partition?: number | "any"; producer?: ProducerStamp; topic?: string } = {},
): Promise<AppendResult> {
  const { partition = 0, producer, topic = "events" } = options
  const [result] = await log.append({ topic, parts: [{ partition, records: records(...values) }], producer })
  return result
}

/** Everything in a partition from `offset` on: [offset, value] pairs. */
export async function readAll(log: Log, id: string, partition = 0, offset = 0, maxBytes = 1_000_000) {
  const found: [number, string][] = []
  for (;;) {
    const fetched = await log.fetch(id, partition, { offset, maxBytes })
    for (const { bytes } of fetched.batches) {
      for (const record of decodeRecords(bytes)) {
        if (record.offset >= offset)
          found.push([record.offset, decoder.decode(record.value ?? new Uint8Array())])
      }
    }
    if (fetched.nextOffset === offset) return found
    offset = fetched.nextOffset
  }
}

/** The error that an append answered or a call threw. */
export async function failure(
  work: Promise<unknown>,
): Promise<{ code: LogErrorCode; message: string; detail: object }> {
  const result = await work.then(
    value => (value as { error?: unknown }).error,
    (error: unknown) => error,
  )
  if (!(result instanceof LogError)) throw new Error(`no LogError: ${String(result)}`)
  return { code: result.code, message: result.message, detail: result.detail }
}
