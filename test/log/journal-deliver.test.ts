import { describe, expect, test } from "vitest"
import { deliver, type SetAside } from "../../shared/log/journal/deliver.ts"
import { encodeEntry } from "../../shared/log/journal/entry.ts"
import { redrive } from "../../shared/log/journal/redrive.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { createBatchBuilder } from "../../shared/log/records/index.ts"
import type { Faults } from "../../shared/storage/memory/faults.ts"
import { memoryJournal } from "../../shared/storage/memory/journal.ts"
import { putOf, ScriptedFaults } from "../reproductions/scripted-faults.ts"
import { type MemoryPorts, memoryPorts } from "../support/memory-ports.ts"
import { delivery, nothingAside, send } from "./journal-support.ts"
import { append, failure, openWithTopic, readAll, records } from "./support.ts"

const valuesOf = (read: [number, string][]) => read.map(([, value]) => value)
const count = (appended: number, skipped = 0, dropped = 0, setAside = 0) => ({
  appended,
  skipped,
  dropped,
  setAside,
})

/** Has a topic more partitions, as another process may know it. */
async function grow({ meta }: MemoryPorts, id: string, partitions: number): Promise<void> {
  for (const key of [
    { pk: "topics", sk: "events" },
    { pk: `topic#${id}`, sk: "topic" },
  ]) {
    const { item } = await meta.get("meta", key)
    await meta.put("meta", {
      ...item!,
      version: `grown-${partitions}`,
      fields: { ...item!.fields, partitions },
    })
  }
}

describe("delivery", () => {
  test("what went through the door is appended once, however often and in whatever cuts it comes", async () => {
    const { log, id } = await openWithTopic(memoryPorts(), 2)
    const journal = memoryJournal()
    for (const value of ["a", "b", "c", "d"]) await send(log, journal, [value])
    await send(log, journal, ["other"], 1)
    const [shard] = journal.shards
    expect(await deliver(log, journal.read(shard, 0, 3), nothingAside)).toEqual(count(3))
    expect(await deliver(log, journal.read(shard, 0, 2), nothingAside)).toEqual(count(0, 2))
    expect(await deliver(log, journal.read(shard, 1), nothingAside)).toEqual(count(2, 2))
    expect(await deliver(log, journal.read(shard), nothingAside)).toEqual(count(0, 5))
    expect(valuesOf(await readAll(log, id))).toEqual(["a", "b", "c", "d"])
    expect(valuesOf(await readAll(log, id, 1))).toEqual(["other"])
  })

  test("a process that knows nothing yet skips what another appended", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports)
    const entries = [delivery(9, id, ["a"]), delivery(10, id, ["b"])]
    await deliver(log, entries, nothingAside)
    const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
    expect(await deliver(other, entries, nothingAside)).toEqual(count(0, 2))
    expect(await deliver(other, [...entries, delivery(11, id, ["c"])], nothingAside)).toEqual(count(1, 2))
    expect(valuesOf(await readAll(log, id))).toEqual(["a", "b", "c"])
  })

  test("records repeated within one delivery count once", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    const [a, b] = [delivery(9, id, ["a"]), delivery(10, id, ["b"])]
    expect(await deliver(log, [a, b, a, b], nothingAside)).toEqual(count(2, 2))
    expect(valuesOf(await readAll(log, id))).toEqual(["a", "b"])
  })

  test("shards are told apart by their prefix and name, and keep their own positions", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    await deliver(log, [delivery(50, id, ["a"])], { ...nothingAside, shardPrefix: "one/" })
    const both = [delivery(5, id, ["b"]), delivery(6, id, ["c"], { shard: "second" })]
    expect(await deliver(log, both, { ...nothingAside, shardPrefix: "two/" })).toEqual(count(2))
    expect(await deliver(log, both, { ...nothingAside, shardPrefix: "two/" })).toEqual(count(0, 2))
    expect(await deliver(log, both, { ...nothingAside, shardPrefix: "one/" })).toEqual(count(1, 1))
  })

  test("many small requests share batches and slots, and none of them is split", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports)
    await append(log, ["warm"])
    const many = Array.from({ length: 3_000 }, (_, i) => delivery(i + 1, id, [`v${i}`]))
    ports.counts.reset()
    expect(await deliver(log, many, nothingAside)).toEqual(count(3_000))
    expect(ports.counts.calls).toMatchObject({ metaPut: 1, objectPut: 1, metaTransact: 0 })
    const read = valuesOf(await readAll(log, id))
    expect(read).toEqual(["warm", ...many.map((_, i) => `v${i}`)])
    expect(await deliver(log, many.slice(1_000), nothingAside)).toEqual(count(0, 2_000))
  })

  test("a cold process reads a topic once, not for each of its partitions", async () => {
    const ports = memoryPorts()
    const { id } = await openWithTopic(ports, 40)
    const cold = memoryPorts({ stores: ports.stores, seed: 1 })
    const spread = Array.from({ length: 40 }, (_, i) => delivery(i + 1, id, ["x"], { partition: i }))
    expect(await deliver(openLog(cold), spread, nothingAside)).toEqual(count(40))
    // The topic's id and name, and each partition's snapshot and slots.
    expect(cold.counts.calls).toMatchObject({ metaGet: 2, metaQuery: 2 * 40, metaPut: 40 })
  })

  test("what does not fit one slot goes on in the next, in order", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports)
    const big = "x".repeat(600_000)
    const many = Array.from({ length: 30 }, (_, i) => delivery(i + 1, id, [`${i}${big}`]))
    ports.counts.reset()
    const appends = [deliver(log, many, nothingAside), ...["p", "q"].map(value => append(log, [value]))]
    expect((await Promise.all(appends))[0]).toEqual(count(30))
    expect(ports.counts.calls.metaPut).toBeGreaterThan(2)
    const read = valuesOf(await readAll(log, id, 0, 0, 10_000_000)).filter(value => value.length > 1)
    expect(read.map(value => Number.parseInt(value, 10))).toEqual(many.map((_, i) => i))
  })

  test("compressed batches are stored as they are, others with the topic's codec", async () => {
    const log = openLog(memoryPorts())
    const { id } = await log.createTopic({
      name: "events",
      partitions: 1,
      owner: "http",
      config: { "compression.type": "gzip" },
    })
    const builder = createBatchBuilder()
    records("zipped".repeat(100)).write(builder, 0, 1, 5)
    const zipped = builder.finish({ codec: "zstd" }).bytes
    const data = encodeEntry({ topicId: id, partition: 0, batch: zipped })
    const between = { position: { shard: "shard", sequence: "2" }, data }
    await deliver(log, [delivery(1, id, ["a"]), between, delivery(3, id, ["b"])], nothingAside)
    const { batches } = await log.fetch(id, 0, { offset: 0, maxBytes: 1_000_000 })
    expect(batches.map(({ bytes }) => bytes[22] & 7)).toEqual([1, 4, 1])
    expect(batches[1].bytes.subarray(12)).toEqual(zipped.subarray(12))
  })

  test("times that no batch can hold together lie in two", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    const at = (sequence: number, timestamp: number) => {
      const builder = createBatchBuilder()
      records("x").write(builder, 0, 1, timestamp)
      const data = encodeEntry({ topicId: id, partition: 0, batch: builder.finish().bytes })
      return { position: { shard: "shard", sequence: String(sequence) }, data }
    }
    const entries = [at(1, -1), at(2, Number.MAX_SAFE_INTEGER), at(3, 0)]
    expect(await deliver(log, entries, nothingAside)).toEqual(count(3))
    expect(await readAll(log, id)).toHaveLength(3)
  })
})

describe("faults of a delivery", () => {
  test.each([
    ["inline", 8 * 1024],
    ["uploaded", 0],
  ])(
    "a put lost to the same delivery elsewhere is judged again, not moved along: %s",
    async (_, inlineItemBytesMax) => {
      const faults = new ScriptedFaults()
      const ports = memoryPorts({ faults })
      const { log, id } = await openWithTopic(ports, 1, { inlineItemBytesMax })
      await append(log, ["first"])
      const entries = ["a", "b", "c"].map((value, i) => delivery(i + 1, id, [value]))
      const held = faults.hold(putOf(id))
      const slow = deliver(log, entries.slice(0, 2), nothingAside)
      await held.met
      const other = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
      expect(await deliver(other, entries, nothingAside)).toEqual(count(3))
      held.release()
      expect(await slow).toEqual(count(0, 2))
      expect(valuesOf(await readAll(log, id))).toEqual(["first", "a", "b", "c"])
    },
  )

  test("a put lost to others moves along", async () => {
    const faults = new ScriptedFaults()
    const ports = memoryPorts({ faults })
    const { log, id } = await openWithTopic(ports)
    await append(log, ["first"])
    const held = faults.hold(putOf(id))
    const slow = deliver(log, [delivery(1, id, ["a"])], nothingAside)
    await held.met
    await append(openLog(memoryPorts({ stores: ports.stores, seed: 1 })), ["between"])
    held.release()
    expect(await slow).toEqual(count(1))
    expect(valuesOf(await readAll(log, id))).toEqual(["first", "between", "a"])
  })

  test("a put whose outcome is unknown is resolved before anything else is planned", async () => {
    const faults = new ScriptedFaults()
    const { log, id } = await openWithTopic(memoryPorts({ faults }))
    await append(log, ["first"])
    faults.strike(putOf(id), { kind: "timeout-after" })
    const entries = [delivery(1, id, ["a"]), delivery(2, id, ["b"])]
    const works = [deliver(log, entries.slice(0, 1), nothingAside), deliver(log, entries, nothingAside)]
    const [one, two] = await Promise.all(works)
    expect(one.appended + two.appended).toBe(2)
    expect(valuesOf(await readAll(log, id))).toEqual(["first", "a", "b"])
  })

  test("what could not be stored throws; the same delivery again appends it", async () => {
    const faults = new ScriptedFaults()
    const { log, id } = await openWithTopic(memoryPorts({ faults }), 2)
    const big = Array.from({ length: 20 }, (_, i) => `${i}${"x".repeat(1_000)}`)
    const entries = [delivery(1, id, big), delivery(2, id, ["b"], { partition: 1 })]
    faults.strike(call => call.store === "objects" && call.operation === "put", { kind: "timeout-before" })
    faults.strike(call => call.store === "objects" && call.operation === "put", { kind: "timeout-before" })
    const tries = await Promise.allSettled([1, 2, 3].map(() => deliver(log, entries, nothingAside)))
    expect(tries.some(({ status }) => status === "fulfilled")).toBe(true)
    expect(valuesOf(await readAll(log, id))).toEqual(big)
    expect(valuesOf(await readAll(log, id, 1))).toEqual(["b"])
  })

  test("entries of a deleted topic are dropped and counted, also when its name was given anew", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    await deliver(log, [delivery(1, id, ["a"])], nothingAside)
    await log.deleteTopic("events", "http")
    const { id: again } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
    const entries = [delivery(2, id, ["b"]), delivery(3, again, ["c"]), delivery(4, "never", ["d"])]
    expect(await deliver(log, entries, nothingAside)).toEqual(count(1, 0, 2))
    expect(valuesOf(await readAll(log, again))).toEqual(["c"])
  })

  test("what can never be appended is set aside, and the shard goes on", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    const aside: SetAside[] = []
    const options = { shardPrefix: "s/", setAside: async (record: SetAside) => void aside.push(record) }
    const foreign = { position: { shard: "shard", sequence: "2" }, data: Buffer.from("hello") }
    const beyond = delivery(3, id, ["x"], { partition: 1 })
    const entries = [delivery(1, id, ["a"]), foreign, beyond, delivery(4, id, ["b"])]
    expect(await deliver(log, entries, options)).toEqual(count(2, 0, 0, 2))
    expect(aside).toMatchObject([
      { fault: "not_an_entry", shard: "s/shard", sequence: "2", data: foreign.data },
      { fault: "unknown_partition", shard: "s/shard", sequence: "3", data: beyond.data },
    ])
    const failing = { shardPrefix: "s/", setAside: () => Promise.reject(new Error("no room")) }
    await expect(deliver(log, [...entries, delivery(5, id, ["c"])], failing)).rejects.toThrow("no room")
    expect(await deliver(log, [...entries, delivery(5, id, ["c"])], options)).toMatchObject({ setAside: 2 })
    expect(valuesOf(await readAll(log, id))).toEqual(["a", "b", "c"])
  })

  test("a partition that was added since the topic was read is found; one that is not there is looked for once", async () => {
    const ports = memoryPorts()
    const { id } = await openWithTopic(ports)
    const reading = memoryPorts({ stores: ports.stores, seed: 1 })
    const other = openLog(reading)
    await deliver(other, [delivery(1, id, ["a"])], nothingAside)
    await grow(ports, id, 3)
    const entries = [delivery(2, id, ["b"], { partition: 1 }), delivery(3, id, ["c"], { partition: 2 })]
    expect(await deliver(other, entries, nothingAside)).toEqual(count(2))
    expect(valuesOf(await readAll(other, id, 1))).toEqual(["b"])
    expect(valuesOf(await readAll(other, id, 2))).toEqual(["c"])
    const beyond = [3, 4, 5].map(partition => delivery(partition + 1, id, ["x"], { partition }))
    const aside: string[] = []
    const options = { setAside: async ({ sequence }: SetAside) => void aside.push(sequence) }
    reading.counts.reset()
    expect(await deliver(other, beyond, options)).toEqual(count(0, 0, 0, 3))
    expect(aside).toEqual(["4", "5", "6"])
    expect(reading.counts.calls).toMatchObject({ metaGet: 1, metaPut: 0 })
  })

  test("a topic that does not answer sets nothing aside", async () => {
    let broken = false
    const faults: Faults = {
      before: async ({ operation }) => (broken && operation === "get" ? { kind: "unavailable" } : undefined),
    }
    const ports = memoryPorts({ faults })
    const { log, id } = await openWithTopic(ports)
    await deliver(log, [delivery(1, id, ["a"])], nothingAside)
    broken = true
    const beyond = delivery(2, id, ["x"], { partition: 1 })
    const failed = await deliver(log, [beyond], nothingAside).catch((error: unknown) => error)
    expect(failed).toMatchObject({ code: "unavailable" })
    broken = false
    await grow(ports, id, 2)
    expect(await deliver(log, [beyond], nothingAside)).toEqual(count(1))
  })

  test("what comes again for another's sake is set aside once, when that is through", async () => {
    let broken = true
    const faults: Faults = {
      before: async ({ store, write }) =>
        broken && store === "objects" && write ? { kind: "timeout-before" } : undefined,
    }
    const { log, id } = await openWithTopic(memoryPorts({ faults }))
    const aside: string[] = []
    const options = { setAside: async ({ sequence }: SetAside) => void aside.push(sequence) }
    const foreign = { position: { shard: "shard", sequence: "1" }, data: Buffer.from("hello") }
    const beyond = delivery(2, id, ["x"], { partition: 1 })
    const large = "x".repeat(300_000)
    const entries = [foreign, beyond, delivery(3, id, [large])]
    expect(await failure(deliver(log, entries, options))).toMatchObject({ code: "overloaded" })
    expect(aside).toEqual([])
    broken = false
    expect(await deliver(log, entries, options)).toMatchObject({ setAside: 2 })
    expect(aside).toEqual(["1", "2"])
    expect(valuesOf(await readAll(log, id))).toEqual([large])
  })

  test("a closing log refuses; nothing is lost by it", async () => {
    const ports = memoryPorts()
    const { log, id } = await openWithTopic(ports)
    await log.close()
    const entries = [delivery(1, id, ["a"])]
    expect(await failure(deliver(log, entries, nothingAside))).toMatchObject({ code: "overloaded" })
    const next = openLog(memoryPorts({ stores: ports.stores, seed: 1 }))
    expect(await deliver(next, entries, nothingAside)).toEqual(count(1))
  })
})

describe("redrive", () => {
  test("an entry that was set aside is appended once, however often it is redriven", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    const { position, data } = delivery(7, id, ["a", "b"])
    const entry = { shard: `s/${position.shard}`, sequence: position.sequence, data }
    const appended = { outcome: "appended", partition: 0, count: 2 }
    expect(await redrive(log, entry)).toEqual(appended)
    expect(await redrive(log, entry)).toEqual(appended)
    expect(await redrive(log, { ...entry, sequence: "8" })).toEqual(appended)
    expect(valuesOf(await readAll(log, id))).toEqual(["a", "b", "a", "b"])
  })

  test("what still cannot be appended says why; a deleted topic's entry is dropped", async () => {
    const { log, id } = await openWithTopic(memoryPorts())
    const at = { shard: "s", sequence: "1" }
    expect(await redrive(log, { ...at, data: Buffer.from("hello") })).toMatchObject({
      outcome: "failed",
      fault: "not_an_entry",
    })
    const beyond = delivery(1, id, ["x"], { partition: 3 })
    expect(await redrive(log, { ...at, data: beyond.data })).toMatchObject({
      outcome: "failed",
      fault: "unknown_partition",
    })
    const late = delivery(1, id, ["x"])
    await log.deleteTopic("events", "http")
    await log.createTopic({ name: "events", partitions: 1, owner: "http" })
    expect(await redrive(log, { ...at, data: late.data })).toEqual({ outcome: "dropped" })
  })
})

test("idle resolves once what was asked for is written, and does not wait for what nobody can decide", async () => {
  const faults = new ScriptedFaults()
  const ports = memoryPorts({ faults })
  const { log, id } = await openWithTopic(ports)
  await log.idle()
  await append(log, ["a"])
  await log.idle()
  const held = faults.hold(putOf(id))
  const waiting = append(log, ["b"])
  await held.met
  let idle = false
  const resting = log.idle().then(() => {
    idle = true
  })
  await new Promise(resolve => setImmediate(resolve))
  expect(idle).toBe(false)
  faults.strike(putOf(id), { kind: "timeout-before" })
  const again = faults.hold(putOf(id))
  held.release()
  await waiting
  await resting
  const undecided = append(log, ["c"])
  await again.met
  await log.idle()
  again.release()
  await undecided
  expect(valuesOf(await readAll(log, id))).toEqual(["a", "b", "c"])
})
