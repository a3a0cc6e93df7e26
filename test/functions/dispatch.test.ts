import { expect, test } from "vitest"
import { createDispatch } from "../../functions/dispatch.ts"
import { openHome } from "../../functions/runtime/home.ts"
import type { StreamEvent } from "../../functions/runtime/stream-event.ts"
import { partitionKey, slotKey } from "../../shared/log/slot.ts"
import { WAKE_RECORDS } from "../../shared/serving/builder/wake-rule.ts"
import { SPEC } from "../serving/support.ts"
import { ample, type TestBase, testBase } from "./support.ts"

/** As DynamoDB's stream tells of new items, keys only. */
function told(topicId: string, slots: readonly (readonly [partition: number, base: number])[]): StreamEvent {
  return {
    Records: slots.map(([partition, base]) => ({
      eventID: "0123",
      eventName: "INSERT",
      eventVersion: "1.1",
      eventSource: "aws:dynamodb",
      dynamodb: {
        ApproximateCreationDateTime: 1_767_225_600,
        Keys: { pk: { S: partitionKey(topicId, partition) }, sk: { S: slotKey(base) } },
        SequenceNumber: "1",
        SizeBytes: 60,
        StreamViewType: "KEYS_ONLY",
      },
    })),
  }
}

async function withTables(base: TestBase = testBase()) {
  const { log, tables } = openHome(base)
  const topic = await log.createTopic({ name: "events", partitions: 4, owner: "http" })
  await tables.create(SPEC, "http")
  await tables.create({ ...SPEC, name: "other" }, "http")
  return { base, topicId: topic.id, tables }
}

const wakesOf = ({ cloud }: TestBase) => cloud.invoked.splice(0).map(({ event }) => event)

test("a partition that it knows nothing of is woken for, once a table", async () => {
  const { base, topicId } = await withTables()
  const dispatch = createDispatch(base)
  await dispatch.handle(
    told(topicId, [
      [0, 0],
      [2, 7],
      [0, 1],
    ]),
    ample,
  )
  expect(wakesOf(base)).toEqual([
    { tables: [{ table: "events", partitions: [0, 2] }] },
    { tables: [{ table: "other", partitions: [0, 2] }] },
  ])
  await dispatch.handle(
    told(topicId, [
      [0, 2],
      [2, 8],
    ]),
    ample,
  )
  expect(wakesOf(base)).toEqual([])
  await dispatch.handle(told(topicId, [[2, 7 + WAKE_RECORDS]]), ample)
  expect(wakesOf(base)).toHaveLength(2)
})

test("the same batch again wakes nobody again", async () => {
  const { base, topicId } = await withTables()
  const dispatch = createDispatch(base)
  const event = told(topicId, [[0, 0]])
  await dispatch.handle(event, ample)
  wakesOf(base)
  for (let time = 0; time < 10; time++) await dispatch.handle(event, ample)
  expect(wakesOf(base)).toEqual([])
})

test("topics without tables, other items and strange keys wake nobody", async () => {
  const { base, topicId } = await withTables()
  const { log } = openHome(base)
  const bare = await log.createTopic({ name: "bare", partitions: 1, owner: "http" })
  const dispatch = createDispatch(base)
  await dispatch.handle(told(bare.id, [[0, 0]]), ample)
  const [record] = told(topicId, [[0, 0]]).Records
  await dispatch.handle({ Records: [{ ...record, eventName: "REMOVE" }] }, ample)
  const keys: Record<string, { S: string }>[] = [
    { pk: { S: "x" }, sk: { S: "s#1" } },
    { pk: { S: `${topicId}#0` }, sk: { S: "snapshot" } },
    {},
  ]
  for (const Keys of keys)
    await dispatch.handle({ Records: [{ eventName: "INSERT", dynamodb: { Keys } }] }, ample)
  expect(base.cloud.invoked).toEqual([])
})

test("a wake that cannot be handed over fails the invocation, and is asked for again by the next slot", async () => {
  const { base, topicId } = await withTables()
  const dispatch = createDispatch(base)
  base.cloud.failure = new Error("throttled")
  await expect(dispatch.handle(told(topicId, [[0, 0]]), ample)).rejects.toMatchObject({
    message: "2 of 2 wakes are lost",
    cause: { message: "throttled" },
  })
  expect(base.counts.get("WakesLost")).toBe(2)
  base.cloud.failure = undefined
  await dispatch.handle(told(topicId, [[0, 1]]), ample)
  expect(wakesOf(base)).toHaveLength(2)
})

test("stores that do not answer lose wakes, and fail the invocation", async () => {
  const { base } = await withTables()
  const ports = {
    ...base.ports,
    meta: { ...base.ports.meta, queryPage: async () => Promise.reject(new Error("x")) },
  }
  await expect(createDispatch({ ...base, ports }).handle(told("t", [[0, 0]]), ample)).rejects.toMatchObject({
    message: "wakes are lost: which are due could not be told",
    cause: { message: "x" },
  })
  expect(base.counts.get("WakesLost")).toBe(1)
})

test("tables made meanwhile are known within a minute, also after a freeze", async () => {
  const { base, topicId, tables } = await withTables()
  const dispatch = createDispatch(base)
  await dispatch.handle(told(topicId, [[0, 0]]), ample)
  await tables.create({ ...SPEC, name: "third" }, "http")
  wakesOf(base)
  await dispatch.handle(told(topicId, [[0, 1]]), ample)
  expect(wakesOf(base)).toEqual([])
  base.ports.advance(3_600_000)
  await dispatch.handle(told(topicId, [[0, 2]]), ample)
  expect(wakesOf(base)).toEqual([{ tables: [{ table: "third", partitions: [0] }] }])
})
