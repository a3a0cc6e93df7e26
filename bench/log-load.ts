import { createBatchBuilder, writeFrame } from "../shared/log/records/index.ts"
import { requestBytes } from "./http-load.ts"
import { ReadConnection } from "./http-read.ts"

// Batches in and out of a server, as the client library sends and asks for them, with as little client as there can be.

export const RECORDS_PER_BATCH = 1_000
const RECORD_BYTES = 200
/** Batches of one request, to as many partitions where there are so many. */
const BATCHES_PER_REQUEST = 4
const CONNECTIONS = 8
/** Requests that differ, at least: with few partitions they are the same again and again. */
const REQUESTS_MADE = 64
/** Partitions that one fetch asks for, and its bound: a batch of each is as much as ten of one. */
const PARTITIONS_PER_FETCH = 10
const FETCH_BYTES = 2 * 1024 * 1024

const FRAMED = { "content-type": "application/vnd.millrace.framed" }
const JSON_TYPE = { "content-type": "application/json" }

/** One batch of `RECORDS_PER_BATCH` records. */
export function someBatch(): Uint8Array {
  return batchOf(RECORDS_PER_BATCH, RECORD_BYTES)
}

export function batchOf(records: number, recordBytes: number): Uint8Array {
  const builder = createBatchBuilder({ capacityBytes: records * (recordBytes + 32) })
  for (let index = 0; index < records; index++) {
    const head = `{"id":${index},"user":"user-${index % 97}","amount":${index * 7},"text":"`
    const value = Buffer.from(`${head}${"x".repeat(recordBytes - head.length - 2)}"}`)
    builder.add(value, -1, -1, 0, value.length, Date.now())
  }
  return builder.finish().bytes
}

export async function createTopic(port: number, name: string, partitions: number): Promise<void> {
  const made = await fetch(`http://127.0.0.1:${port}/topics`, {
    method: "POST",
    headers: JSON_TYPE,
    body: JSON.stringify({ name, partitions }),
  })
  if (made.status !== 201) throw new Error(`${made.status}: ${await made.text()}`)
}

/** Appends batches to all partitions in turn. */
export class AppendLoad {
  readonly #makers: (() => Buffer)[] = []
  #next = 0

  constructor(topic: string, partitions: number, batch: Uint8Array) {
    const made = Math.max(REQUESTS_MADE, Math.ceil(partitions / BATCHES_PER_REQUEST))
    for (let at = 0; at < made; at++) {
      const batches = Array.from({ length: BATCHES_PER_REQUEST }, (_, index) => ({
        topic,
        partition: (at * BATCHES_PER_REQUEST + index) % partitions,
        bytes: batch.length,
      }))
      const body = () => writeFrame({ batches }, Array<Uint8Array>(BATCHES_PER_REQUEST).fill(batch))
      this.#makers.push(() => requestBytes("POST", "/produce", FRAMED, body()))
    }
  }

  /** Appends for so long. @returns records a second */
  async run(port: number, ms: number): Promise<number> {
    const connections = Array.from({ length: CONNECTIONS }, () => new ReadConnection(port))
    const began = performance.now()
    let sent = 0
    await Promise.all(
      connections.map(async connection => {
        while (performance.now() - began < ms) {
          const at = this.#next++ % this.#makers.length
          // With thousands of partitions the requests would be gigabytes: each is made when it is sent, in every load alike.
          await connection.send(this.#makers[at]!())
          sent++
        }
      }),
    )
    const seconds = (performance.now() - began) / 1_000
    for (const connection of connections) connection.close()
    return (sent * BATCHES_PER_REQUEST * RECORDS_PER_BATCH) / seconds
  }
}

interface FetchedHead {
  readonly partitions: readonly {
    readonly partition: number
    readonly nextOffset: number
    readonly endOffset?: number
    readonly bytes: readonly number[]
  }[]
}

/** Reads all partitions from their starts, again and again, for `ms`. @returns records a second */
export async function fetchLoad(
  port: number,
  topic: string,
  partitions: number,
  ms: number,
): Promise<{ recordsPerSecond: number; bytesPerSecond: number }> {
  const connections = Array.from({ length: CONNECTIONS }, () => new ReadConnection(port))
  const began = performance.now()
  let records = 0
  let bytes = 0
  let turn = 0
  await Promise.all(
    connections.map(async connection => {
      let reading: { topic: string; partition: number; offset: number }[] = []
      while (performance.now() - began < ms) {
        while (reading.length < Math.min(PARTITIONS_PER_FETCH, partitions)) {
          reading.push({ topic, partition: turn++ % partitions, offset: 0 })
        }
        const asked = Buffer.from(JSON.stringify({ partitions: reading, maxBytes: FETCH_BYTES }))
        const body = await connection.send(requestBytes("POST", "/fetch", JSON_TYPE, asked))
        const head: FetchedHead = JSON.parse(body.toString("utf8", 4, 4 + body.readUInt32BE(0)))
        reading = []
        for (const { partition, nextOffset, endOffset, bytes: lengths } of head.partitions) {
          records += lengths.length * RECORDS_PER_BATCH
          if (endOffset === undefined || nextOffset < endOffset)
            reading.push({ topic, partition, offset: nextOffset })
        }
        bytes += body.length
      }
    }),
  )
  const seconds = (performance.now() - began) / 1_000
  for (const connection of connections) connection.close()
  return { recordsPerSecond: records / seconds, bytesPerSecond: bytes / seconds }
}
