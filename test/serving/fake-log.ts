import { LogError } from "../../shared/log/errors.ts"
import type { Fetched, Log } from "../../shared/log/types.ts"
import { batchOf } from "./batches.ts"

/** A partition whose start, stable end and steps a test decides; only what tables use of a log. */
export interface FakePartition {
  readonly log: Log
  /** The stable end: a fetch sees nothing at or above it. */
  end: number
  /** What lies below is gone. */
  start: number
  /** Records a fetch returns at the most. */
  step: number
  fetches: number
}

/** A log of one topic, `events`, with one partition that holds `{"id": offset}` at every offset. */
export function fakeLog(): FakePartition {
  const topic = { id: "topic", name: "events", partitions: 1, config: {}, owner: "http" as const, created: 0 }
  const fetch = async (offset: number): Promise<Fetched> => {
    fake.fetches++
    if (offset < fake.start) {
      throw new LogError("offset_out_of_range", "gone", { detail: { start: fake.start } })
    }
    const next = Math.min(fake.end, offset + fake.step)
    if (next <= offset) return { batches: [], nextOffset: offset, endOffset: fake.end }
    // The first batch may begin below the offset that was asked for.
    const base = Math.max(fake.start, offset - 2)
    const values = Array.from({ length: next - base }, (_, i) => `{"id":${base + i},"at":${base + i}}`)
    const bytes = batchOf(values, base)
    return { batches: [{ baseOffset: base, nextOffset: next, bytes }], nextOffset: next, endOffset: fake.end }
  }
  const log: Partial<Log> = {
    topic: async () => topic,
    topicById: async () => topic,
    fetch: (_topic, _partition, request) => fetch(request.offset),
    offsets: async () => ({ beginningOffset: fake.start, endOffset: fake.end, lastStableOffset: fake.end }),
  }
  const fake: FakePartition = { log: log as Log, end: 0, start: 0, step: 1_000, fetches: 0 }
  return fake
}
