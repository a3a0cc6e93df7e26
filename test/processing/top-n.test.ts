import fc from "fast-check"
import { expect, test } from "vitest"
import * as z from "zod"
import { defineJob, from, topic } from "../../shared/definition/index.ts"
import { rankedRecord, type Top, unpackTop, writeTop } from "../../shared/processing/operators/top-rows.ts"
import { packState, unpackState } from "../../shared/processing/state/packing.ts"
import { ValueWriter } from "../../shared/processing/state/value-writer.ts"
import { testJob } from "../../shared/processing/test-driver/index.ts"

// Rows that are kept as JSON and given so are what they would be as objects.

const part = z.union([z.string(), z.number(), z.boolean(), z.null()])
const bid = z.object({ a: part, b: part, by: z.number(), more: z.unknown(), rank: z.unknown() })
const bids = topic("bids", { schema: bid })
const compacted = { config: { "cleanup.policy": "compact" } }
const asText = topic("as-text", { schema: bid, ...compacted })
const asObjects = topic("as-objects", { schema: bid, ...compacted })

const stream = from(bids).keyBy("a", "b")
const ranked = (uid: string) => stream.topN(3, { by: ({ by }) => by, uid })
const job = defineJob("ranks", () => [
  ranked("text").toCompacted(asText),
  // A function of the user's takes objects.
  ranked("objects").toCompacted(asObjects, {
    key: ({ a, b, rank }) => JSON.stringify([a ?? null, b ?? null, rank]),
  }),
])

const keyPart = fc.oneof(
  fc.constantFrom("x", 'quoted "x"', "ü\u2028\ud83d\ude00", 1, -0, 1.5, 2 ** 40, true, null, undefined),
  fc.string({ unit: "binary", maxLength: 3 }),
)
const record = fc.record(
  {
    a: keyPart,
    b: keyPart,
    by: fc.integer({ min: 0, max: 9 }),
    more: fc.oneof(fc.string({ unit: "binary" }), fc.constant({ deep: ["ü\\"] }), fc.constant({})),
    rank: fc.constantFrom(7, "own"),
  },
  { requiredKeys: ["by"] },
)

test("rows are the same, whether as text or as objects, across commits and restarts", () => {
  const steps = fc.array(fc.oneof({ weight: 6, arbitrary: record }, fc.constantFrom("commit", "kill")), {
    maxLength: 40,
  })
  fc.assert(
    fc.property(steps, all => {
      const task = testJob(job)
      for (const step of all) {
        if (step === "commit") task.commit()
        else if (step === "kill") task.kill()
        else task.push(bids, step as never)
      }
      task.commit()
      expect(task.outputs(asText)).toEqual(task.outputs(asObjects))
      for (const { key, value } of task.outputs(asText)) {
        const { a = null, b = null, rank } = value
        expect(key).toBe(JSON.stringify([a, b, rank]))
      }
    }),
    { numRuns: 150 },
  )
})

test("rows are stored as they were, and as objects where they are some, and both are read", () => {
  const rows = [
    { by: -0.5, text: '{"a":"\xc3\xbc"}', record: undefined, timestamp: 1_436_918_400_000 },
    { by: "é", text: `{"a":"${"x".repeat(70_000)}"}`, record: undefined, timestamp: -1 },
    { by: 128, text: `{"a":"${"x".repeat(300)}"}`, record: undefined, timestamp: 127 },
  ]
  const top: Top = {
    rows: Array.from({ length: 7 }, () => rows).flat(),
    changedFrom: 2,
    changedAt: undefined,
  }
  const out = new ValueWriter()
  expect(writeTop(top, out)).toBe(true)
  expect(unpackTop(unpackState(out.bytes.slice(0, out.size)))).toEqual(top)
  expect(rankedRecord(rows[0] as Top["rows"][0])).toEqual({ a: "ü" })

  const object = { by: 1, text: undefined, record: { a: 1 }, timestamp: 5 }
  out.clear()
  expect(writeTop({ ...top, rows: [...rows, object] }, out)).toBe(false)
  expect(out.size).toBe(0)
  const stored = packState({ rows: [{ by: 1, record: { a: 1 }, timestamp: 5 }], changedFrom: 1 })
  expect(unpackTop(unpackState(stored))).toEqual({ rows: [object], changedFrom: 1, changedAt: undefined })
})
