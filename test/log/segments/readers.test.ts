import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { decodeRecords } from "../../../shared/log/records/index.ts"
import type { Log } from "../../../shared/log/types.ts"
import { type MemoryPorts, memoryPorts } from "../../support/memory-ports.ts"
import { append, failure } from "../support.ts"
import { DAY_MS, everything, HOUR_MS, keep, keyed } from "./support.ts"

const decoder = new TextDecoder()
const LARGE = "x".repeat(9_000)

/** Reads on from `offset` by one fetch: offset and value of each record. */
async function readOn(log: Log, id: string, offset: number, maxBytes: number) {
  const { batches, nextOffset } = await log.fetch(id, 0, { offset, maxBytes })
  const records = batches
    .flatMap(({ bytes }) => decodeRecords(bytes))
    .filter(record => record.offset >= offset)
    .map(record => [record.offset, decoder.decode(record.value ?? new Uint8Array()).slice(0, 20)] as const)
  return { records, nextOffset }
}

/** A log that goes through its days: some appends, a round, the slots of two days ago deleted. */
async function days(
  ports: MemoryPorts,
  config: Record<string, string>,
  onDay: (log: Log, id: string, day: number) => Promise<void>,
  count: number,
) {
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http", config })
  for (let day = 0; day < count; day++) {
    for (let index = 0; index < 4; index++) {
      const value = `${day}.${index} ${index % 2 === 0 ? "" : LARGE}`
      const part = {
        partition: 0,
        records: keyed([
          [`k${index}`, value],
          [`k${index}.${day}`, value],
        ]),
      } as const
      await log.append({ topic: "events", parts: [part] })
    }
    await onDay(log, id, day)
    ports.advance(DAY_MS + HOUR_MS)
    await keep(ports)
  }
  return { log, id }
}

test("readers across roll-up, slots' deletion and merges see the same records at the same offsets, one after the other", async () => {
  const ports = memoryPorts()
  const seen = new Map<string, (readonly [number, string])[]>()
  const at = new Map<string, number>()
  const slow = openLog(memoryPorts({ stores: ports.stores, seed: 3 }))
  const { log, id } = await days(
    ports,
    {},
    async (warm, topicId) => {
      // One keeps up, one reads a batch a day, one begins anew each day in a process that knows nothing.
      for (const [name, reader, maxBytes] of [
        ["warm", warm, 1_000_000],
        ["slow", slow, 1],
      ] as const) {
        const { records, nextOffset } = await readOn(reader, topicId, at.get(name) ?? 0, maxBytes)
        at.set(name, nextOffset)
        seen.set(name, [...(seen.get(name) ?? []), ...records])
      }
    },
    12,
  )
  const all = (await everything(openLog(ports), id)).map(([offset, , value]) => [offset, value!.slice(0, 20)])
  expect(all.map(([offset]) => offset)).toEqual(Array.from({ length: 96 }, (_, offset) => offset))
  expect(seen.get("warm")).toEqual(all.slice(0, seen.get("warm")!.length))
  expect(seen.get("warm")!.length).toBeGreaterThan(80)
  // What was read of slots goes on in segments, to the end.
  let offset = at.get("slow")!
  const rest = [...seen.get("slow")!]
  for (let next = -1; next !== offset; ) {
    next = offset
    const found = await readOn(slow, id, offset, 1)
    rest.push(...found.records)
    offset = found.nextOffset
    if (found.records.length === 0) break
    next = -1
  }
  expect(rest).toEqual(all)
  expect((await everything(log, id)).length).toBe(96)
})

test("a fetch that was planned from slots finds its records in the segment once slots and objects are gone", async () => {
  const ports = memoryPorts()
  const { id } = await days(ports, {}, async () => {}, 1)
  const before = await everything(openLog(ports), id)
  // A process that read index and slots before: it stops while it asks for the flush's object.
  const reader = memoryPorts({ stores: ports.stores, seed: 5 })
  let stopped: (() => void) | undefined
  let waiting: Promise<void> | undefined
  const get = reader.objects.get.bind(reader.objects)
  const paused = openLog({
    ...reader,
    objects: {
      ...reader.objects,
      put: reader.objects.put.bind(reader.objects),
      list: reader.objects.list.bind(reader.objects),
      deleteMany: reader.objects.deleteMany.bind(reader.objects),
      get: async (key, range) => {
        if (key.startsWith("seg/") && waiting === undefined) {
          waiting = new Promise(resolve => (stopped = resolve))
          await waiting
        }
        return get(key, range)
      },
    },
  })
  const fetching = paused.fetch(id, 0, { offset: 0, maxBytes: 1_000_000 })
  while (stopped === undefined) await new Promise(resolve => setTimeout(resolve, 1))
  // Meanwhile the segment is merged with others, and deleted.
  for (let day = 0; day < 9; day++) {
    await append(openLog(ports), [`more ${day}`])
    ports.advance(DAY_MS + HOUR_MS)
    await keep(ports)
  }
  stopped()
  const { batches } = await fetching
  const found = batches.flatMap(({ bytes }) => decodeRecords(bytes)).map(({ offset }) => offset)
  expect(found.slice(0, 8)).toEqual(before.map(([offset]) => offset))
})

test("a reader that retention overtakes in the middle of a fetch is told where the log begins", async () => {
  const ports = memoryPorts()
  const { log, id } = await days(ports, { "retention.ms": String(2 * DAY_MS) }, async () => {}, 5)
  const { beginningOffset } = await openLog(ports).offsets(id, 0)
  expect(beginningOffset).toBeGreaterThan(0)
  // Its index may be a minute old: what it plans to read is gone.
  expect(await failure(log.fetch(id, 0, { offset: beginningOffset - 1, maxBytes: 10 }))).toMatchObject({
    code: "offset_out_of_range",
    detail: { start: beginningOffset },
  })
  expect((await everything(log, id)).length).toBe(40 - beginningOffset)
})

test("a reader of a compacted log meets each offset that is left once, in order, while it is compacted", async () => {
  const ports = memoryPorts()
  const reader = openLog(memoryPorts({ stores: ports.stores, seed: 7 }))
  const seen: (readonly [number, string])[] = []
  let offset = 0
  const { id } = await days(
    ports,
    { "cleanup.policy": "compact" },
    async (_, topicId) => {
      for (let fetches = 0; fetches < 2; fetches++) {
        const found = await readOn(reader, topicId, offset, 1)
        seen.push(...found.records)
        offset = found.nextOffset
      }
    },
    8,
  )
  const offsets = seen.map(([its]) => its)
  expect(offsets).toEqual([...new Set(offsets)].sort((left, right) => left - right))
  const left = new Map(
    (await everything(openLog(ports), id)).map(([its, , value]) => [its, value!.slice(0, 20)]),
  )
  // Of what is left, nothing was passed over.
  for (const [its, value] of left) if (its < offset) expect(seen).toContainEqual([its, value])
  expect(left.size).toBe(4 + 8 * 4)
})

test("readers of one process that all find objects gone do not get in each other's way", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  for (let at = 0; at < 3; at++) await append(log, ["x".repeat(40_000)])
  const reader = memoryPorts({ stores: ports.stores, seed: 5 })
  let turn = 0
  // Each reads the store at a pace of its own.
  const late = async () => {
    for (let turns = turn++ % 7; turns > 0; turns--) await new Promise(resolve => setImmediate(resolve))
  }
  const { meta, objects } = reader
  const slow = Object.assign(Object.create(meta), {
    get: async (...all: Parameters<typeof meta.get>) => late().then(() => meta.get(...all)),
    queryPage: async (...all: Parameters<typeof meta.queryPage>) => late().then(() => meta.queryPage(...all)),
  })
  const lateObjects = Object.assign(Object.create(objects), {
    get: async (...all: Parameters<typeof objects.get>) => late().then(() => objects.get(...all)),
  })
  const many = openLog({ ...reader, meta: slow, objects: lateObjects })
  await many.offsets(id, 0)
  for (let day = 0; day < 3; day++) {
    ports.advance(DAY_MS + HOUR_MS)
    await keep(ports)
  }
  const fetches = Array.from({ length: 12 }, () => many.fetch(id, 0, { offset: 0, maxBytes: 1_000_000 }))
  const ended = await Promise.allSettled(fetches)
  expect(ended.map(({ status, ...rest }) => (status === "fulfilled" ? status : rest))).toEqual(
    Array<string>(12).fill("fulfilled"),
  )
})
