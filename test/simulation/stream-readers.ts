import { LogError } from "../../shared/log/errors.ts"
import { decodeRecords } from "../../shared/log/records/index.ts"
import type { Fetched, FetchRequest } from "../../shared/log/types.ts"
import type { PollEvent, ReadRecord } from "../support/stream-checker/history.ts"
import type { Prng } from "./prng.ts"
import { ask, findTopic, partitionName, rest, type StreamContext } from "./stream-context.ts"
import type { StreamReader } from "./stream-scenario.ts"

const decoder = new TextDecoder()

/** The records of a fetch from `offset` on. */
export function recordsOf(partition: string, offset: number, fetched: Fetched): ReadRecord[] {
  const records: ReadRecord[] = []
  for (const batch of fetched.batches) {
    for (const { offset: its, value } of decodeRecords(batch.bytes)) {
      if (its >= offset)
        records.push({ partition, offset: its, value: decoder.decode(value ?? new Uint8Array()) })
    }
  }
  return records
}

export interface Position {
  readonly topicId: string
  readonly partition: number
  offset: number
}

/**
 * Fetches once from a position and moves it on. `gone`: the topic is deleted. A position below the log's start goes to
 * it; that is told.
 */
export async function pollOnce(
  context: StreamContext,
  position: Position,
  request: Omit<FetchRequest, "offset">,
  prng: Prng,
): Promise<{ readonly event?: PollEvent; readonly end?: number; readonly gone?: boolean }> {
  const { topicId, partition, offset } = position
  const name = partitionName(topicId, partition)
  const asked = await ask(context, prng, log => log.fetch(topicId, partition, { ...request, offset }))
  if (asked.state === "done") {
    const fetched = asked.value
    if (fetched.nextOffset < offset)
      context.hosts.violated(`${name}: went back from ${offset} to ${fetched.nextOffset}`)
    position.offset = Math.max(offset, fetched.nextOffset)
    return { event: { kind: "poll", records: recordsOf(name, offset, fetched) }, end: fetched.endOffset }
  }
  if (asked.state === "lost") return {}
  const { error } = asked
  if (error instanceof LogError && error.code === "offset_out_of_range") {
    position.offset = Math.max(offset, Number(error.detail.start))
    return { event: { kind: "poll", records: [], repositioned: new Set([name]) } }
  }
  if (error.code === "topic_deleted" || error.code === "unknown_partition") return { gone: true }
  context.hosts.violated(`fetch of ${name} from ${offset}: ${error.code}: ${error.message}`)
  return {}
}

/** Reads all partitions of a topic by its own choice, from their start, and now and then from elsewhere. */
export async function runAssignedReader(
  context: StreamContext,
  client: string,
  spec: StreamReader,
  prng: Prng,
): Promise<void> {
  const { book } = context
  // A process may know for a minute what a name stood for before.
  const known = new Map<string, Position[]>()
  for (let done = 0; done < spec.polls && !context.stopping(); done++) {
    const topic = await findTopic(context, prng, spec.topic)
    if (topic !== undefined) {
      const positions = known.get(topic.id) ?? []
      known.set(topic.id, positions)
      for (let partition = positions.length; partition < topic.partitions; partition++) {
        positions.push({ topicId: topic.id, partition, offset: 0 })
      }
      const position = prng.pick(positions)
      const operation = book.begin(client, { isolation: spec.isolation })
      const sought = prng.chance(0.1)
      if (sought) position.offset = prng.integer(position.offset + 1)
      const request = {
        maxBytes: prng.pick([1, 300, 5_000, 1_000_000]),
        waitMs: prng.chance(0.6) ? 0 : prng.magnitude(10, 20_000),
        isolation: spec.isolation,
      }
      const { event } = await pollOnce(context, position, request, prng)
      const name = partitionName(topic.id, position.partition)
      if (sought) operation.events.push({ kind: "poll", records: [], repositioned: new Set([name]) })
      if (event !== undefined) operation.events.push(event)
      book.end(operation, event === undefined ? "unknown" : "ok")
    }
    await rest(context, prng)
  }
}
