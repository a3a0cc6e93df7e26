import { expect, test } from "vitest"
import { ExpiryRounds } from "../../../shared/log/groups/expiry-rounds.ts"
import { openLog } from "../../../shared/log/open-log.ts"
import type { Fault, Faults, StoreCall } from "../../../shared/storage/memory/faults.ts"
import { memoryStores } from "../../../shared/storage/memory/memory-stores.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { Consumer, codeOf, settle } from "./consumer.ts"

/** Processes over one store: each has its own faults, and a clock that is wrong. */
function world() {
  let date = Date.UTC(2026, 0, 1)
  const stores = memoryStores({ date: () => date })
  let seed = 0
  const open = (faults?: Faults, skewMs = 0) => {
    const ports = memoryPorts({ stores, seed: ++seed })
    const { objects, meta } = stores.connect(faults)
    let slept = 0
    const sleep = async (ms: number) => {
      slept += ms
    }
    const own = { now: () => date + skewMs, elapsed: () => date + slept, sleep }
    return openLog({ ...ports, objects, meta, clock: own })
  }
  const advance = (ms: number) => {
    date += ms
  }
  return { open, advance, stores }
}

/** Faults of some calls, once each. */
function once(
  ...wanted: [matches: (call: StoreCall) => boolean, fault: Fault["kind"]][]
): Faults & { left(): number } {
  const waiting = [...wanted]
  return {
    left: () => waiting.length,
    async before(call) {
      const at = waiting.findIndex(([matches]) => matches(call))
      return at < 0 ? undefined : ({ kind: waiting.splice(at, 1)[0][1] } as Fault)
    },
  }
}

const events = { name: "events", partitions: 4, owner: "http" as const }

test.each(["timeout-before", "timeout-after", "hidden-retry", "conflict", "throttle"] as const)(
  "writes of a join, a heartbeat, a take-over, a commit and a leave, each %s: as if nothing had been",
  async kind => {
    const { open } = world()
    await open().createTopic(events)
    const faults = once(
      [({ operation, key }) => operation === "transact" && key === "group#g/group", kind],
      [({ operation, key }) => operation === "put" && key.startsWith("group#g/m#"), kind],
      [({ operation, key }) => operation === "put" && key.startsWith("group#g/o#"), kind],
    )
    const { groups } = open(faults)
    const a = new Consumer(groups, "a")
    await settle(a)
    expect(a.partitions).toEqual([0, 1, 2, 3])
    expect(faults.left()).toBe(0)
    const commits = once([({ operation, key }) => operation === "put" && key.includes("/o#"), kind])
    a.groups = open(commits).groups
    expect(await a.commit([{ topic: "events", partition: 1, offset: 5 }])).toEqual([undefined])
    expect(commits.left()).toBe(0)
    const leaves = once([({ operation }) => operation === "transact", kind])
    a.groups = open(leaves).groups
    await a.leave()
    expect(leaves.left()).toBe(0)
    expect(await groups.describe("g")).toMatchObject({ state: "empty", epoch: 2, members: [] })
    expect(await groups.committed("g")).toMatchObject([{ partition: 1, offset: 5 }])
  },
)

test("lost replies: the same heartbeat again, by another process, is answered as the first", async () => {
  const { open } = world()
  const log = open()
  await log.createTopic(events)
  const a = new Consumer(log.groups, "a")
  const joined = await a.send()
  a.groups = open().groups
  expect(await a.send()).toEqual(joined)
  a.take(joined)
  const b = new Consumer(log.groups, "b")
  await b.beat()
  const told = await a.send()
  expect(told).toMatchObject({ memberEpoch: 2, assignment: [{ partition: 0 }, { partition: 1 }] })
  a.groups = log.groups
  expect(await a.send()).toEqual(told)
  // Both told what was owned before: nothing was given up by it.
  await b.beat()
  expect(b.partitions).toEqual([])
  a.take(told)
  await settle(a, b)
  expect(b.partitions).toEqual([2, 3])
})

test("a heartbeat that was under way since before the member read a partition gives nothing up", async () => {
  const { open } = world()
  const log = open()
  await log.createTopic(events)
  const a = new Consumer(log.groups, "a")
  a.take(await a.send())
  const late = { group: "g", member: "a", memberEpoch: 1, owned: [] }
  await a.beat()
  const b = new Consumer(log.groups, "b")
  await b.beat()
  for (const _ of ["before it is told to give up", "after that"]) {
    await log.groups.heartbeat(late)
    await b.beat()
    expect(b.partitions).toEqual([])
    await a.send()
  }
  expect(await a.mayFetch()).toEqual([true, true, true, true])
  await settle(a, b)
  expect(b.partitions).toHaveLength(2)
})

test("many join at once by processes whose clocks are wrong; none is left out, and time-outs are the store's", async () => {
  const { open, advance } = world()
  const skews = [0, -24 * 3_600_000, 24 * 3_600_000]
  const logs = skews.map(skew => open(undefined, skew))
  await logs[0].createTopic({ ...events, partitions: 30 })
  const all = Array.from({ length: 15 }, (_, index) => new Consumer(logs[index % 3].groups, `m${index + 10}`))
  await Promise.all(all.map(each => each.beat()))
  for (let round = 0; round < 4; round++) await Promise.all(all.map(each => each.beat()))
  await settle(...all)
  expect(all.map(({ partitions }) => partitions.length)).toEqual(Array(15).fill(2))
  expect(new Set(all.flatMap(({ partitions }) => partitions)).size).toBe(30)
  advance(44_000)
  for (const each of all.slice(0, 5)) await each.beat()
  expect((await logs[1].groups.describe("g")).members).toHaveLength(15)
  advance(2_000)
  for (let round = 0; round < 3; round++) for (const each of all.slice(0, 5)) await each.beat()
  expect(all.slice(0, 5).map(({ partitions }) => partitions.length)).toEqual(Array(5).fill(6))
  expect(await codeOf(all[9].beat())).toBe("unknown_member")
})

test("a process that freezes between its reads and its write takes nothing over that is another's by then", async () => {
  const { open, advance } = world()
  const log = open()
  await log.createTopic({ ...events, partitions: 1 })
  const held: (() => void)[] = []
  const frozen = open({
    before: async ({ operation, key }) => {
      if (operation === "put" && key.includes("/o#")) await new Promise<void>(resolve => held.push(resolve))
      return undefined
    },
  })
  const a = new Consumer(frozen.groups, "a")
  const late = a.send()
  while (held.length === 0) await new Promise(resolve => setImmediate(resolve))
  advance(46_000)
  const b = new Consumer(log.groups, "b")
  await b.beat()
  await settle(b)
  expect(b.partitions).toEqual([0])
  held[0]()
  expect(a.take(await late).assignment).toEqual([])
  expect(await b.mayFetch()).toEqual([true])
  expect(await codeOf(a.beat())).toBe("unknown_member")
})

test("who comes back while it is taken out stays", async () => {
  const { open, advance } = world()
  const log = open()
  await log.createTopic({ ...events, partitions: 2 })
  const held: (() => void)[] = []
  const frozen = open({
    before: async ({ operation }) => {
      if (operation === "transact" && held.length === 0)
        await new Promise<void>(resolve => held.push(resolve))
      return undefined
    },
  })
  const [a, b] = ["a", "b"].map(name => new Consumer(log.groups, name))
  await a.beat()
  await settle(a, b)
  advance(40_000)
  await b.beat()
  advance(6_000)
  b.groups = frozen.groups
  const sweeping = b.beat()
  while (held.length === 0) await new Promise(resolve => setImmediate(resolve))
  await a.beat()
  held[0]()
  await sweeping
  await settle(a, b)
  expect([a.partitions, b.partitions]).toEqual([[0], [1]])
  expect(await log.groups.describe("g")).toMatchObject({ epoch: 2 })
})

test("what a member says that it owns and does not is told to it, and kept nowhere", async () => {
  const log = memoryLog()
  const { id } = await log.createTopic({ ...events, partitions: 100 })
  const a = new Consumer(log.groups, "a")
  await settle(a)
  const partitions = Array.from({ length: 50_000 }, (_, index) => 2 * index)
  const owned = [id, "f".repeat(32)].map(topicId => ({ topic: "", topicId, partitions }))
  const { assignment } = await log.groups.heartbeat({ group: "g", member: "a", memberEpoch: 1, owned })
  expect(assignment).toHaveLength(100)
  const { members } = await log.groups.describe("g")
  expect(members[0].assignment.map(each => each.partitions)).toEqual([partitions.slice(0, 50)])
})

test("a reader outside commits once the members' time has passed, though nobody has taken them out", async () => {
  const { open, advance } = world()
  const log = open()
  await log.createTopic(events)
  const a = new Consumer(log.groups, "a")
  await settle(a)
  const commit = () => log.groups.commit("g", [{ topic: "events", partition: 0, offset: 1 }])
  expect(await commit()).toMatchObject([{ error: { code: "fenced_member" } }])
  advance(46_000)
  expect(await commit()).toEqual([{ topic: "events", partition: 0 }])
  expect(await a.commit([{ topic: "events", partition: 0, offset: 2 }])).toEqual(["fenced_member"])
  // It was silent, and lives: the partition is its own again once it says that it does not read it.
  a.owned.delete([...a.owned.keys()][0])
  await settle(a)
  expect(await a.commit([{ topic: "events", partition: 0, offset: 2 }])).toEqual([undefined])
})

test("what has expired goes in bounded steps, and what cannot be deleted holds up nothing", async () => {
  const { open, advance } = world()
  const log = open()
  await log.createTopic({ ...events, partitions: 1_200 })
  const offsets = Array.from({ length: 1_200 }, (_, partition) => ({ topic: "events", partition, offset: 1 }))
  await log.groups.commit("big", offsets)
  for (const name of ["a", "z"]) await log.groups.commit(name, offsets.slice(0, 1))
  advance(8 * 24 * 3_600_000)
  const stuck = open({
    before: async ({ operation }) => (operation === "delete" ? { kind: "throttle" } : undefined),
  })
  expect(await stuck.groups.expire()).toEqual({ groups: 3, offsets: 0, faults: [] })
  expect(await log.groups.expire()).toEqual({ groups: 1, offsets: 500, faults: [], next: "a" })
  expect(await log.groups.expire("a")).toEqual({ groups: 0, offsets: 500, faults: [], next: "a" })
  expect(await log.groups.expire("a")).toEqual({ groups: 2, offsets: 202, faults: [] })
  expect(await log.groups.list()).toEqual([])
})

test("a group that cannot be read is told of, and keeps no other from expiring", async () => {
  const { open, advance, stores } = world()
  const log = open()
  await log.createTopic(events)
  for (const name of ["a", "b", "c"])
    await log.groups.commit(name, [{ topic: "events", partition: 0, offset: 1 }])
  const item = [...stores.items("meta")].find(({ pk, sk }) => pk === "group#b" && sk === "group")!
  await stores.meta.put("meta", { ...item, version: "0".repeat(32), fields: { ...item.fields, v: 2 } })
  advance(8 * 24 * 3_600_000)
  let elapsed = 0
  const rounds = new ExpiryRounds(open().groups, { elapsed: () => elapsed })
  await expect(rounds.round(() => true)).rejects.toMatchObject({ code: "unknown_format" })
  const left = () => [...stores.items("meta")].filter(({ pk }) => pk === "groups").map(({ sk }) => sk)
  expect(left()).toEqual(["b"])
  await rounds.round(() => true)
  elapsed = 3_600_000
  await expect(rounds.round(() => true)).rejects.toMatchObject({ code: "unknown_format" })
})

test("a store that does not answer is told so, and the next call works", async () => {
  const { open } = world()
  const log = open()
  await log.createTopic(events)
  let silent = true
  const faulty = open({
    before: async ({ write }) => (silent && write ? { kind: "timeout-before" } : undefined),
  })
  const a = new Consumer(faulty.groups, "a")
  silent = false
  await settle(a)
  silent = true
  const slow = open({ before: async ({ write }) => (write ? { kind: "throttle" } : undefined) })
  const results = slow.groups.commit("g", [{ topic: "events", partition: 0, offset: 1 }], a.stamp)
  expect(await results).toMatchObject([
    { partition: 0, error: { code: expect.stringMatching("overloaded|outcome_unknown") } },
  ])
  silent = false
  expect(await a.commit([{ topic: "events", partition: 0, offset: 1 }])).toEqual([undefined])
})

test.each([
  [{ member: "" }, "member: expected 1 to 256 printable ASCII characters"],
  [{ member: "a\n" }, "member:"],
  [{ group: " g" }, "group:"],
  [{ group: "g".repeat(257) }, "group:"],
  [{ memberEpoch: -1 }, "memberEpoch: expected an integer from 0"],
  [{ subscription: undefined }, "subscription: expected when joining"],
  [{ subscription: { topics: [] } }, "subscription.topics: expected 1 to 1000 names, got 0"],
  [{ subscription: { pattern: "(" } }, "pattern"],
  [{ assignor: "best" as never }, "assignor: expected range, uniform, sticky"],
  [{ sessionTimeoutMs: 5_999 }, "sessionTimeoutMs: expected an integer from 6000 to 1800000, got 5999"],
  [{ rebalanceTimeoutMs: 1 }, "rebalanceTimeoutMs:"],
])("what is wrong is refused and told (%#)", async (wrong, message) => {
  const log = memoryLog()
  await log.createTopic(events)
  const { groups } = log
  const beat = { group: "g", member: "a", memberEpoch: 0, owned: [], subscription: { topics: ["events"] } }
  const refused = groups.heartbeat({ ...beat, ...wrong } as never)
  await expect(refused).rejects.toMatchObject({
    code: "invalid_group",
    message: expect.stringContaining(message),
  })
  expect((await groups.heartbeat(beat)).assignment).toHaveLength(4)
})

test("a group that would be too large is refused, and goes on as it is", async () => {
  const log = memoryLog()
  for (const name of ["events", "most"]) await log.createTopic({ ...events, name, partitions: 10_000 })
  await log.createTopic({ ...events, name: "more", partitions: 1_200 })
  const a = new Consumer(log.groups, "a", { subscription: { topics: ["nothing", "more"] } })
  await a.beat()
  const b = new Consumer(log.groups, "b", { subscription: { pattern: "events|mo.*" } })
  await expect(b.beat()).rejects.toMatchObject({
    code: "group_too_large",
    message: "group g: 21200 partitions, at most 20000",
    detail: { max: 20_000 },
  })
  for (const taken of [500, 1_000]) {
    expect(a.partitions).toHaveLength(taken)
    expect(a.interval).toBe(1_000)
    await a.beat()
  }
  expect(a.partitions).toHaveLength(1_200)
  expect(await log.groups.describe("g")).toMatchObject({ epoch: 1, members: [{ member: "a" }] })
  const offsets = [{ topic: "more", partition: 0, offset: 1, metadata: "é".repeat(2_049) }]
  await expect(a.groups.commit("g", offsets, a.stamp)).rejects.toMatchObject({ code: "invalid_group" })
  expect(await a.commit([{ topic: "more", partition: 0, offset: 1, metadata: "é".repeat(2_048) }])).toEqual([
    undefined,
  ])
})

function memoryLog() {
  return openLog(memoryPorts())
}

test("topics that would make a group too large are not taken up, and stop none of its members", async () => {
  const ports = memoryPorts()
  const log = openLog(ports)
  await log.createTopic({ ...events, partitions: 2 })
  const a = new Consumer(log.groups, "a", { subscription: { pattern: ".*" } })
  await a.beat()
  for (const name of ["many", "more"]) await log.createTopic({ ...events, name, partitions: 10_000 })
  for (let times = 0; times < 3; times++) {
    ports.advance(40_000)
    await a.beat()
  }
  expect(a.partitions).toEqual([0, 1])
  expect(await a.commit([{ topic: "events", partition: 1, offset: 3 }])).toEqual([undefined])
})
