import { describe, expect, test } from "vitest"
import * as z from "zod"
import {
  count,
  defineJob,
  from,
  listState,
  records,
  sink,
  table,
  topic,
  tumbling,
} from "../../shared/definition/index.ts"
import { partitionForKey } from "../../shared/log/records/index.ts"
import { type JobTestError, testJob } from "../../shared/processing/test-driver/index.ts"

const Event = z.object({ k: z.string(), v: z.int() })
const events = topic("events", { schema: Event, key: "k", partitions: 4 })
const others = topic("others", { schema: Event })
const dead = topic("dead", { schema: Event })
const copies = topic("copies", { schema: Event, key: "k", partitions: 4 })

const copy = defineJob("copy", () =>
  from(events)
    .map(({ k, v }) => ({ k, v: v + 1 }))
    .to(copies, { headers: ({ v }) => ({ v: String(v) }) }),
)

describe("what a test sees", () => {
  test("results have keys, timestamps, headers and partitions", () => {
    const job = testJob(copy).push(events, { k: "a", v: 1 }, { timestamp: 7 }).push(events, { k: "b", v: 2 })
    const [first, second] = job.outputs(copies)
    expect(first).toMatchObject({ value: { k: "a", v: 2 }, key: "a", timestamp: 7, headers: { v: "2" } })
    const partitionOf = (key: string) => partitionForKey(new TextEncoder().encode(key), 4)
    expect([first?.partition, second?.partition]).toEqual([partitionOf("a"), partitionOf("b")])
    expect(job.newOutput(copies)).toHaveLength(2)
    expect(job.newOutput(copies)).toEqual([])
    expect(job.counters).toMatchObject({ recordsIn: 2, recordsOut: 2 })
  })

  test("what goes to a table is read by the table", () => {
    const rows = table("rows", {
      from: records({ schema: Event, key: "k" }),
      columns: { k: "string", v: "int" },
    })
    const job = testJob(defineJob("rows", () => from(events).to(rows))).push(events, { k: "a", v: 1 })
    expect(job.output(rows)).toEqual([{ k: "a", v: 1 }])
    const elsewhere = table("others", { from: others, columns: { k: "string" } })
    expect(() => job.output(elsewhere)).toThrow("does not write the topic others")
  })

  test("records come as the log gives them: what JSON cannot say is gone", () => {
    const seen: unknown[] = []
    const job = defineJob("seen", () =>
      from(events)
        .map(event => {
          seen.push({ ...event })
          return event
        })
        .to(copies),
    )
    testJob(job).push(events, { k: "a", v: 1, more: undefined } as { k: string; v: number })
    expect(seen).toEqual([{ k: "a", v: 1 }])
    expect(Object.keys(seen[0] as object)).toEqual(["k", "v"])
  })

  test("a topic that two sources read comes to both, by name or handle, each with its own time", () => {
    const job = defineJob("twice", () =>
      from(events, { uid: "one" })
        .union(from(events, { uid: "two" }))
        .to(copies),
    )
    expect(testJob(job).push("events", { k: "a", v: 1 }).output("copies")).toHaveLength(2)
  })

  test("a pattern reads whatever topic has the name", () => {
    const job = defineJob("pattern", () => from<{ k: string; v: number }>(/^ev/).to(copies))
    const run = testJob(job).push(events, { k: "a", v: 1 }).commit().push("even", { k: "b", v: 2 }).kill()
    expect(run.output(copies)).toEqual([
      { k: "a", v: 1 },
      { k: "b", v: 2 },
    ])
    expect(() => run.push("odd", {})).toThrow(
      "the job pattern does not read the topic odd; it reads events, even",
    )
  })

  test("sinks of one's own, and what crashes do to them", () => {
    const mine = sink<{ k: string; v: number }>(async () => {})
    const job = testJob(defineJob("sunk", () => from(events).toSink(mine)))
    job.push(events, { k: "a", v: 1 }).commit().push(events, { k: "b", v: 2 }).kill().kill()
    expect(job.sinkRecords(mine)).toEqual([
      { k: "a", v: 1 },
      { k: "b", v: 2 },
    ])
  })

  test("state by a key of several fields", () => {
    const job = testJob(
      defineJob("fields", () =>
        from(events)
          .keyBy("k", "v")
          .process({ state: { all: listState<number>() }, onRecord: ({ v }, { state }) => state.all.add(v) })
          .toSink(sink(async () => {})),
      ),
    )
    job.push(events, { k: "a", v: 1 }).push(events, { k: "a", v: 2 })
    expect(job.state("process", { k: "a", v: 1 })).toEqual({ all: [1] })
    expect(job.state("process", { k: "b", v: 1 })).toBeUndefined()
  })
})

describe("what a test is told", () => {
  const job = testJob(copy)
  const fine = () => expect(testJob(copy).push(events, { k: "a", v: 1 }).output(copies)).toHaveLength(1)

  test.each<[string, () => unknown, string]>([
    [
      "a topic that is not read",
      () => job.push(others, { k: "a", v: 1 }),
      "the job copy does not read the topic others; it reads events",
    ],
    [
      "a topic that is not written",
      () => job.output(others),
      "the job copy does not write the topic others; it writes copies",
    ],
    [
      "a partition",
      () => job.push(events, { k: "a", v: 1 }, { partition: 4 }),
      "events: expected a partition from 0 to 3, found 4",
    ],
    [
      "a timestamp",
      () => job.push(events, { k: "a", v: 1 }, { timestamp: 0.5 }),
      "events: expected a timestamp in epoch ms, found 0.5",
    ],
    [
      "event time of nothing",
      () => job.advanceWatermark(1, { topic: events, partition: 9 }),
      "the job copy does not read the topic events/9; it reads events",
    ],
    [
      "a clock that goes back",
      () => job.advanceClock(-1),
      'advanceClock: expected a duration such as "5s", or ms, found -1',
    ],
    [
      "a step without state",
      () => job.state("map", "a"),
      "the job copy has no step with state and the uid map; it has none",
    ],
    ["no JSON", () => job.push("events", undefined), "a record: expected what JSON can say, got undefined"],
    [
      "a job with mistakes",
      () => testJob(defineJob("a b", () => from(events).to(copies))),
      'jobs["a b"]: the name "a b"',
    ],
  ])("%s", (_what, act, message) => {
    expect(act).toThrow(message)
    expect(job.push(events, { k: "a", v: 1 }).output(copies).length).toBeGreaterThan(0)
    fine()
  })
})

describe("poison", () => {
  const failing = (poison?: "skip" | { deadLetter: typeof dead }) =>
    defineJob(
      "failing",
      () =>
        from(events)
          .map(event => {
            if (event.v < 0) throw new RangeError("below 0")
            return event
          })
          .to(copies),
      poison === undefined ? {} : { poison },
    )

  test("stops the job with all that is known, and the test goes on as if it had not come", () => {
    const job = testJob(failing()).push(events, { k: "a", v: 1 }, { partition: 2 })
    let error: JobTestError | undefined
    try {
      job.pushAll(
        events,
        [
          { k: "a", v: 2 },
          { k: "a", v: -3 },
        ],
        { partition: 2 },
      )
    } catch (thrown) {
      error = thrown as JobTestError
    }
    expect(error?.message).toBe(
      'the job failing stops: RangeError: below 0\n  at events, partition 2, offset 2: {"k":"a","v":-3}',
    )
    expect(error?.poison).toMatchObject({ partition: 2, offset: 2, record: '{"k":"a","v":-3}' })
    expect(
      job
        .push(events, { k: "a", v: 4 })
        .output(copies)
        .map(({ v }) => v),
    ).toEqual([1, 4])
  })

  test("goes to the dead letters, once, whatever is killed", () => {
    const job = testJob(failing({ deadLetter: dead }))
    job
      .push(events, { k: "a", v: -1 })
      .kill()
      .commit()
      .push(events, { k: "a", v: -2 })
      .kill()
      .push(events, { k: "a", v: 3 })
    expect(job.output(copies)).toEqual([{ k: "a", v: 3 }])
    expect(job.outputs(dead).map(({ value, headers }) => [value.v, headers["millrace.error"]])).toEqual([
      [-1, "RangeError: below 0"],
      [-2, "RangeError: below 0"],
    ])
    expect(job.counters.skipped).toBe(2)
  })

  test("the rows of updating streams too", () => {
    const compacted = topic("rows", {
      schema: z.record(z.string(), z.unknown()),
      config: { "cleanup.policy": "compact" },
    })
    const job = (poison: "skip" | "fail") =>
      testJob(
        defineJob(
          "rows",
          () =>
            from(events)
              .keyBy("k")
              .aggregate({ n: count() })
              .toCompacted(compacted as never, {
                headers(row) {
                  if (row.k === "bad") throw new RangeError("no header")
                  return {}
                },
              }),
          { poison },
        ),
      )
        .push(events, { k: "bad", v: 1 })
        .push(events, { k: "good", v: 1 })
    expect(job("skip").commit().output(compacted)).toEqual([{ k: "good", n: 1 }])
    const stopped = job("fail")
    expect(() => stopped.commit()).toThrow(
      'the job rows stops: RangeError: no header\n  in the row of aggregate, key ["bad"]',
    )
    expect(stopped.state("aggregate", "bad")).toEqual({ n: 1 })
  })

  test("a window whose aggregate throws when it fires", () => {
    const job = testJob(
      defineJob("window", () =>
        from(events)
          .keyBy("k")
          .window(tumbling("10ms"))
          .process(([first]) => {
            if (first?.v === 0) throw new RangeError("zero")
            return [{ k: "a", v: 1 }]
          })
          .to(copies),
      ),
    )
    job.push(events, { k: "a", v: 0 }, { timestamp: 3 })
    expect(() => job.advanceWatermark(20)).toThrow(
      'the job window stops: RangeError: zero\n  in the event-time timer at 9 of window, key ["a"]',
    )
  })
})
