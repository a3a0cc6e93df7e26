import { expect, test } from "vitest"
import { LEASE_MS, TaskLease } from "../../functions/runtime/task-lease.ts"
import { NO_DEATHS } from "../../shared/processing/task/deaths.ts"
import { memoryPorts } from "../support/memory-ports.ts"

/** Several environments over one pair of stores, whose clocks go on together. */
function environments(count: number) {
  const first = memoryPorts()
  const rest = Array.from({ length: count - 1 }, (_, index) =>
    memoryPorts({ stores: first.stores, seed: index + 2 }),
  )
  const all = [first, ...rest]
  return {
    all,
    advance: (ms: number) => {
      for (const ports of all) ports.advance(ms)
    },
  }
}

const take = (ports: ReturnType<typeof memoryPorts>) => TaskLease.take(ports, "totals", 3)

test("one has it at a time, and hands it on by letting go", async () => {
  const { all } = environments(2)
  const first = await take(all[0]!)
  expect(first).toBeDefined()
  expect(await TaskLease.take(all[1]!, "totals", 4)).toBeDefined()
  expect(await take(all[1]!)).toBeUndefined()
  // The mark first: it has to look again.
  expect(await first!.release()).toBe(false)
  expect(await take(all[1]!)).toBeUndefined()
  expect(await first!.release()).toBe(false)
  expect(await first!.release()).toBe(true)
  expect(await take(all[1]!)).toBeDefined()
})

test("of a holder that is gone it ends; a holder that was away takes nothing back", async () => {
  const { all, advance } = environments(3)
  const away = (await take(all[0]!))!
  advance(LEASE_MS - 1_000)
  expect(await take(all[1]!)).toBeUndefined()
  advance(1_001)
  const next = (await take(all[1]!))!
  expect(next).toBeDefined()
  await away.keep()
  expect(await away.release()).toBe(true)
  expect(await take(all[2]!)).toBeUndefined()
  expect(await next.release()).toBe(false)
  expect(await next.release()).toBe(true)
})

test("kept, it goes on, at a write for each half of its time, and tells of a wake", async () => {
  const { all, advance } = environments(2)
  const [own, other] = all
  const lease = (await take(own!))!
  own!.counts.reset()
  expect(await lease.keep()).toBe(false)
  expect(own!.counts.calls.metaPut).toBe(0)
  for (let halves = 0; halves < 4; halves++) {
    advance(LEASE_MS / 2 + 100)
    expect(await lease.keep()).toBe(false)
  }
  expect(own!.counts.calls).toMatchObject({ metaPut: 4, metaGet: 0 })
  expect(await take(other!)).toBeUndefined()
  advance(LEASE_MS / 2 + 100)
  expect(await lease.keep()).toBe(true)
  expect(await lease.release()).toBe(true)
})

test("what was armed is known to whoever takes it next", async () => {
  const { all } = environments(2)
  const lease = (await take(all[0]!))!
  expect(lease.armedAt).toBe(0)
  lease.armedAt = 1_767_225_700_000
  expect(await lease.release()).toBe(true)
  expect((await take(all[1]!))!.armedAt).toBe(1_767_225_700_000)
})

test("whoever takes it after one that did not let go is told how many, and which record was the last", async () => {
  const { all, advance } = environments(3)
  const suspect = { topicId: "t", partition: 1, offset: 7 }
  for (const [deaths, ports] of [...all.entries()].slice(0, 2)) {
    const lease = (await take(ports))!
    expect(lease.note).toMatchObject({ deaths, leftOut: 0 })
    await lease.store({ ...lease.note, suspect })
    advance(LEASE_MS + 1)
  }
  const third = (await take(all[2]!))!
  expect(third.note).toEqual({ deaths: 2, leftOut: 0, suspect })
  // Letting go without having got past it forgets nothing.
  expect(await third.release()).toBe(true)
  const fourth = (await take(all[0]!))!
  expect(fourth.note).toEqual({ deaths: 2, leftOut: 0, suspect })
  fourth.take(NO_DEATHS)
  expect(await fourth.release()).toBe(true)
  expect((await take(all[1]!))!.note).toEqual(NO_DEATHS)
})

test("a mark that is met while a death is noted is told at the next look", async () => {
  const { all } = environments(2)
  const lease = (await take(all[0]!))!
  expect(await take(all[1]!)).toBeUndefined()
  await lease.store({ deaths: 2, leftOut: 0 })
  expect(await lease.keep()).toBe(true)
  expect(await take(all[1]!)).toBeUndefined()
  await lease.store({ deaths: 2, leftOut: 1 })
  expect(await lease.release()).toBe(false)
  expect(await lease.release()).toBe(true)
})
