import { gzipSync } from "node:zlib"
import { expect, test } from "vitest"
import { createBatchBuilder } from "../../../shared/log/records/index.ts"
import { answered, BATCHES, matching, NDJSON, refused, type Tests } from "./replies.ts"

/** A batch whose one record has a timestamp of its own. */
function batchOf(text: string): Uint8Array {
  const builder = createBatchBuilder()
  const value = Buffer.from(text)
  builder.add(value, -1, -1, 0, value.length, 1_000)
  return builder.finish({}).bytes
}

/** Records in and out. */
export function records({ ask }: Tests): void {
  const to = "POST /topics/contract/partitions/1"
  const from = "GET /topics/contract/partitions/1/records?timeout=0"
  const offset = (partition: number, at: number) => ({ partition, offset: at, error_code: null, error: null })
  const kafka = { "content-type": "application/vnd.kafka.json.v2+json" }

  test("go in and come out as they were, with their offsets", async () => {
    const sent = [
      {
        key: "a",
        value: { n: 1, text: "ü€😀" },
        timestamp: 1_000,
        headers: [{ name: "trace", value: "t-1" }],
      },
      { key: "b", value: [1.5, null, true], timestamp: 2_000 },
      { key: "a", value: null, timestamp: 3_000 },
    ]
    expect(await ask(to, { headers: kafka, body: JSON.stringify({ records: sent }) })).toEqual(
      answered(200, { offsets: [0, 1, 2].map(at => offset(1, at)) }),
    )
    expect(await ask(from)).toEqual(
      answered(
        200,
        sent.map((record, at) => ({ topic: "contract", partition: 1, offset: at, headers: [], ...record })),
        { "cache-control": "no-store", "millrace-next-offset": "3", "millrace-end-offset": "3" },
      ),
    )
    expect(await ask("GET /topics/contract/partitions/1/offsets")).toEqual(
      answered(200, { beginning_offset: 0, end_offset: 3 }),
    )
  })

  test("are found by offset and by time, and end with an empty list", async () => {
    const values = async (query: string) => {
      const { body } = await ask(`${from}&${query}`)
      return (body as { offset: number }[]).map(record => record.offset)
    }
    expect(await values("offset=1")).toEqual([1, 2])
    expect(await values("timestamp=2500")).toEqual([2])
    expect(await ask(`${from}&offset=3`)).toMatchObject({
      status: 200,
      body: [],
      headers: { "millrace-next-offset": "3" },
    })
    expect(await ask(`${from}&offset=0&timestamp=1`)).toMatchObject({
      status: 422,
      body: { reason: "invalid" },
    })
  })

  test("may be compressed, summed up, and as many partitions as there are", async () => {
    const lines = ["a", "b", "c", "d"].map(id => JSON.stringify({ id })).join("\n")
    const headers = { ...NDJSON, "content-encoding": "gzip" }
    const { status, body } = await ask("POST /topics/contract?key=id&summary", {
      headers,
      body: gzipSync(lines),
    })
    expect(status).toBe(200)
    const { offsets } = body as { offsets: { partition: number; count: number }[] }
    expect(offsets.reduce((sum, { count }) => sum + count, 0)).toBe(4)
    expect(offsets.map(({ partition }) => partition).toSorted()).toEqual([0, 1])
  })

  test("travel as batches, byte for byte", async () => {
    const first = ((await ask("GET /topics/contract/partitions/0/offsets")).body as { end_offset: number })
      .end_offset
    const sent = { headers: BATCHES, body: Buffer.concat([batchOf('"x"'), batchOf('"y"')]) }
    expect(await ask("POST /topics/contract/partitions/0", sent)).toEqual(
      answered(200, { offsets: [offset(0, first), offset(0, first + 1)] }),
    )
    expect(await ask("POST /topics/contract", sent)).toMatchObject({ status: 415 })
    const damaged = batchOf('"z"')
    damaged[damaged.length - 3]! ^= 1
    expect(
      await ask("POST /topics/contract/partitions/0", { headers: BATCHES, body: damaged }),
    ).toMatchObject({
      status: 422,
      body: { error_code: 42211, reason: "corrupt_batch", message: matching(/CRC32C: expected 0x/) },
    })
  })

  test("of a producer are stored once, however often they are sent", async () => {
    const end = async () =>
      ((await ask("GET /topics/contract/partitions/0/offsets")).body as { end_offset: number }).end_offset
    const first = await end()
    const send = (seq: number, epoch = 1) =>
      ask("POST /topics/contract/partitions/0", {
        headers: {
          ...NDJSON,
          "producer-id": "p",
          "producer-epoch": String(epoch),
          "producer-seq": String(seq),
        },
        body: "1\n2",
      })
    const stored = answered(200, { offsets: [offset(0, first), offset(0, first + 1)] })
    expect(await send(0)).toEqual(stored)
    expect(await send(0)).toEqual(stored)
    expect(await send(5)).toEqual({
      ...refused(409, "gap", expect.any(String), { code: 40912 }),
      body: { error_code: 40912, reason: "gap", message: expect.any(String), expected: 2 },
    })
    expect(await send(0, 0)).toMatchObject({ status: 403, body: { error_code: 40303, reason: "fenced" } })
    expect(await end()).toBe(first + 2)
  })
}
