import { expect, test } from "vitest"
import * as z from "zod"
import {
  count,
  defineJob,
  from,
  type Job,
  max,
  min,
  noWatermark,
  sum,
  topic,
  tumbling,
  valueState,
} from "../../shared/definition/index.ts"
import { type TestJob, testJob } from "../../shared/processing/test-driver/index.ts"

// A job that is changed finds the state of the one before by its steps' uids, and in it what still has a name.

const events = topic("events", { schema: z.object({ k: z.string(), v: z.int() }), key: "k" })
const rows = topic("rows", {
  schema: z.record(z.string(), z.unknown()),
  config: { "cleanup.policy": "compact" },
})
const value = ({ v }: { v: number }) => v

const windowed = (aggregates: Parameters<ReturnType<typeof windows>["aggregate"]>[0]): Job =>
  defineJob("upgraded", () =>
    windows()
      .aggregate(aggregates)
      .to(rows as never),
  )
const windows = () => from(events, { watermark: noWatermark() }).keyBy("k").window(tumbling("10ms"))

test("aggregates of a window come and go: those that stay keep what they had", () => {
  const before = testJob(windowed({ n: count(), total: sum(value), least: min(value) }))
  before
    .push(events, { k: "a", v: 5 }, { timestamp: 1 })
    .push(events, { k: "a", v: 2 }, { timestamp: 2 })
    .commit()
  const after = testJob(windowed({ greatest: max(value), total: sum(value), n: count() }), {
    upgradeOf: before,
  })
  after.push(events, { k: "a", v: 3 }, { timestamp: 3 }).advanceWatermark(9)
  expect(after.output(rows)).toEqual([
    { k: "a", windowStart: 0, windowEnd: 10, greatest: 3, total: 10, n: 3 },
  ])
})

test("aggregates without a window come and go", () => {
  const job = (aggregates: Parameters<typeof windowed>[0]) =>
    defineJob("updating", () =>
      from(events)
        .keyBy("k")
        .aggregate(aggregates)
        .toCompacted(rows as never),
    )
  const before = testJob(job({ n: count(), least: min(value) }))
  before.push(events, { k: "a", v: 5 }).commit()
  const after = testJob(job({ total: sum(value), n: count() }), { upgradeOf: before })
  expect(after.push(events, { k: "a", v: 3 }).commit().output(rows)).toEqual([{ k: "a", total: 3, n: 2 }])
})

test("states of a process function come and go; what has no name any more is forgotten", () => {
  const job = (names: readonly string[]) =>
    defineJob("process", () =>
      from(events)
        .keyBy("k")
        .process<Record<string, unknown>, Record<string, ReturnType<typeof number>>>({
          state: Object.fromEntries(names.map(name => [name, number()])),
          onRecord({ v }, { state, emit }) {
            for (const each of Object.values(state)) each.set(each.get() ?? v)
            emit(Object.fromEntries(Object.entries(state).map(([name, each]) => [name, each.get()])))
          },
        })
        .to(rows as never),
    )
  const number = () => valueState<number>()
  const before = testJob(job(["kept", "gone"]))
    .push(events, { k: "a", v: 1 })
    .commit()
  const after = testJob(job(["kept", "fresh"]), { upgradeOf: before })
  expect(after.state("process", "a")).toEqual({ kept: 1 })
  after.push(events, { k: "a", v: 2 }).commit().kill()
  expect(after.output(rows)).toEqual([{ kept: 1, fresh: 2 }])
  const back = testJob(job(["gone"]), { upgradeOf: after })
  expect(back.state("process", "a")).toBeUndefined()
})

test("a step whose state is dropped begins anew, once; all others go on", () => {
  const job = (dropState: readonly string[], version = 1) =>
    defineJob(
      "dropped",
      () => {
        const keyed = from(events, { watermark: noWatermark() }).keyBy("k")
        return [
          keyed.aggregate({ n: count() }, { uid: "one" }).toCompacted(rows as never),
          keyed.aggregate({ m: count() }, { uid: "two" }).toCompacted(rows as never),
        ]
      },
      { dropState, version },
    )
  const push = (at: TestJob) => at.push(events, { k: "a", v: 0 }).commit().newOutput(rows)
  const first = testJob(job([]))
  push(first)
  expect(push(first)).toEqual([
    { k: "a", n: 2 },
    { k: "a", m: 2 },
  ])
  const second = testJob(job(["one"]), { upgradeOf: first })
  expect(second.state("one", "a")).toBeUndefined()
  expect(push(second)).toEqual([
    { k: "a", n: 1 },
    { k: "a", m: 3 },
  ])
  second.kill()
  expect(push(second)).toEqual([
    { k: "a", n: 2 },
    { k: "a", m: 4 },
  ])
  // It was heeded: that it still stands there drops nothing more.
  const third = testJob(job(["one"], 2), { upgradeOf: second })
  expect(push(third)).toEqual([
    { k: "a", n: 3 },
    { k: "a", m: 5 },
  ])
  expect(push(testJob(job(["two"]), { upgradeOf: third }))).toEqual([
    { k: "a", n: 4 },
    { k: "a", m: 1 },
  ])
})

test("a step that is new begins empty, between steps that go on", () => {
  const before = testJob(windowed({ n: count() }))
    .push(events, { k: "a", v: 1 }, { timestamp: 1 })
    .commit()
  const job = defineJob("upgraded", () =>
    from(events, { watermark: noWatermark() })
      .filter(({ v }) => v > 0)
      .keyBy("k")
      .deduplicate(value, { ttl: "1h" })
      .window(tumbling("10ms"))
      .aggregate({ n: count() })
      .to(rows as never),
  )
  const after = testJob(job, { upgradeOf: before })
  for (const v of [1, 1, 0, 2]) after.push(events, { k: "a", v }, { timestamp: 2 })
  expect(after.end().output(rows)).toEqual([{ k: "a", windowStart: 0, windowEnd: 10, n: 3 }])
  expect(after.counters).toMatchObject({ duplicate: 1 })
})
