import { createBatchBuilder } from "../../shared/log/records/index.ts"
import { EventGenerator, type NexmarkEvent } from "./events.ts"
import { JavaRandom } from "./java-random.ts"

/** An event as it arrives: its JSON text and its time, epoch ms. */
export interface Arrival {
  readonly event: NexmarkEvent
  readonly timestamp: number
}

/**
 * `inOrder`; `outOfOrder`: Beam's, among so many events as lie in one second; `late`: in order but for one event in a
 * hundred, which comes a minute after its time.
 */
export type Order = "inOrder" | "outOfOrder" | "late"

/** How much later a late event comes, ms: beyond every watermark's delay and every session's gap. */
export const LATE_BY_MS = 60_000
const LATE_ONE_IN = 100
const MS_PER_SECOND = 1_000

/** The first `count` events, `rate` a second of event time, in the order in which they arrive. */
export function arrivals(count: number, rate: number, order: Order): Arrival[] {
  const outOfOrderGroup = order === "outOfOrder" ? rate : 1
  const generator = new EventGenerator({ rate, outOfOrderGroup })
  const made = Array.from({ length: count }, () => generator.next())
  if (order !== "late") return made
  const random = new JavaRandom(count)
  const placed = made.map((arrival, at) => {
    const isLate = random.intBelow(LATE_ONE_IN) === 0
    return { arrival, at: isLate ? at + (LATE_BY_MS / MS_PER_SECOND) * rate : at }
  })
  return placed.sort((left, right) => left.at - right.at).map(({ arrival }) => arrival)
}

/** The events as stored RecordBatches, as a producer sends them: no key, their time as the records' timestamp. */
export function recordBatches(events: readonly Arrival[], perBatch: number): Uint8Array[] {
  const batches: Uint8Array[] = []
  for (let at = 0; at < events.length; at += perBatch) {
    const builder = createBatchBuilder({ capacityBytes: perBatch * 256 })
    for (const { event, timestamp } of events.slice(at, at + perBatch)) {
      const value = Buffer.from(JSON.stringify(event))
      builder.add(value, -1, -1, 0, value.length, timestamp)
    }
    batches.push(builder.finish({ baseOffset: at }).bytes)
  }
  return batches
}
