import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { markerBatch, readMarkerBatch, verifyBatch } from "../../../shared/log/records/index.ts"
import {
  readTransaction,
  type TransactionState,
  transactionItem,
} from "../../../shared/log/transactions/transaction-item.ts"
import type { Item } from "../../../shared/storage/meta-store.ts"

// Golden: what version 1 looks like, for as long as it may lie in somebody's tables.
const golden = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../golden/log/transactions-v1.json"), "utf8"),
)
const hex = (bytes: Uint8Array) => `hex:${Buffer.from(bytes).toString("hex")}`
const unhex = (text: string) => new Uint8Array(Buffer.from(text.slice(4), "hex"))

function freeze(item: Item): unknown {
  const fields = Object.entries(item.fields).map(([name, value]) => [
    name,
    value instanceof Uint8Array ? hex(value) : value,
  ])
  return { ...item, fields: Object.fromEntries(fields) }
}

function revive(stored: Item): Item {
  const fields = Object.entries(stored.fields).map(([name, value]) => [
    name,
    typeof value === "string" && value.startsWith("hex:") ? unhex(value) : value,
  ])
  return { ...stored, fields: Object.fromEntries(fields) }
}

const state: TransactionState = {
  producerId: 2 ** 52 - 1,
  epoch: 0,
  state: "committing",
  partitions: [
    { topicId: "0123456789abcdef0123456789abcdef", partition: 0 },
    { topicId: "0123456789abcdef0123456789abcdef", partition: 9_999 },
    { topicId: "fedcba9876543210fedcba9876543210", partition: 1 },
  ],
  timeoutMs: 900_000,
  deadline: 0,
  decided: [
    { producerId: 7, epoch: 32_765, committed: false, next: { producerId: 7, epoch: 32_766 }, offsets: [] },
    {
      producerId: 7,
      epoch: 32_766,
      committed: true,
      next: { producerId: 2 ** 52 - 1, epoch: 0 },
      offsets: [0, 2 ** 53 - 1],
    },
  ],
  used: 1_767_225_600_123,
}
const version = "0123456789abcdef0123456789abcdef"

test("a transactional id's item is written and read as version 1 says", () => {
  expect(freeze(transactionItem("orders # 1", version, state))).toEqual(golden.item)
  const read = readTransaction(revive(golden.item), 5, 6)
  expect(read).toEqual({ transactionalId: "orders # 1", version, date: 5, elapsed: 6, state })
})

test("an item that cannot be understood is refused", () => {
  const item = revive(golden.item)
  const other = (fields: object) => () =>
    readTransaction({ ...item, fields: { ...item.fields, ...fields } }, 0, 0)
  expect(other({ v: 2 })).toThrow("format 2, expected 1")
  expect(other({ state: "prepared" })).toThrow("transaction orders # 1: state prepared")
  expect(other({ partitions: new Uint8Array([1]) })).toThrow("the bytes end too early")
  expect(other({ decided: new Uint8Array([0, 0]) })).toThrow("bytes after the last outcome")
})

const integer = fc.maxSafeNat()
const epoch = fc.record({ producerId: integer, epoch: fc.nat(32_767) })
const states = fc.record({
  producerId: integer,
  epoch: fc.nat(32_767),
  state: fc.constantFrom("empty", "ongoing", "committing", "aborting"),
  partitions: fc.uniqueArray(
    fc.record({ topicId: fc.constantFrom("a", "b", "ü"), partition: fc.nat(9_999) }),
    { selector: ({ topicId, partition }) => `${topicId}#${partition}` },
  ),
  timeoutMs: integer,
  deadline: integer,
  decided: fc.array(
    fc
      .tuple(epoch, fc.boolean(), epoch, fc.array(integer))
      .map(([own, committed, next, offsets]) => ({ ...own, committed, next, offsets })),
    { maxLength: 5 },
  ),
  used: integer,
})

test("what is written is read again", () => {
  const byTopic = (all: TransactionState["partitions"]) =>
    ["a", "b", "ü"].flatMap(topicId => all.filter(place => place.topicId === topicId))
  fc.assert(
    fc.property(states, fc.string({ minLength: 1 }), (any, id) => {
      const read = readTransaction(transactionItem(id, version, any as TransactionState), 0, 0)
      expect(read.transactionalId).toBe(id)
      // Partitions are kept by topic.
      expect(byTopic(read.state.partitions)).toEqual(byTopic(any.partitions))
      expect({ ...read.state, partitions: [] }).toEqual({ ...any, partitions: [] })
    }),
    { numRuns: 200 },
  )
})

test("a marker is Kafka's, byte for byte and to Kafka's readers", async () => {
  const marker = { producerId: 77, producerEpoch: 4, committed: true, timestamp: 1_767_225_600_123 }
  expect(hex(markerBatch(marker))).toBe(golden.commit)
  expect(hex(markerBatch({ ...marker, committed: false }))).toBe(golden.abort)
  expect(readMarkerBatch(unhex(golden.commit))).toEqual(marker)
  expect(() => verifyBatch(unhex(golden.commit))).toThrow("no control batch from a client")
  const require = createRequire(import.meta.url)
  const Decoder = require("kafkajs/src/protocol/decoder")
  const decode = require("kafkajs/src/protocol/recordBatch/v0/decoder")
  for (const [text, type] of [
    [golden.commit, 1],
    [golden.abort, 0],
  ]) {
    const batch = await decode(new Decoder(Buffer.from(unhex(text))))
    expect(batch).toMatchObject({
      isControlBatch: true,
      inTransaction: true,
      producerId: "77",
      producerEpoch: 4,
    })
    expect(batch.records).toHaveLength(1)
    expect(batch.records[0].key.readInt16BE(2)).toBe(type)
  }
})

test("a marker of any figures is read again", () => {
  const markers = fc.record({
    producerId: integer,
    producerEpoch: fc.nat(32_767),
    committed: fc.boolean(),
    timestamp: fc.nat(2 ** 48),
  })
  fc.assert(
    fc.property(markers, marker => {
      expect(readMarkerBatch(markerBatch(marker))).toEqual(marker)
    }),
    { numRuns: 200 },
  )
})
