import fc from "fast-check"
import { expect, test } from "vitest"
import type { Fault, StoreCall } from "../../../shared/storage/memory/faults.ts"
import { memoryStores } from "../../../shared/storage/memory/memory-stores.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { allRows, event, openServing, type Serving, SPEC } from "../support.ts"

type Step =
  | { readonly kind: "append"; readonly count: number; readonly partition: number }
  | { readonly kind: "build"; readonly process: number; readonly partition: number; readonly force: boolean }
  | { readonly kind: "pin"; readonly process: number }
  | { readonly kind: "alter"; readonly wide: boolean }
  | { readonly kind: "fault"; readonly fault: Fault["kind"] }

const PARTITIONS = 2
const PROCESSES = 2
const partition = fc.integer({ min: 0, max: PARTITIONS - 1 })
const process = fc.integer({ min: 0, max: PROCESSES - 1 })
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      kind: fc.constant("append" as const),
      count: fc.integer({ min: 1, max: 90 }),
      partition,
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({ kind: fc.constant("build" as const), process, partition, force: fc.boolean() }),
    weight: 3,
  },
  { arbitrary: fc.record({ kind: fc.constant("pin" as const), process }), weight: 3 },
  { arbitrary: fc.record({ kind: fc.constant("alter" as const), wide: fc.boolean() }), weight: 1 },
  {
    arbitrary: fc.record({
      kind: fc.constant("fault" as const),
      fault: fc.constantFrom("timeout-before" as const, "timeout-after" as const, "hidden-retry" as const),
    }),
    weight: 2,
  },
)

const COLUMNS = [...SPEC.columns, { name: "extra", type: "string" as const }]

/** Rows of a pin by partition, in the order of their offsets. */
function check(
  rows: readonly Record<string, unknown>[],
  least: readonly number[],
  most: readonly number[],
): void {
  for (let at = 0; at < PARTITIONS; at++) {
    const ids = rows.map(row => Number(row.id)).filter(id => id % PARTITIONS === at)
    expect(ids).toEqual(Array.from({ length: ids.length }, (_, i) => i * PARTITIONS + at))
    expect(ids.length).toBeGreaterThanOrEqual(least[at]!)
    expect(ids.length).toBeLessThanOrEqual(most[at]!)
  }
}

async function run(batches: readonly (readonly Step[])[], delays: readonly number[]): Promise<void> {
  const stores = memoryStores()
  let calls = 0
  let pending: Fault["kind"] | undefined
  const before = async (call: StoreCall): Promise<Fault | undefined> => {
    // Every call takes its own time to arrive, so that two processes overtake each other anywhere.
    for (let turns = delays[calls++ % delays.length]!; turns > 0; turns--) await undefined
    const serving = call.write && (call.key.startsWith("tab/") || call.key.startsWith("manifest#"))
    if (!serving || pending === undefined) return undefined
    const kind = pending
    pending = undefined
    return { kind } as Fault
  }
  const open = (seed: number): Serving => openServing(memoryPorts({ stores, seed, faults: { before } }))
  const servings = Array.from({ length: PROCESSES }, (_, seed) => open(seed))
  const [first] = servings
  await first!.log.createTopic({ name: "events", partitions: PARTITIONS, owner: "http" })
  await first!.registry.create(SPEC, "http")
  const sent = Array.from({ length: PARTITIONS }, () => 0)
  const acknowledged = [...sent]
  const act = async (step: Step): Promise<void> => {
    if (step.kind === "append") {
      const from = sent[step.partition]!
      sent[step.partition] = from + step.count
      const values = Array.from({ length: step.count }, (_, i) =>
        event((from + i) * PARTITIONS + step.partition),
      )
      const result = await append(first!.log, values, { partition: step.partition })
      expect("error" in result).toBe(false)
      acknowledged[step.partition] = Math.max(acknowledged[step.partition]!, from + step.count)
    } else if (step.kind === "build") {
      await servings[step.process]!.builder.step("events", step.partition, step.force)
    } else if (step.kind === "pin") {
      const least = [...acknowledged]
      const pin = await servings[step.process]!.source.pin("events")
      check(await allRows(pin), least, sent)
    } else if (step.kind === "alter") {
      const columns = step.wide ? COLUMNS : SPEC.columns
      await first!.registry.alter({ ...SPEC, columns }, "http").catch(ifLost)
    } else pending = step.fault
  }
  for (const batch of batches) await Promise.all(batch.map(act))
  pending = undefined
  check(await allRows(await open(9).source.pin("events")), sent, sent)
  const files = stores.objectKeys().filter(key => key.endsWith(".parquet"))
  expect(new Set(files).size).toBe(files.length)
}

/** Two alterations at once: one of them is told to look again. */
function ifLost(error: { code?: string }): void {
  if (error.code !== "outcome_unknown") throw error
}

test("whatever builders, queries, faults and alterations do to each other, a table is its log", async () => {
  const plan = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 12 })
  const delays = fc.array(fc.nat({ max: 60 }), { minLength: 7, maxLength: 31 })
  await fc.assert(fc.asyncProperty(plan, delays, run), { numRuns: 80 })
})
