import { afterEach } from "vitest"
import type { FetchFunction } from "../../client/edge/fetch-transport.ts"
import { Consumer, Producer, type ProducerOptions } from "../../client/index.ts"
import { createApi } from "../../shared/api/api.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import type { ApiServices } from "../../shared/api/types.ts"
import { startHttpServer } from "../../shared/embedded/http-server.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import { FakeSql, flights } from "../api/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

const closing: (() => Promise<unknown>)[] = []

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

export interface TestServer {
  readonly url: string
  readonly log: Log
}

/** The API over a log in memory, on a port of its own. */
export async function openServer(services: Partial<ApiServices> = {}): Promise<TestServer> {
  const ports = memoryPorts()
  const log = openLog(ports)
  const tables = { list: async () => [flights], get: async () => undefined }
  const api = createApi({ log, sql: new FakeSql(), tables, keys: keyStore(ports), ...services })
  const server = await startHttpServer({ api, port: 0 })
  closing.push(() => server.close(200))
  return { url: server.url, log }
}

export function openProducer(options: ProducerOptions): Producer {
  const producer = new Producer({ retryBackoffMs: 5, ...options })
  closing.push(() => producer.close().catch(() => undefined))
  return producer
}

export function openConsumer(options: ConstructorParameters<typeof Consumer>[0]): Consumer {
  const consumer = new Consumer({ retryBackoffMs: 5, waitMs: 500, ...options })
  closing.push(() => consumer.close().catch(() => undefined))
  return consumer
}

/** What a network does to one request: nothing, or one of its faults. */
export type Fault = "none" | "lose request" | "lose reply" | "twice" | "status 503"

/** A `fetch` with faults. @param faultOf asked for each request, by its path and number */
export function faultyFetch(faultOf: (path: string, count: number) => Fault): FetchFunction {
  let count = 0
  return async (url, init) => {
    const fault = faultOf(new URL(url).pathname, count++)
    if (fault === "lose request") throw new TypeError("the request is lost")
    if (fault === "status 503")
      return new Response('{"error_code":50301,"reason":"busy","message":"b"}', { status: 503 })
    if (fault === "twice") await (await fetch(url, init)).arrayBuffer()
    const reply = await fetch(url, init)
    if (fault !== "lose reply") return reply
    await reply.arrayBuffer()
    throw new TypeError("the reply is lost")
  }
}

/** Reads `count` records of a topic's partitions from the start, as text by partition. */
export async function readAll(
  url: string,
  topic: string,
  partitions: number,
  count: number,
): Promise<string[][]> {
  const consumer = openConsumer({ url, autoOffsetReset: "earliest" })
  await consumer.assign(
    Array.from({ length: partitions }, (_, partition) => ({ topic, partition, from: "earliest" })),
  )
  const found: string[][] = Array.from({ length: partitions }, () => [])
  let seen = 0
  while (seen < count) {
    const batch = await consumer.poll(5_000)
    if (batch === undefined) break
    for (const record of batch) {
      found[record.partition].push(record.text ?? "null")
      seen++
    }
  }
  await consumer.close()
  return found
}
