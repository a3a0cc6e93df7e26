import { describe, expect, test } from "vitest"
import { createJournal } from "../../functions/journal.ts"
import { createMaintain } from "../../functions/maintain.ts"
import { deadLetterOf } from "../../functions/runtime/dead-letter.ts"
import { openHome } from "../../functions/runtime/home.ts"
import type { KinesisEvent } from "../../functions/runtime/kinesis-event.ts"
import { decodeRecords } from "../../shared/log/records/index.ts"
import type { Log } from "../../shared/log/types.ts"
import { delivery } from "../log/journal-support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { ample, coldBase, type TestBase, testBase } from "./support.ts"

const SHARD = "shardId-000000000000"

/** As Kinesis hands over entries, with an emulator's padding of the sequence numbers. */
function kinesis(entries: readonly { sequence: number; data: Uint8Array }[]): KinesisEvent {
  return {
    Records: entries.map(({ sequence, data }) => {
      const sequenceNumber = String(sequence).padStart(28, "0")
      return {
        eventID: `${SHARD}:${sequenceNumber}`,
        eventSource: "aws:kinesis",
        kinesis: { sequenceNumber, partitionKey: "x", data: Buffer.from(data).toString("base64") },
      }
    }),
  }
}

async function withTopic(base: TestBase = testBase()) {
  const { log } = openHome(base)
  const { id } = await log.createTopic({ name: "events", partitions: 2, owner: "http" })
  const entry = (sequence: number, value: string, partition = 0) => ({
    sequence,
    data: delivery(sequence, id, [value], { partition }).data,
  })
  return { base, id, entry, valuesOf: (partition: number) => valuesOf(log, id, partition) }
}

async function valuesOf(log: Log, id: string, partition: number): Promise<string[]> {
  const { batches } = await log.fetch(id, partition, { offset: 0, maxBytes: 1e6 })
  return batches.flatMap(({ bytes }) =>
    decodeRecords(bytes).map(({ value }) => Buffer.from(value!).toString()),
  )
}

const five = (entry: Awaited<ReturnType<typeof withTopic>>["entry"]) =>
  [1, 2, 3, 4, 5].map(sequence => entry(sequence, `v${sequence}`))

describe("journal", () => {
  test("appends each entry once, in order, however often and in whatever cuts it comes", async () => {
    const { base, entry, valuesOf } = await withTopic()
    const entries = five(entry)
    const journal = createJournal(base)
    await journal.handle(kinesis(entries.slice(0, 3)), ample)
    await journal.handle(kinesis(entries.slice(0, 3)), ample)
    // Another environment, with another cut of the same records.
    await createJournal(coldBase(base, 1)).handle(kinesis(entries.slice(1)), ample)
    await journal.handle(kinesis(entries), ample)
    expect(await valuesOf(0)).toEqual(["v1", "v2", "v3", "v4", "v5"])
    expect(base.counts.get("JournalAppended")).toBe(3)
  })

  test("killed in a batch is delivered again, and appends what it had not", async () => {
    const { base, entry, valuesOf } = await withTopic()
    const entries = [entry(1, "a"), entry(2, "b", 1), entry(3, "c")]
    const never = new Promise<never>(() => undefined)
    const killed = memoryPorts({
      stores: base.ports.stores,
      seed: 3,
      faults: {
        before: call => (call.write && call.key.includes("#1/") ? never : Promise.resolve(undefined)),
      },
    })
    // Nobody is there any more to hear how it ended.
    createJournal({ ...base, ports: killed })
      .handle(kinesis(entries), ample)
      .catch(() => {})
    await expect.poll(() => valuesOf(0)).toEqual(["a", "c"])
    await createJournal(coldBase(base, 4)).handle(kinesis(entries), ample)
    expect([await valuesOf(0), await valuesOf(1)]).toEqual([["a", "c"], ["b"]])
  })

  test("frozen for a day and thawed over what others appended meanwhile, adds nothing", async () => {
    const { base, entry, valuesOf } = await withTopic()
    const entries = five(entry)
    const frozen = createJournal(base)
    await frozen.handle(kinesis(entries.slice(0, 2)), ample)
    await createJournal(coldBase(base, 1)).handle(kinesis(entries), ample)
    base.ports.advance(23 * 3_600_000)
    await frozen.handle(kinesis(entries.slice(2)), ample)
    expect(await valuesOf(0)).toEqual(["v1", "v2", "v3", "v4", "v5"])
  })

  test("throws on what may yet succeed, so that the shard waits", async () => {
    const { base, entry, valuesOf } = await withTopic()
    let down = true
    const faults = {
      before: async () => (down ? ({ kind: "unavailable" } as const) : undefined),
    }
    const ports = memoryPorts({ stores: base.ports.stores, seed: 5, faults })
    const journal = createJournal({ ...base, ports })
    await expect(journal.handle(kinesis([entry(1, "a")]), ample)).rejects.toThrow()
    down = false
    await journal.handle(kinesis([entry(1, "a")]), ample)
    expect(await valuesOf(0)).toEqual(["a"])
  })

  test("drops entries of a deleted topic and counts them", async () => {
    const { base, entry } = await withTopic()
    await openHome(base).log.deleteTopic("events", "http")
    await createJournal(coldBase(base, 1)).handle(kinesis([entry(1, "a")]), ample)
    const journal = createJournal(base)
    await journal.handle(kinesis([entry(1, "a"), entry(2, "b")]), ample)
    expect(base.counts.get("JournalDropped")).toBe(2)
    expect(base.cloud.letters).toEqual([])
  })
})

describe("what can never be appended", () => {
  const strange = { sequence: 2, data: Buffer.from("no entry at all") }

  test("is set aside with its record, and the shard goes on", async () => {
    const { base, entry, valuesOf } = await withTopic()
    await createJournal(base).handle(kinesis([entry(1, "a"), strange, entry(3, "c")]), ample)
    expect(await valuesOf(0)).toEqual(["a", "c"])
    expect(base.counts.get("JournalSetAside")).toBe(1)
    const key = `dead/journal/journal/${SHARD}/2`
    expect(Buffer.from((await base.ports.objects.get(key))!.body).toString()).toBe("no entry at all")
    expect(base.cloud.letters.map(({ body }) => deadLetterOf(body))).toEqual([
      expect.objectContaining({
        kind: "journal",
        shard: `journal/${SHARD}`,
        sequence: "2",
        key,
        fault: "not_an_entry",
      }),
    ])
  })

  test("fails the delivery while it cannot be set aside", async () => {
    const { base, entry, valuesOf } = await withTopic()
    base.cloud.failure = new Error("the queue is away")
    const journal = createJournal(base)
    await expect(journal.handle(kinesis([strange, entry(3, "c")]), ample)).rejects.toThrow(
      "the queue is away",
    )
    base.cloud.failure = undefined
    await journal.handle(kinesis([strange, entry(3, "c")]), ample)
    expect([await valuesOf(0), base.cloud.letters.length]).toEqual([["c"], 1])
  })

  test("is appended by a redrive once it can be, however often it is redriven", async () => {
    const { base, id, valuesOf } = await withTopic()
    const data = delivery(9, id, ["late"], { partition: 1 }).data
    const key = `dead/journal/journal/${SHARD}/9`
    await base.ports.objects.put(key, data)
    const letter = JSON.stringify({
      kind: "journal",
      shard: `journal/${SHARD}`,
      sequence: "9",
      key,
      fault: "x",
      message: "y",
    })
    for (let time = 0; time < 3; time++) await base.cloud.deadLetters.send(letter)
    const maintain = createMaintain(coldBase(base, 1))
    expect(await maintain.handle({ redrive: { max: 2 } }, ample)).toEqual({
      redriven: 2,
      failed: 0,
      remaining: 1,
    })
    expect(await maintain.handle({ redrive: { max: 2 } }, ample)).toEqual({
      redriven: 1,
      failed: 0,
      remaining: 0,
    })
    expect(await valuesOf(1)).toEqual(["late"])
  })
})
