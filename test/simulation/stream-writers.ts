import type { AppendResult, TopicInfo } from "../../shared/log/types.ts"
import type { Prng } from "./prng.ts"
import {
  ask,
  drawRecords,
  findTopic,
  type Keyed,
  keyedSource,
  noteSends,
  partitionName,
  rest,
  type StreamContext,
  setOffsets,
} from "./stream-context.ts"

/** A producer is remembered for a day: who has tried for longer than this takes another epoch. */
const RETRY_MS_MAX = 12 * 3_600_000
const RETRY_PAUSE_MS_MAX = 60_000

/** Sends what has no sequence, once: what is not answered may stand or not. */
export async function runPlainWriter(
  context: StreamContext,
  client: string,
  operations: number,
  prng: Prng,
): Promise<void> {
  for (let done = 0; done < operations && !context.stopping(); done++) {
    const topic = await findTopic(context, prng, prng.pick(context.scenario.topics).name)
    if (topic !== undefined) {
      const partition = prng.integer(topic.partitions)
      await sendOnce(context, client, { topic, partition, records: drawRecords(context, prng) }, prng)
    }
    await rest(context, prng)
  }
}

interface Sending {
  readonly topic: TopicInfo
  readonly partition: number
  readonly records: readonly Keyed[]
}

async function sendOnce(context: StreamContext, client: string, sending: Sending, prng: Prng): Promise<void> {
  const { topic, partition, records } = sending
  const operation = context.book.begin(client)
  const sends = noteSends(operation, partitionName(topic.id, partition), records)
  const asked = await ask(context, prng, log =>
    log.append({
      topic: topic.name,
      topicId: topic.id,
      parts: [{ partition, records: keyedSource(records) }],
    }),
  )
  const told =
    asked.state === "done" ? outcomeOf(asked.value[0]!) : asked.state === "lost" ? "unknown" : "fail"
  if (typeof told === "number") setOffsets(sends, told)
  context.book.end(operation, typeof told === "number" ? "ok" : told)
}

function outcomeOf(result: AppendResult): number | "fail" | "unknown" {
  if (!("error" in result)) return result.baseOffset
  const { code } = result.error
  return code === "outcome_unknown" ? "unknown" : "fail"
}

/** A producer that asks until it knows; who loses its place takes a new epoch. */
export class IdempotentWriter {
  readonly #context: StreamContext
  readonly #client: string
  readonly #prng: Prng
  readonly #next = new Map<string, number>()
  #epoch = 0

  constructor(context: StreamContext, client: string, prng: Prng) {
    this.#context = context
    this.#client = client
    this.#prng = prng
  }

  async run(operations: number): Promise<void> {
    const context = this.#context
    for (let done = 0; done < operations && !context.stopping(); done++) {
      const { name } = this.#prng.pick(context.scenario.topics)
      const topic = await findTopic(context, this.#prng, name)
      if (topic !== undefined) {
        const partition = this.#prng.integer(topic.partitions)
        await this.#send({ topic, partition, records: drawRecords(context, this.#prng) })
      }
      await rest(context, this.#prng)
    }
  }

  async #send(sending: Sending): Promise<void> {
    const { book, world, hosts } = this.#context
    const { topic, partition, records } = sending
    const operation = book.begin(this.#client)
    const name = partitionName(topic.id, partition)
    const sends = noteSends(operation, name, records)
    const sequence = this.#next.get(name) ?? 0
    const began = world.now
    let doubtful = false
    for (;;) {
      const producer = { id: `writer ${this.#client}`, epoch: this.#epoch, sequence }
      const parts = [{ partition, records: keyedSource(records) }]
      const asked = await ask(this.#context, this.#prng, log =>
        log.append({ topic: topic.name, topicId: topic.id, parts, producer }),
      )
      const result = asked.state === "done" ? asked.value[0]! : undefined
      const error = asked.state === "refused" ? asked.error : result && "error" in result && result.error
      if (result !== undefined && !("error" in result)) {
        setOffsets(sends, result.baseOffset)
        return this.#end(name, sequence + records.length, () => book.end(operation, "ok"))
      }
      if (error && error.code === "duplicate") {
        return this.#end(name, sequence + records.length, () => book.end(operation, "ok"))
      }
      const passing = !error || ["outcome_unknown", "too_many_in_flight"].includes(error.code)
      if (!error || error.code === "outcome_unknown") doubtful = true
      if (!passing || world.now - began > RETRY_MS_MAX || this.#context.stopping()) break
      await hosts.pause(this.#prng.magnitude(10, RETRY_PAUSE_MS_MAX))
    }
    book.end(operation, doubtful ? "unknown" : "fail")
    // What was sent under the old epoch may still land: its sequences are not used again.
    this.#epoch++
    this.#next.clear()
  }

  #end(name: string, next: number, done: () => void): void {
    this.#next.set(name, next)
    done()
  }
}
