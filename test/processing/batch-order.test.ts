import { expect, test } from "vitest"
import * as z from "zod"
import { collect, defineJob, from, session, topic } from "../../shared/definition/index.ts"
import { JobEngine } from "../../shared/processing/engine/job-engine.ts"
import { TestTopics } from "../../shared/processing/test-driver/partitions.ts"
import { TestResults } from "../../shared/processing/test-driver/results.ts"

test("what is due by the clock fires before the records of a batch, which the clock came with", () => {
  const events = topic("events", { schema: z.object({ k: z.string(), v: z.int() }) })
  const rows = topic("rows", { schema: z.record(z.string(), z.unknown()) })
  const job = defineJob("order", () =>
    from(events)
      .keyBy("k")
      .window(session("10ms", { time: "processing" }))
      .aggregate({ all: collect(({ v }: { v: number }) => v) })
      .to(rows as never),
  )
  const topics = new TestTopics(job, {})
  const inputs = topics.inputsOf(events)
  const engine = new JobEngine({ job, inputs, outputs: topics.outputs, bounded: false, producerId: 0 })
  const results = new TestResults()
  for (const [now, v] of [
    [100, 1],
    [110, 2],
    [120, 3],
    [200, 4],
  ] as const) {
    const input = { record: { k: "a", v }, timestamp: now, key: undefined, partition: 0 }
    const result = engine.work(topics.batches(events, [input]), now, [])
    if (result.ok) results.add(result.draft)
  }
  expect(results.topic("rows").map(({ value }) => value)).toEqual([
    { k: "a", windowStart: 100, windowEnd: 110, all: [1] },
    { k: "a", windowStart: 110, windowEnd: 120, all: [2] },
    { k: "a", windowStart: 120, windowEnd: 130, all: [3] },
  ])
})
