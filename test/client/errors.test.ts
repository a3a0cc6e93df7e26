import { describe, expect, test } from "vitest"
import type { FetchFunction } from "../../client/edge/fetch-transport.ts"
import { Admin, type ClientError, Producer } from "../../client/index.ts"
import { faultyFetch, openConsumer, openProducer, openServer, readAll } from "./support.ts"

async function server() {
  const opened = await openServer()
  await opened.log.createTopic({ name: "t", partitions: 1, owner: "http" })
  return opened
}

const failureOf = (promise: Promise<unknown>): Promise<ClientError> =>
  promise.then(
    () => {
      throw new Error("expected a failure")
    },
    (error: ClientError) => error,
  )

describe("what fails", () => {
  test("an unknown topic or partition is told of its own record, and the next one stands", async () => {
    const { url } = await server()
    const producer = openProducer({ url })
    const [none, ninth, fine] = [
      producer.send({ topic: "none", value: "x" }),
      producer.send({ topic: "t", partition: 9, value: "x" }),
      producer.send({ topic: "t", value: "y" }),
    ]
    expect(await failureOf(none)).toMatchObject({ code: "unknown_topic", status: 404, retriable: false })
    expect(await failureOf(ninth)).toMatchObject({
      code: "unknown_partition",
      message: "t has partitions 0 to 0, got 9",
    })
    expect(await fine).toEqual({ partition: 0, offset: 0 })
  })

  test("nobody has to listen: flush tells the first failure, once", async () => {
    const { url } = await server()
    const producer = openProducer({ url })
    producer.send({ topic: "none", value: "x" })
    producer.send({ topic: "t", value: "y" })
    await expect(producer.flush()).rejects.toMatchObject({ code: "unknown_topic" })
    await producer.flush()
    expect((await readAll(url, "t", 1, 1))[0]).toEqual(["y"])
  })

  test("a record that fits no batch is refused, and those around it stand", async () => {
    const { url } = await server()
    const producer = openProducer({ url })
    const sent = ["a", "x".repeat(4_000_000), "b"].map(value => producer.send({ topic: "t", value }))
    expect(await sent[0]).toMatchObject({ offset: 0 })
    expect(await failureOf(sent[1])).toMatchObject({
      code: "record_too_large",
      message: expect.stringContaining("send it in parts"),
    })
    expect(await sent[2]).toMatchObject({ offset: 1 })
    // Multi-byte text counts by its bytes, not by the most that it might have.
    expect(await producer.send({ topic: "t", value: "y".repeat(3_000_000) })).toMatchObject({ offset: 2 })
  })

  test("records that the server refuses fail by themselves", async () => {
    const opened = await openServer()
    const schema = JSON.stringify({ type: "object", required: ["id"] })
    await opened.log.createTopic({ name: "s", partitions: 1, owner: "http", schema, validate: "door" })
    const producer = openProducer({ url: opened.url, lingerMs: 0 })
    expect(await failureOf(producer.send({ topic: "s", value: "{}" }))).toMatchObject({
      code: "invalid_record",
    })
    expect(await producer.send({ topic: "s", value: '{"id":1}' })).toMatchObject({ offset: 0 })
    const both = ['{"no":1}', '{"id":2}'].map(async value => {
      const sent = producer.send({ topic: "s", value })
      return failureOf(sent).catch(() => sent)
    })
    expect((await Promise.all(both)).length).toBe(2)
    expect(await producer.send({ topic: "s", value: '{"id":3}' })).toMatchObject({ partition: 0 })
  })

  test("what is not acknowledged in time fails, and says whether it may stand", async () => {
    const { url } = await server()
    let faults = true
    const fetch = faultyFetch(path => (path === "/produce" && faults ? "lose reply" : "none"))
    const producer = openProducer({ url, fetch, deliveryTimeoutMs: 150, lingerMs: 0 })
    const late = await failureOf(producer.send({ topic: "t", value: "0" }))
    expect(late).toMatchObject({ code: "delivery_timeout", detail: { inDoubt: 1 } })
    expect(late.message).toContain("may stand nevertheless")
    faults = false
    // It stands, as it happens; what follows comes behind it. On a slow machine that may be late too.
    let delivered: number | undefined
    while (delivered === undefined)
      delivered = await producer.send({ topic: "t", value: "1" }).then(
        ({ offset }) => offset,
        () => undefined,
      )
    const [values] = await readAll(url, "t", 1, delivered + 1)
    expect([values[0], values[delivered]]).toEqual(["0", "1"])
  })

  test("a server that is not there is told as what it is", async () => {
    const gone = { url: "http://127.0.0.1:9", fetch: () => Promise.reject(new Error("refused")) }
    const error = await failureOf(
      new Admin({ ...gone, retryBackoffMs: 90_000, retryBackoffMsMax: 90_000 }).listTopics(),
    )
    expect(error).toMatchObject({ code: "unreachable", retriable: true })
    expect(error.message).toBe(
      "GET /topics: http://127.0.0.1:9 cannot be reached (refused); is the server running, and the url right?",
    )
    const producer = openProducer({ ...gone, deliveryTimeoutMs: 50 })
    const waiting = failureOf(producer.send({ topic: "t", value: "x" }))
    const closed = await producer.close().catch((reason: ClientError) => reason.code)
    expect([(await waiting).code, closed]).toEqual(["unreachable", "unreachable"])
  })

  test("a token that cannot be had for now is asked for again", async () => {
    const { url } = await server()
    let failures = 3
    const token = async () => {
      if (failures-- > 0) throw new Error("the issuer is away")
      return "token"
    }
    await openProducer({ url, token }).send({ topic: "t", value: "v" })
    expect(failures).toBeLessThan(0)
    failures = 3
    const never = { url, token, retryBackoffMs: 90_000, retryBackoffMsMax: 90_000 }
    const error = await failureOf(new Admin(never).listTopics())
    expect(error.message).toBe("token: the function that gives it failed (the issuer is away)")
    expect(error).toMatchObject({ code: "unreachable", retriable: true })
  })

  test("memory is bounded: sends wait, and too many of them are refused", async () => {
    const { url } = await server()
    const producer = openProducer({ url, bufferBytes: 2_000, waitingMax: 5, batchBytes: 1_000 })
    await producer.send({ topic: "t", value: "first" })
    const sent = Array.from({ length: 40 }, () => producer.send({ topic: "t", value: "x".repeat(100) }))
    expect(producer.isFull).toBe(true)
    const outcomes = await Promise.all(
      sent.map(each =>
        each.then(
          () => "stands",
          (error: ClientError) => error.code,
        ),
      ),
    )
    expect(new Set(outcomes)).toEqual(new Set(["stands", "buffer_full"]))
    // What nobody listened to would be lost in silence otherwise.
    await expect(producer.flush()).rejects.toMatchObject({ code: "buffer_full" })
    // Who asks for room is never refused.
    for (let at = 0; at < 200; at++) {
      await producer.ready()
      producer.send({ topic: "t", value: "y".repeat(100) })
    }
    await producer.flush()
    expect(producer.isFull).toBe(false)
  })

  test("a gateway's failure tells nothing of what was done: it is asked again, and all stands once", async () => {
    const { url, log } = await server()
    await log.createTopic({ name: "once", partitions: 1, owner: "http" })
    const failing = new Set(["/produce", "/transactions/x/commit"])
    const flaky: FetchFunction = async (to, init) => {
      const reply = await fetch(to, init)
      if (!failing.delete(new URL(to).pathname)) return reply
      await reply.arrayBuffer()
      return new Response('{"message":"Internal Server Error"}', { status: 500 })
    }
    const sent = await openProducer({ url, fetch: flaky }).send({ topic: "once", value: "0" })
    expect(sent).toEqual({ partition: 0, offset: 0 })
    const producer = openProducer({ url, fetch: flaky, transactionalId: "x" })
    await producer.transaction(tx => tx.send({ topic: "once", value: "1" }))
    expect([failing.size, (await log.offsets((await log.topic("once")).id, 0)).endOffset]).toEqual([0, 2])
  })

  test("an answer that failed is no failure of the commit", async () => {
    const { url, log } = await server()
    await log.createTopic({ name: "once", partitions: 1, owner: "http" })
    const failing = new Set(["/transactions/x/commit"])
    const broken: FetchFunction = async (to, init) => {
      const reply = await fetch(to, init)
      if (!failing.delete(new URL(to).pathname)) return reply
      await reply.arrayBuffer()
      return new Response('{"error_code":500,"reason":"internal","message":"m"}', { status: 500 })
    }
    const producer = openProducer({ url, fetch: broken, transactionalId: "x" })
    const send = async (value: string) => {
      await producer.transaction(tx => tx.send({ topic: "once", value }))
      return value
    }
    expect([await send("0"), await send("1")]).toEqual(["0", "1"])
    expect((await log.offsets((await log.topic("once")).id, 0)).endOffset).toBe(2)
  })

  test("a producer that another has replaced stops for good", async () => {
    const { url, log } = await server()
    let id = ""
    const producer = openProducer({
      url,
      fetch: async (target, init) => {
        const reply = await fetch(target, init)
        if (target.endsWith("/producers")) id = ((await reply.clone().json()) as { id: string }).id
        return reply
      },
    })
    await producer.send({ topic: "t", value: "0" })
    const stamp = { "producer-id": id, "producer-epoch": "7", "producer-seq": "0" }
    const headers = { "content-type": "application/x-ndjson", ...stamp }
    const other = await fetch(`${url}/topics/t/partitions/0`, { method: "POST", headers, body: "1\n" })
    expect(other.status).toBe(200)
    expect(await failureOf(producer.send({ topic: "t", value: "2" }))).toMatchObject({ code: "fenced" })
    expect(await failureOf(producer.send({ topic: "t", value: "3" }))).toMatchObject({ code: "fenced" })
    expect((await log.offsets((await log.topic("t")).id, 0)).endOffset).toBe(2)
  })

  test("a closed producer takes nothing, and what it had taken stands", async () => {
    const { url } = await server()
    const producer = openProducer({ url, lingerMs: 5_000 })
    producer.send({ topic: "t", value: "0" })
    await producer.close()
    expect(await failureOf(producer.send({ topic: "t", value: "1" }))).toMatchObject({ code: "closed" })
    expect((await readAll(url, "t", 1, 1))[0]).toEqual(["0"])
  })

  test("wrong options are refused by name", () => {
    const make = (options: object) => () => new Producer({ url: "http://x", ...options })
    expect(make({ lingerMs: -1 })).toThrow("lingerMs: expected 0 to 60000, got -1")
    expect(make({ compression: "br" })).toThrow("compression: expected none, gzip, snappy, lz4, zstd, got br")
    expect(make({ url: "x" })).toThrow(/^url: expected http/)
    expect(make({ transactionTimeoutMs: 1 })).toThrow("transactionTimeoutMs: expected 1000 to 900000")
  })
})

describe("an admin", () => {
  test("makes, alters, grows and deletes topics, and hears why not", async () => {
    const { url } = await server()
    const admin = new Admin({ url })
    const made = await admin.createTopic({ name: "n", partitions: 2, config: { "retention.ms": "1000" } })
    expect(made).toMatchObject({ name: "n", partitions: 2 })
    expect(await failureOf(admin.createTopic({ name: "n" }))).toMatchObject({
      code: "topic_exists",
      status: 409,
    })
    await admin.growTopic("n", 3)
    await admin.alterConfig("n", { "retention.ms": null, "cleanup.policy": "compact" })
    expect(await admin.describeTopic("n")).toEqual({
      name: "n",
      partitions: 3,
      config: { "cleanup.policy": "compact" },
    })
    expect(await failureOf(admin.growTopic("n", 1))).toMatchObject({ code: "invalid_topic" })
    expect(await admin.listTopics()).toEqual(["n", "t"])
    expect(await admin.offsets({ topic: "n", partition: 2 })).toEqual({ startOffset: 0, endOffset: 0 })
    const producer = openProducer({ url })
    expect(await failureOf(producer.send({ topic: "n", value: "v" }))).toMatchObject({
      code: "compaction_needs_key",
    })
    expect(await producer.send({ topic: "n", key: "k", value: "v" })).toMatchObject({ offset: 0 })
    await admin.deleteTopic("n")
    expect(await failureOf(admin.describeTopic("n"))).toMatchObject({ code: "unknown_topic" })
    expect(await failureOf(admin.describeTransaction("none"))).toMatchObject({ code: "unknown_transaction" })
    expect(await failureOf(admin.lag("none"))).toMatchObject({ code: "unknown_group" })
  })
})

describe("the log's start moves on", () => {
  const trimmed = async () => {
    const opened = await server()
    const producer = openProducer({ url: opened.url, batchBytes: 60 })
    for (let at = 0; at < 20; at++) await producer.send({ topic: "t", value: `${at}` })
    expect(await new Admin({ url: opened.url }).deleteRecords({ topic: "t", partition: 0 }, 12)).toBe(12)
    return opened
  }
  const at = { topic: "t", partition: 0 }

  test("a reader begins at the start, wherever it is", async () => {
    const { url } = await trimmed()
    const consumer = openConsumer({ url, autoOffsetReset: "error" })
    await consumer.assign([{ ...at, from: "earliest" }])
    expect((await consumer.poll(5_000))?.records()[0].offset).toBe(12)
  })

  test("a reader whose offset is gone does as autoOffsetReset says", async () => {
    const { url } = await trimmed()
    const from = async (autoOffsetReset: "earliest" | "latest" | "error") => {
      const consumer = openConsumer({ url, autoOffsetReset })
      await consumer.assign([{ ...at, from: 3 }])
      return consumer
    }
    expect((await (await from("earliest")).poll(5_000))?.records()[0].offset).toBe(12)
    const latest = await from("latest")
    expect(await latest.poll(200)).toBeUndefined()
    expect(latest.position(at)).toBe(20)
    const strict = await from("error")
    expect(await failureOf(strict.poll(5_000))).toMatchObject({
      code: "offset_out_of_range",
      detail: { start: 12 },
    })
    strict.seek(at, 15)
    expect((await strict.poll(5_000))?.records()[0].offset).toBe(15)
  })
})
