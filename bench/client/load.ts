import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises"
import { Consumer, Producer } from "../../client/index.ts"

// One side of `bench client`, in a process of its own: told by a message what to do, it answers with what that took.

/** What a process is to do. */
export type Task =
  | {
      readonly what: "produce"
      readonly url: string
      readonly topic: string
      readonly ms: number
      readonly perSecond?: number
    }
  | {
      readonly what: "consume"
      readonly url: string
      readonly topic: string
      readonly partitions: number
      readonly count: number
    }
  | {
      readonly what: "follow"
      readonly url: string
      readonly topic: string
      readonly partitions: number
      readonly ms: number
    }

/** What it took. */
export interface Took {
  readonly count: number
  readonly seconds: number
  readonly cpuSeconds: number
  /** `follow`: from `send` to the consumer's loop, ms, sorted. */
  readonly latencies?: readonly number[]
}

/** Sends between two turns of the event loop. */
const SENDS_PER_TURN = 500
const RECORD_BYTES = 200

const values = Array.from({ length: 1_000 }, (_, index) => {
  const head = `{"id":${index},"user":"user-${index % 97}","amount":${index * 7},"text":"`
  return `${head}${"x".repeat(RECORD_BYTES - head.length - 2)}"}`
})

async function produce({ url, topic, ms, perSecond }: Extract<Task, { what: "produce" }>): Promise<number> {
  const producer = new Producer({ url })
  const began = performance.now()
  let sent = 0
  while (performance.now() - began < ms) {
    const due =
      perSecond === undefined
        ? SENDS_PER_TURN
        : Math.min(5 * SENDS_PER_TURN, ((performance.now() - began) / 1_000) * perSecond - sent)
    for (let at = 0; at < due; at++) producer.send({ topic, value: values[sent++ % values.length] })
    if (producer.isFull) await producer.ready()
    else if (perSecond !== undefined) await sleep(1)
    else await turn()
  }
  await producer.close()
  return sent
}

function partitionsOf(topic: string, partitions: number, from: "earliest" | "latest") {
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, from }))
}

async function consume({
  url,
  topic,
  partitions,
  count,
}: Extract<Task, { what: "consume" }>): Promise<number> {
  const consumer = new Consumer({ url })
  await consumer.assign(partitionsOf(topic, partitions, "earliest"))
  let seen = 0
  let bytes = 0
  for await (const batch of consumer.batches()) {
    batch.forEach(record => {
      bytes += record.value?.length ?? 0
      seen++
    })
    if (seen >= count) break
  }
  await consumer.close()
  if (bytes !== seen * RECORD_BYTES) throw new Error(`${seen} records have ${bytes} bytes`)
  return seen
}

async function follow(task: Extract<Task, { what: "follow" }>, latencies: number[]): Promise<number> {
  const { url, topic, partitions, ms } = task
  const consumer = new Consumer({ url })
  await consumer.assign(partitionsOf(topic, partitions, "latest"))
  const until = performance.now() + ms
  let seen = 0
  for (;;) {
    const left = until - performance.now()
    const batch = left <= 0 ? undefined : await consumer.poll(left)
    if (batch === undefined) break
    const now = Date.now()
    batch.forEach(record => {
      // One in a hundred tells enough.
      if (++seen % 100 === 0) latencies.push(now - record.timestamp)
    })
  }
  await consumer.close()
  return seen
}

process.on("message", async (task: Task) => {
  const latencies: number[] = []
  const cpu = process.cpuUsage()
  const began = performance.now()
  const run = {
    produce,
    consume,
    follow: (each: Extract<Task, { what: "follow" }>) => follow(each, latencies),
  }
  const count = await run[task.what](task as never)
  const seconds = (performance.now() - began) / 1_000
  const { user, system } = process.cpuUsage(cpu)
  latencies.sort((a, b) => a - b)
  process.send?.({ count, seconds, cpuSeconds: (user + system) / 1e6, latencies } satisfies Took)
})
process.on("disconnect", () => process.exit())
