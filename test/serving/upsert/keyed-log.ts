import { createBatchBuilder, partitionForKey, patchBaseOffset } from "../../../shared/log/records/index.ts"
import type { Fetched, Log } from "../../../shared/log/types.ts"

/** A record as a test writes it; null as value deletes. */
export interface TestRecord {
  readonly key: string | null
  readonly value: Readonly<Record<string, unknown>> | null
}

/** A log that holds what a test puts into it; only what tables use of one. */
export class KeyedLog {
  readonly partitions: readonly TestRecord[][]
  /** Records that a fetch returns at the most. */
  step = 1_000

  constructor(partitions: number) {
    this.partitions = Array.from({ length: partitions }, () => [])
  }

  partitionOf(key: string): number {
    return partitionForKey(Buffer.from(key), this.partitions.length)
  }

  append(partition: number, ...records: readonly TestRecord[]): void {
    this.partitions[partition]!.push(...records)
  }

  get log(): Log {
    const topic = {
      id: "topic",
      name: "events",
      partitions: this.partitions.length,
      config: {},
      owner: "http" as const,
      created: 0,
    }
    const log: Partial<Log> = {
      topic: async () => topic,
      topicById: async () => topic,
      fetch: async (_topic, partition, { offset }) => this.#fetch(partition, offset),
      offsets: async (_topic, partition) => {
        const end = this.partitions[partition]!.length
        return { beginningOffset: 0, endOffset: end, lastStableOffset: end }
      },
    }
    return log as Log
  }

  #fetch(partition: number, offset: number): Fetched {
    const records = this.partitions[partition]!
    const endOffset = records.length
    const nextOffset = Math.min(endOffset, offset + this.step)
    if (nextOffset <= offset) return { batches: [], nextOffset: offset, endOffset }
    const bytes = batchOf(records.slice(offset, nextOffset), offset)
    return { batches: [{ baseOffset: offset, nextOffset, bytes }], nextOffset, endOffset }
  }
}

export function batchOf(records: readonly TestRecord[], baseOffset: number): Uint8Array {
  const builder = createBatchBuilder()
  for (const { key, value } of records) {
    const keyBytes = Buffer.from(key ?? "")
    const valueBytes = Buffer.from(value === null ? "" : JSON.stringify(value))
    const bytes = Buffer.concat([keyBytes, valueBytes])
    const [keyStart, keyEnd] = key === null ? [-1, -1] : [0, keyBytes.length]
    const [valueStart, valueEnd] = value === null ? [-1, -1] : [keyBytes.length, bytes.length]
    builder.add(bytes, keyStart, keyEnd, valueStart, valueEnd, 1_000 + baseOffset)
  }
  const copy = Uint8Array.from(builder.finish({}).bytes)
  patchBaseOffset(copy, baseOffset)
  return copy
}
