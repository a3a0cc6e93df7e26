import { createBatchBuilder, decodeRecords } from "../../../shared/log/records/index.ts"
import type { KeeperOptions, KeepReport } from "../../../shared/log/segments/log-keeper.ts"
import { LogKeeper } from "../../../shared/log/segments/log-keeper.ts"
import type { Log, RecordSource } from "../../../shared/log/types.ts"
import type { Ports } from "../../../shared/storage/time.ts"
import { type MemoryPorts, memoryPorts } from "../../support/memory-ports.ts"

export const HOUR_MS = 3_600_000
export const DAY_MS = 24 * HOUR_MS

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** A keeper that does not wait between rounds. */
export function keeper(ports: Ports, options: KeeperOptions = {}): LogKeeper {
  return new LogKeeper(ports, { roundEveryMs: 0, choresEveryMs: 0, ...options })
}

/** One round of a keeper that knows nothing; fails its test where it meets a fault. */
export async function keep(ports: Ports, options?: KeeperOptions): Promise<KeepReport> {
  const report = await keeper(ports, options).round()
  for (const { what, error } of report.faults) throw new Error(`${what}: ${(error as Error).stack}`)
  return report
}

/** Another process over the same stores. */
export function elsewhere(ports: MemoryPorts, seed = 1): MemoryPorts {
  const other = memoryPorts({ stores: ports.stores, seed })
  // Its clock is the stores': what the first one was moved on by, this one is too.
  return other
}

/** Records with keys; a value that is null is a tombstone. */
export function keyed(records: readonly (readonly [key: string, value: string | null])[]): RecordSource {
  const parts = records.map(([key, value]) => ({
    key: encoder.encode(key),
    value: value === null ? undefined : encoder.encode(value),
  }))
  return {
    count: parts.length,
    bytesMax: parts.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0) + 60, 0),
    write(builder, from, to, timestamp) {
      for (const { key, value } of parts.slice(from, to)) {
        const bytes = new Uint8Array([...key, ...(value ?? [])])
        const [start, end] = value === undefined ? [-1, -1] : [key.length, bytes.length]
        builder.add(bytes, 0, key.length, start, end, timestamp)
      }
    },
  }
}

/** A batch as a client encodes it, all records at one time. */
export function batchAt(timestamp: number, values: readonly string[]): Uint8Array {
  const builder = createBatchBuilder()
  for (const value of values) {
    const bytes = encoder.encode(value)
    builder.add(bytes, -1, -1, 0, bytes.length, timestamp)
  }
  return builder.finish().bytes
}

/** Everything that can be read of a partition from `from`, or from its start: [offset, key, value]. */
export async function everything(
  log: Log,
  id: string,
  partition = 0,
  maxBytes = 1_000_000,
  from?: number,
): Promise<[number, string | null, string | null][]> {
  const found: [number, string | null, string | null][] = []
  let offset = from ?? (await log.offsets(id, partition)).beginningOffset
  const text = (bytes: Uint8Array | null) => (bytes === null ? null : decoder.decode(bytes))
  for (;;) {
    const { batches, nextOffset } = await log.fetch(id, partition, { offset, maxBytes })
    for (const { bytes } of batches) {
      for (const record of decodeRecords(bytes)) {
        if (record.offset >= offset) found.push([record.offset, text(record.key), text(record.value)])
      }
    }
    if (nextOffset === offset) return found
    offset = nextOffset
  }
}
