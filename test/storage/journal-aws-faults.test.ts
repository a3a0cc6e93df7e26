import { Readable } from "node:stream"
import { expect, test } from "vitest"
import type { RequestHandler } from "../../shared/storage/aws/dated-handler.ts"
import { kinesisJournal } from "../../shared/storage/aws/journal.ts"
import { record } from "./support-journal.ts"

type Request = Parameters<RequestHandler["handle"]>[0]
type Reply = Awaited<ReturnType<RequestHandler["handle"]>>
interface Sent {
  readonly key: string
  readonly text: string
}
/** What the service answers to a call: one word a record, an error's name with its status, or a failure of the network. */
type Answer =
  | readonly ("ok" | "throttled" | "failed")[]
  | { readonly status: number; readonly name: string }
  | Error

const CODES = { throttled: "ProvisionedThroughputExceededException", failed: "InternalFailure" } as const

/** A journal whose signed requests end at a function; pauses pass at once and are counted. */
function stubbed(answer: (records: readonly Sent[], call: number) => Answer) {
  const calls: Sent[][] = []
  let elapsed = 0
  let sequence = 99
  const carrier: RequestHandler = {
    async handle(request: Request): Promise<Reply> {
      const { Records } = JSON.parse(new TextDecoder().decode(request.body)) as {
        Records: { PartitionKey: string; Data: string }[]
      }
      const sent = Records.map(({ PartitionKey: key, Data }) => {
        return { key, text: Buffer.from(Data, "base64").toString() }
      })
      const answered = answer(sent, calls.push(sent) - 1)
      if (answered instanceof Error) throw answered
      if ("status" in answered) return reply(answered.status, { __type: answered.name, message: "no" })
      const results = answered.map(word =>
        word === "ok"
          ? { ShardId: "shardId-000000000000", SequenceNumber: String(++sequence) }
          : { ErrorCode: CODES[word], ErrorMessage: word },
      )
      return reply(200, { FailedRecordCount: 0, Records: results })
    },
    destroy() {},
  }
  const journal = kinesisJournal({
    stream: "stream",
    client: {
      endpoint: "http://127.0.0.1:9",
      region: "us-east-1",
      credentials: { accessKeyId: "test", secretAccessKey: "test" },
    },
    clock: {
      now: () => Date.UTC(2026, 0, 1) + elapsed,
      elapsed: () => elapsed,
      sleep: async ms => {
        elapsed += ms
      },
    },
    carry: () => carrier,
  })
  const outcomes = async (...records: ReturnType<typeof record>[]) => {
    const puts = await journal.put(records)
    return puts.map(put => (put.outcome === "committed" ? put.position.sequence : put.outcome))
  }
  return { journal, outcomes, calls, texts: () => calls.map(call => call.map(({ text }) => text)) }
}

function reply(statusCode: number, body: object): Reply {
  const headers = { date: new Date().toUTCString(), "content-type": "application/x-amz-json-1.1" }
  return {
    response: { statusCode, headers, body: Readable.from([Buffer.from(JSON.stringify(body))]) },
  } as Reply
}

const allOk = (records: readonly Sent[]) => records.map(() => "ok" as const)

test("one call takes many keys; records of one key go in rounds", async () => {
  const { journal, outcomes, texts } = stubbed(allOk)
  const puts = await journal.put([record("a1", "a"), record("b1", "b"), record("a2", "a"), record("a3", "a")])
  expect(texts()).toEqual([["a1", "b1"], ["a2"], ["a3"]])
  expect(puts.map(put => put.outcome === "committed" && put.position)).toEqual(
    ["100", "101", "102", "103"].map(sequence => ({ shard: "stream/shardId-000000000000", sequence })),
  )
  expect(await outcomes()).toEqual([])
})

test("a refused record is tried again before any later one of its key; others of other keys go on", async () => {
  const { outcomes, texts } = stubbed((records, call) =>
    records.map(({ text }) => (call < 2 && text === "a1" ? "throttled" : "ok")),
  )
  const sequences = await outcomes(record("a1", "a"), record("a2", "a"), record("b1", "b"), record("b2", "b"))
  expect(sequences.every(each => /^\d+$/.test(each))).toBe(true)
  expect(texts()).toEqual([["a1", "b1"], ["a1", "b2"], ["a1"], ["a2"]])
})

test("what stays refused is given up after a while, and nothing of its key follows", async () => {
  const { outcomes, calls } = stubbed(records => records.map(({ key }) => (key === "a" ? "throttled" : "ok")))
  expect(await outcomes(record("a1", "a"), record("a2", "a"), record("b1", "b"))).toEqual([
    "refused",
    "refused",
    "100",
  ])
  expect(calls.length).toBeGreaterThan(3)
  expect(calls.length).toBeLessThan(30)
  expect(calls.flat().some(({ text }) => text === "a2")).toBe(false)
})

test("a record of unknown outcome is never sent again, nor anything of its key after it", async () => {
  const { outcomes, texts } = stubbed(records => records.map(({ text }) => (text === "a1" ? "failed" : "ok")))
  expect(await outcomes(record("a1", "a"), record("b1", "b"), record("a2", "a"), record("b2", "b"))).toEqual([
    "unknown",
    "100",
    "refused",
    "101",
  ])
  expect(texts()).toEqual([["a1", "b1"], ["b2"]])
})

test.each([
  ["a lost answer", () => Object.assign(new Error("socket hang up"), { code: "ECONNRESET" })],
  ["a time-out", () => Object.assign(new Error("too long"), { name: "TimeoutError" })],
  ["a failure of the service", () => ({ status: 500, name: "InternalFailure" })],
  ["an answer that says nothing of a record", () => []],
])("%s is unknown, and one call is all there was", async (_, answer) => {
  const { outcomes, calls } = stubbed(answer)
  expect(await outcomes(record("a1", "a"), record("a2", "a"), record("b1", "b"))).toEqual([
    "unknown",
    "refused",
    "unknown",
  ])
  expect(calls).toHaveLength(1)
})

test("a throttled call is tried again; one that is not allowed is not", async () => {
  const throttled = stubbed((records, call) =>
    call === 0 ? { status: 400, name: "ProvisionedThroughputExceededException" } : allOk(records),
  )
  expect(await throttled.outcomes(record("a"), record("b"))).toEqual(["100", "101"])
  expect(throttled.texts()).toEqual([["a"], ["a"], ["b"]])
  const denied = stubbed(() => ({ status: 400, name: "AccessDeniedException" }))
  expect(await denied.outcomes(record("a"), record("b"))).toEqual(["refused", "refused"])
  expect(denied.calls).toHaveLength(1)
})

test("no call has more than five MiB", async () => {
  const { outcomes, calls } = stubbed(allOk)
  const large = "x".repeat(1024 * 1024 - 10)
  const puts = await outcomes(...Array.from({ length: 12 }, (_, index) => record(large, `k${index}`)))
  expect(new Set(puts).size).toBe(12)
  expect(calls.map(call => call.length)).toEqual([5, 5, 2])
})
