import { readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { type Group, groupItem, readGroup } from "../../../shared/log/groups/group-item.ts"
import { type Member, memberItem, readMember } from "../../../shared/log/groups/member-item.ts"
import {
  type OffsetRecord,
  offsetItem,
  partitionOfKey,
  readOffset,
} from "../../../shared/log/groups/offset-item.ts"
import { partitionSet } from "../../../shared/log/groups/partition-set.ts"
import type { Item } from "../../../shared/storage/meta-store.ts"

// Golden files: what version 1 of each stored format looks like, for as long as it may lie in somebody's table.
const golden: Record<string, Item> = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../golden/log/groups-v1.json"), "utf8"),
)

const id = "0123456789abcdef0123456789abcdef"
const other = "fedcba9876543210fedcba9876543210"
const version = "00112233445566778899aabbccddeeff"
const set = partitionSet([
  { topicId: id, partitions: [9_999, 0, 1, 2, 7] },
  { topicId: other, partitions: [3] },
])

const group: Group = {
  epoch: 7,
  assignor: "sticky",
  members: [
    { member: "b", instanceId: "a b", subscription: { pattern: "o.*" }, assignor: "range", target: set },
    { member: "c", subscription: { topics: ["orders", "other"] }, target: partitionSet([]) },
  ],
  topics: [
    { id, name: "orders", partitions: 10_000 },
    { id: other, name: "other", partitions: 4 },
  ],
}
const empty: Group = {
  epoch: 8,
  assignor: "uniform",
  members: [],
  topics: [],
  emptySince: 1_767_225_600_123,
  closing: "deleted",
}
const member: Member = {
  joined: 3,
  epoch: 7,
  deadline: 1_767_225_645_123,
  sessionMs: 45_000,
  rebalanceMs: 60_000,
  assigned: set,
  giving: partitionSet([{ topicId: other, partitions: [0, 2] }]),
  giveUpBy: 1_767_225_660_123,
  owned: partitionSet([{ topicId: id, partitions: [0] }]),
  looked: 1_767_225_600_123,
}
const { giveUpBy: _, ...settled } = { ...member, giving: partitionSet([]), owned: set }
const offset: OffsetRecord = {
  offset: 2 ** 53 - 1,
  metadata: "ü",
  committed: 1_767_225_600_123,
  owner: "b",
  epoch: 7,
}
const stamped: OffsetRecord = { metadata: "", committed: 0, owner: "c", epoch: 1 }
const at = { topicId: id, partition: 12 }

const items: Record<string, Item> = {
  group: groupItem("shop", group, version),
  empty: groupItem("shop", empty, version),
  member: memberItem("shop", "b", member, version),
  settled: memberItem("shop", "b", settled, version),
  offset: offsetItem("shop", at, offset, version),
  stamped: offsetItem("shop", at, stamped, version),
}

test("version 1 is written as ever", () => {
  expect(items).toEqual(golden)
})

test("version 1 is read as ever", () => {
  expect(readGroup(golden.group)).toEqual(group)
  expect(readGroup(golden.empty)).toEqual(empty)
  expect(readMember(golden.member)).toEqual(member)
  expect(readMember(golden.settled)).toEqual(settled)
  expect(readOffset(golden.offset)).toEqual(offset)
  expect(readOffset(golden.stamped)).toEqual(stamped)
  expect(partitionOfKey(golden.offset)).toEqual(at)
})

test.each([
  ["group", readGroup],
  ["member", readMember],
  ["offset", readOffset],
] as const)("an unknown version of a %s is refused, not guessed at", (name, read) => {
  const item = golden[name]
  const future = { ...item, fields: { ...item.fields, v: 2 } }
  expect(() => read(future)).toThrow(expect.objectContaining({ code: "unknown_format" }))
  expect(() => read(item)).not.toThrow()
})
