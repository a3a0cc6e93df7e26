import fc from "fast-check"
import { describe, expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import type { Predicate } from "../../../shared/serving/direct/plan.ts"
import { likeMatcher } from "../../../shared/serving/expression/like.ts"
import { compareValues, distinctOf, type IndexValue } from "../../../shared/serving/index/distinct.ts"
import { SegmentPruner } from "../../../shared/serving/index/pruner.ts"
import type { ColumnBatch } from "../../../shared/serving/ingest/column.ts"
import { ChunkStore, newMeter } from "../../../shared/serving/read/chunk-store.ts"
import { FooterStore } from "../../../shared/serving/read/footer-store.ts"
import { sortBatch } from "../../../shared/serving/segment/sort.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { ingestValues } from "../batches.ts"
import { pinOf, storeSegments } from "./segments.ts"

const spec: TableSpec = {
  name: "events",
  topic: "events",
  columns: [
    { name: "k", type: "string" },
    { name: "n", type: "int" },
    { name: "at", type: "timestamp" },
    { name: "d", type: "double" },
    { name: "free", type: "string" },
  ],
  time: "at",
  sort: ["n"],
  indexes: { k: ["bloom", "inverted"], d: ["range"], n: ["range"], free: ["bloom"] },
}

function openPruner() {
  const ports = memoryPorts()
  const chunks = new ChunkStore(ports)
  return { ports, pruner: new SegmentPruner(chunks, new FooterStore(chunks)) }
}

const orNull = (arbitrary: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 5, arbitrary })

const recordArbitrary = fc.record({
  k: orNull(fc.constantFrom("a", "ab", "b", "ba", "c", "ä")),
  n: orNull(fc.integer({ min: -4, max: 4 })),
  at: orNull(fc.integer({ min: 0, max: 20 })),
  d: orNull(fc.constantFrom(-1.5, 0, 0.25, 3, 1e9)),
  free: orNull(fc.constantFrom("x", "y", "z")),
})

const COLUMN_VALUES: Readonly<Record<string, fc.Arbitrary<IndexValue>>> = {
  k: fc.constantFrom("a", "ab", "b", "bb", "c", "", "z"),
  n: fc.integer({ min: -6, max: 6 }),
  at: fc.integer({ min: -2, max: 22 }),
  d: fc.constantFrom(-1.5, 0, 0.3, 3, 1e9, 2e9),
  free: fc.constantFrom("w", "x", "y", "zz"),
}

const single: fc.Arbitrary<Predicate> = fc.constantFrom(...Object.keys(COLUMN_VALUES)).chain(column => {
  const value = COLUMN_VALUES[column]!
  const negated = fc.boolean()
  const all: fc.Arbitrary<Predicate>[] = [
    fc
      .tuple(
        fc.constantFrom(
          "=" as const,
          "<>" as const,
          "<" as const,
          "<=" as const,
          ">" as const,
          ">=" as const,
        ),
        value,
      )
      .map(([op, of]): Predicate => ({ kind: "compare", op, column, value: of })),
    fc
      .tuple(fc.array(value, { minLength: 1, maxLength: 3 }), negated)
      .map(([values, isNot]): Predicate => ({ kind: "in", column, values, negated: isNot })),
    fc.tuple(value, value).map(([low, high]): Predicate => ({ kind: "between", column, low, high })),
    negated.map((isNot): Predicate => ({ kind: "null", column, negated: isNot })),
  ]
  if (column === "k") {
    const patterns = fc.constantFrom("a%", "a", "%b", "_", "%", "b_", "zz%")
    all.push(
      fc
        .tuple(patterns, negated)
        .map(([pattern, isNot]): Predicate => ({ kind: "like", column, pattern, negated: isNot })),
    )
  }
  return fc.oneof(...all)
})

const { predicate: predicateArbitrary } = fc.letrec<{ predicate: Predicate }>(tie => ({
  predicate: fc.oneof(
    { maxDepth: 3 },
    single,
    fc
      .array(tie("predicate"), { minLength: 1, maxLength: 3 })
      .map((parts): Predicate => ({ kind: "and", parts })),
    fc
      .array(tie("predicate"), { minLength: 1, maxLength: 3 })
      .map((parts): Predicate => ({ kind: "or", parts })),
    tie("predicate").map((part): Predicate => ({ kind: "not", part })),
    fc.boolean().map((value): Predicate => ({ kind: "constant", value })),
  ),
}))

type Row = Readonly<Record<string, IndexValue | null>>

/** SQL's three values: null is unknown. */
function truth(predicate: Predicate, row: Row): boolean | null {
  const not = (value: boolean | null) => (value === null ? null : !value)
  switch (predicate.kind) {
    case "constant":
      return predicate.value
    case "not":
      return not(truth(predicate.part, row))
    case "and": {
      const parts = predicate.parts.map(part => truth(part, row))
      return parts.includes(false) ? false : parts.includes(null) ? null : true
    }
    case "or": {
      const parts = predicate.parts.map(part => truth(part, row))
      return parts.includes(true) ? true : parts.includes(null) ? null : false
    }
  }
  const cell = row[predicate.column]!
  if (predicate.kind === "null") return (cell === null) !== predicate.negated
  if (cell === null) return null
  const order = (value: unknown) => compareValues(cell, value as IndexValue)
  switch (predicate.kind) {
    case "in":
      return predicate.values.some(value => order(value) === 0) !== predicate.negated
    case "between":
      return order(predicate.low) >= 0 && order(predicate.high) <= 0
    case "like":
      return likeMatcher(predicate.pattern, false)(String(cell)) !== predicate.negated
    case "compare": {
      const by = order(predicate.value)
      const passes = { "=": by === 0, "<>": by !== 0, "<": by < 0, "<=": by <= 0, ">": by > 0, ">=": by >= 0 }
      return passes[predicate.op]
    }
  }
}

function rowsOf(batch: ColumnBatch): Row[] {
  const sorted = sortBatch(batch, [1])
  const columns = sorted.columns.map(column => {
    const { values, codes } = distinctOf(column)!
    return Array.from(codes, code => values[code] ?? null)
  })
  return Array.from({ length: batch.rows }, (_, row) =>
    Object.fromEntries(spec.columns.map(({ name }, at) => [name, columns[at]![row]!])),
  )
}

const batchOf = (records: readonly object[]) =>
  ingestValues(
    spec.columns,
    records.map(record => JSON.stringify(record)),
  )

describe("pruning", () => {
  test("leaves out no row for which the condition is true, and calls exact only what is", async () => {
    const segmentsArbitrary = fc.array(fc.array(recordArbitrary, { minLength: 1, maxLength: 25 }), {
      minLength: 1,
      maxLength: 4,
    })
    const dropped = new Set<string>()
    await fc.assert(
      fc.asyncProperty(
        segmentsArbitrary,
        fc.array(predicateArbitrary, { minLength: 4, maxLength: 8 }),
        async (segments, predicates) => {
          const { ports, pruner } = openPruner()
          const batches = segments.map(batchOf)
          const pointers = await storeSegments(ports, spec, batches)
          const table = pinOf(spec, pointers)
          const rows = new Map(pointers.map(({ id }, at) => [`tab/t1/0/${id}`, rowsOf(batches[at]!)]))
          const heldAlone = { nullsAreValues: false, heldAlone: true }
          for (const [predicate, rules] of predicates.flatMap(one => [
            [one] as const,
            [one, heldAlone] as const,
          ])) {
            const { kept, pruned } = await pruner.prune(table, predicate, newMeter(), rules)
            for (const by of Object.keys(pruned)) dropped.add(by)
            const left = new Set(kept.map(({ file }) => file.id))
            for (const [id, held] of rows) {
              if (!left.has(id)) expect(held.filter(row => truth(predicate, row) === true)).toEqual([])
            }
            for (const { file, rows: found, exact } of kept) {
              const held = rows.get(file.id)!
              for (const [at, row] of held.entries()) {
                const isFound = found === undefined || found.has(at)
                if (!isFound) expect(truth(predicate, row)).not.toBe(true)
                else if (exact) expect(truth(predicate, row)).toBe(true)
              }
            }
          }
        },
      ),
      { numRuns: 60 },
    )
    // Filters rarely say more than zones over so few values.
    expect([...dropped]).toEqual(expect.arrayContaining(["index", "time", "zone"]))
  })

  test("where nulls are values of their type leaves out no row with a null", async () => {
    const { ports, pruner } = openPruner()
    const pointers = await storeSegments(ports, spec, [
      batchOf([{ k: "a" }, { k: "b", n: 3 }]),
      batchOf([{ k: "c", n: 5, at: 1, d: 1, free: "x" }]),
    ])
    const table = pinOf(spec, pointers, [...spec.columns, { name: "later", type: "int" }])
    const predicate = (column: string, value: IndexValue): Predicate => ({
      kind: "compare",
      op: "=",
      column,
      value,
    })
    for (const rules of [{ nullsAreValues: false }, { nullsAreValues: true }]) {
      const count = async (column: string, value: IndexValue) =>
        (await pruner.prune(table, predicate(column, value), newMeter(), rules)).kept.length
      const nulls = rules.nullsAreValues ? 1 : 0
      expect([await count("n", 0), await count("free", "null"), await count("d", 0)]).toEqual([
        nulls,
        nulls,
        nulls,
      ])
      expect(await count("later", 0)).toBe(2 * nulls)
    }
  })

  test("keeps row groups alone in which rows may be true", async () => {
    const { ports, pruner } = openPruner()
    const records = Array.from({ length: 20_000 }, (_, at) => ({
      k: `k${at % 3}`,
      n: at,
      at,
      d: at % 100,
      free: `f${at}`,
    }))
    const grouped = { ...spec, rowGroupRows: 8_192 }
    const pointers = await storeSegments(ports, grouped, [batchOf(records)])
    const table = pinOf(grouped, pointers)
    const groups = async (predicate: Predicate) => {
      const { kept, used } = await pruner.prune(table, predicate, newMeter())
      return kept.map(({ rowGroups, rows, exact }) => ({ rowGroups, size: rows?.size, exact, used }))
    }
    const between = (column: string, low: number, high: number): Predicate => ({
      kind: "between",
      column,
      low,
      high,
    })
    expect(await groups(between("n", 9_000, 9_001))).toEqual([
      { rowGroups: [1], size: expect.any(Number), exact: false, used: ["n range", "n sorted"] },
    ])
    expect(await groups(between("at", 8_000, 9_000))).toMatchObject([{ rowGroups: [0, 1], exact: false }])
    expect(await groups(between("at", -5, 30_000))).toMatchObject([{ rowGroups: undefined, exact: true }])
    expect(await groups({ kind: "compare", op: "=", column: "k", value: "k1" })).toMatchObject([
      { rowGroups: undefined, exact: false, used: [] },
    ])
    expect(await groups({ kind: "in", column: "k", values: ["k1", "k2"], negated: true })).toMatchObject([
      { rowGroups: undefined, size: 6_667, exact: true, used: ["k inverted"] },
    ])
    // The inverted index is in memory now: it says more than the filter.
    expect(await groups({ kind: "compare", op: "=", column: "k", value: "k1" })).toMatchObject([
      { size: 6_667, exact: true, used: ["k inverted"] },
    ])
  })
})
