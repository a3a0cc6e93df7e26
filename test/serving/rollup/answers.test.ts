import { expect, test } from "vitest"
import type { RollupSpec } from "../../../shared/definition/table-spec.ts"
import { DirectEngine } from "../../../shared/serving/direct/direct-engine.ts"
import type {
  AggregateCall,
  DirectPlan,
  Output,
  Predicate,
  Scalar,
} from "../../../shared/serving/direct/plan.ts"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { LIMITS_DEFAULT } from "../../../shared/serving/query/limits.ts"
import { levelOpener } from "../../../shared/serving/rollup/level-file.ts"
import type { PinnedTable, SqlAnswer } from "../../../shared/serving/types.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { Seeded } from "../direct/seeded.ts"
import { openWithTable } from "../support.ts"

const rollups: readonly RollupSpec[] = [
  {
    name: "wide",
    dimensions: ["city", "kind", "at"],
    aggregates: [
      { fn: "count" },
      { fn: "avg", column: "price" },
      { fn: "min", column: "note" },
      { fn: "distinct", column: "note" },
      { fn: "percentile", column: "price" },
    ],
    leafRows: 10,
  },
  {
    name: "narrow",
    dimensions: ["kind"],
    aggregates: [
      { fn: "sum", column: "price" },
      { fn: "max", column: "price" },
      { fn: "max", column: "note" },
    ],
    leafRows: 1,
  },
]

const column = (name: string, type: "string" | "long" | "timestamp" | "int"): Scalar => ({
  kind: "column",
  column: name,
  type,
})
const city = column("city", "string")
const kind = column("kind", "string")
const day: Scalar = {
  kind: "call",
  fn: "date_trunc",
  unit: "day",
  args: [column("at", "timestamp")],
  type: "timestamp",
}
const price = column("price", "long")

const AGGREGATES: readonly AggregateCall[] = [
  { fn: "count", type: "long" },
  { fn: "count", argument: price, type: "long" },
  { fn: "sum", argument: price, type: "huge" },
  { fn: "avg", argument: price, type: "double" },
  { fn: "max", argument: price, type: "long" },
  { fn: "min", argument: column("note", "string"), type: "string" },
  { fn: "max", argument: column("note", "string"), type: "string" },
  { fn: "count_distinct", argument: kind, type: "long" },
  { fn: "min", argument: city, type: "string" },
  { fn: "approx_distinct", argument: column("note", "string"), type: "long" },
  { fn: "approx_distinct", argument: kind, type: "long" },
  { fn: "approx_quantile", argument: price, share: 0.9, type: "long" },
  { fn: "count", filter: { kind: "compare", op: "=", column: "kind", value: "b" }, type: "long" },
]
const FILTERS: readonly (Predicate | undefined)[] = [
  undefined,
  { kind: "compare", op: "=", column: "city", value: "Oslo" },
  { kind: "null", column: "city", negated: false },
  { kind: "in", column: "kind", values: ["a", "c"], negated: false },
  { kind: "compare", op: ">=", column: "at", value: 86_400_000 },
  { kind: "compare", op: ">", column: "price", value: 50_000 },
]

function randomPlan(random: Seeded): DirectPlan {
  const groups = [city, kind, day].filter(() => random.below(3) === 0)
  const aggregates = AGGREGATES.filter(() => random.below(4) === 0)
  const outputs: Output[] = [
    ...groups.map(({ type }, index) => ({ kind: "group" as const, index, type })),
    ...aggregates.map(({ type }, index) => ({ kind: "aggregate" as const, index, type })),
  ]
  return {
    table: "events",
    filter: FILTERS[random.below(FILTERS.length)],
    groups,
    aggregates,
    outputs: outputs.map((value, at) => ({ name: `c${at}`, value })),
    having: undefined,
    order: [],
    limit: 1_000,
    skip: 0,
  }
}

const sortedRows = ({ rows }: SqlAnswer): readonly string[] =>
  rows
    .map(row => JSON.stringify(row, (_, cell) => (typeof cell === "bigint" ? String(cell) : cell)))
    .toSorted()

test("what a level answers is what its rows answer, with tails and segments without levels between", async () => {
  const ports = memoryPorts()
  const { log, builder, source } = await openWithTable(ports, {
    spec: {
      columns: [
        { name: "city", type: "string" },
        { name: "kind", type: "string" },
        { name: "at", type: "timestamp" },
        { name: "price", type: "long" },
        { name: "note", type: "string" },
      ],
      time: "at",
      rollups,
    },
  })
  const random = new Seeded(11)
  const record = (): string =>
    JSON.stringify({
      ...(random.below(9) === 0 ? {} : { city: ["Oslo", "Lima", "Ürümqi"][random.below(3)] }),
      kind: ["a", "b", "c"][random.below(3)],
      at: random.below(3) * 86_400_000,
      ...(random.below(5) === 0 ? {} : { price: random.below(100_000) - 20_000 }),
      ...(random.below(3) === 0 ? {} : { note: `note ${random.below(500)}` }),
    })
  for (const rows of [2_000, 3, 1_500, 50]) {
    await append(log, Array.from({ length: rows }, record), { topic: "events" })
    if (rows !== 50) await builder.step("events", 0, true)
  }
  const table = (await source.pin("events"))!
  expect(table.segments.map(({ segment }) => segment?.pointer.rollups?.length ?? 0)).toEqual([7, 1, 7])
  const engine = new DirectEngine({ clock: ports.clock, openLevel: levelOpener(ports) })
  /** Some rows dead, in every segment. */
  const deadly: PinnedTable = {
    ...table,
    segments: table.segments.map(file => {
      const { base, next } = file.segment!.pointer
      const offsets = Array.from({ length: next - base }, (_, at) => base + at).filter(() => random.once(7))
      return { ...file, segment: { ...file.segment!, dead: { offsets: Float64Array.from(offsets) } } }
    }),
  }
  const ask = async (plan: DirectPlan, useRollups: boolean, of = table): Promise<SqlAnswer> => {
    const reply = await engine.run({ plan, table: of, limits: LIMITS_DEFAULT, useRollups })
    if (!("ok" in reply) || !reply.ok) throw new Error(JSON.stringify(reply))
    return reply.value
  }
  const used = new Map<string, number>()
  let retracted = 0
  for (let at = 0; at < 300; at++) {
    const plan = randomPlan(random)
    if (plan.outputs.length === 0) continue
    const answer = await ask(plan, true)
    expect(sortedRows(answer), JSON.stringify(plan)).toEqual(sortedRows(await ask(plan, false)))
    const left = await ask(plan, true, deadly)
    expect(sortedRows(left), JSON.stringify(plan)).toEqual(sortedRows(await ask(plan, false, deadly)))
    const canRetract = plan.aggregates.every(({ fn }) => ["count", "sum", "avg"].includes(fn))
    if (left.cost?.rollup !== undefined && canRetract) retracted++
    const name = answer.cost?.rollup ?? "rows"
    used.set(name, (used.get(name) ?? 0) + 1)
    if (plan.filter !== undefined && "column" in plan.filter && plan.filter.column === "price") {
      expect(name).toBe("rows")
    }
  }
  expect(used.get("wide")).toBeGreaterThan(20)
  expect(used.get("narrow")).toBeGreaterThan(3)
  expect(used.get("rows")).toBeGreaterThan(20)
  expect(retracted).toBeGreaterThan(10)
})

test("levels of an earlier definition are not read; those of the present one come in the background", async () => {
  const ports = memoryPorts()
  const columns = [
    { name: "kind", type: "string" as const },
    { name: "city", type: "string" as const },
    { name: "price", type: "long" as const },
  ]
  const rollup = (...dimensions: string[]): RollupSpec => ({
    name: "r",
    dimensions,
    aggregates: [{ fn: "sum", column: "price" }],
    leafRows: 10,
  })
  const spec = { columns, time: undefined }
  const { log, builder, source, registry } = await openWithTable(ports, {
    spec: { ...spec, rollups: [rollup("kind", "city")] },
  })
  const values = Array.from({ length: 500 }, (_, at) =>
    JSON.stringify({ kind: at % 2 === 0 ? "a" : "b", city: `c${at % 5}`, price: at }),
  )
  await append(log, values, { topic: "events" })
  await builder.step("events", 0, true)
  const before = (await registry.find("events"))!.table
  await registry.alter({ ...before.spec, rollups: [rollup("city", "kind")] }, "http")
  const engine = new DirectEngine({ clock: ports.clock, openLevel: levelOpener(ports) })
  const plan: DirectPlan = {
    ...randomPlan(new Seeded(1)),
    filter: { kind: "compare", op: "=", column: "kind", value: "a" },
    groups: [],
    aggregates: [{ fn: "sum", argument: price, type: "huge" }],
    outputs: [{ name: "s", value: { kind: "aggregate", index: 0, type: "huge" } }],
  }
  const ask = async () => {
    const reply = await engine.run({ plan, table: (await source.pin("events"))!, limits: LIMITS_DEFAULT })
    if (!("ok" in reply) || !reply.ok) throw new Error(JSON.stringify(reply))
    return [reply.value.rows[0]?.[0], reply.value.cost?.rollup]
  }
  const sum = 62_250
  expect(await ask()).toEqual([sum, undefined])
  const maintainer = new Maintainer(ports, registry, log)
  expect(await maintainer.step("events", 0)).toMatchObject({ kind: "done", what: "index" })
  expect(await maintainer.step("events", 0)).toEqual({ kind: "idle" })
  expect(await ask()).toEqual([sum, "r"])
})
