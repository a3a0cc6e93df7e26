import fc from "fast-check"
import { expect, test } from "vitest"
import type { TableSpec } from "../../../shared/definition/table-spec.ts"
import { partitionForKey } from "../../../shared/log/records/index.ts"
import type { Predicate } from "../../../shared/serving/direct/plan.ts"
import { placedTail, placementCompanions, placementOf } from "../../../shared/serving/index/placement.ts"
import { SegmentPruner } from "../../../shared/serving/index/pruner.ts"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { MERGE_LIMITS } from "../../../shared/serving/maintain/plan-merge.ts"
import { ChunkStore, newMeter } from "../../../shared/serving/read/chunk-store.ts"
import { FooterStore } from "../../../shared/serving/read/footer-store.ts"
import { decodePointer, encodePointer } from "../../../shared/serving/segment/segment-key.ts"
import type { PinnedTable, TableFile } from "../../../shared/serving/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { ingestValues } from "../batches.ts"
import { openMaintained, settle } from "../maintain/support.ts"
import { tableInfo } from "./segments.ts"

const spec: TableSpec = {
  name: "events",
  topic: "events",
  columns: [
    { name: "k", type: "string" },
    { name: "n", type: "long" },
  ],
}

interface Row {
  readonly k: string | null
  readonly n: number
}

const keyOf = ({ k, n }: Row, by: "k" | "n") => Buffer.from(by === "k" ? (k ?? "") : String(n))

/** Files of segments, or of a tail, by partition. */
function pinOf(batches: readonly (readonly Row[])[], partitions: number, isTail = false): PinnedTable {
  const files = batches.map((rows, at): TableFile => {
    const batch = ingestValues(
      spec.columns,
      rows.map(row => JSON.stringify(row)),
    )
    const table = { ...tableInfo(spec), partitions }
    const made = placementCompanions({
      table,
      partition: 0,
      columns: spec.columns,
      batch,
      bytes: new Uint8Array(),
    })
    const { pointer: places } = made as { pointer: object }
    const numbers = { base: at, next: at + 1, id: `${at}`, rows: rows.length, sizeBytes: 9, crc32c: 0 }
    const pointer = decodePointer(
      JSON.parse(JSON.stringify(encodePointer({ ...numbers, schemaVersion: 1, ...places }))),
    )
    return {
      id: `${at}`,
      rows: rows.length,
      sizeBytes: 9,
      columns: spec.columns,
      read: () => Promise.reject(new Error("read as a whole")),
      ...(isTail ? { batch } : { segment: { tableId: "t", partition: 0, pointer } }),
    }
  })
  const rows = batches.reduce((sum, { length }) => sum + length, 0)
  const held = isTail ? { segments: [], tail: files } : { segments: files, tail: [] }
  return { name: "events", columns: spec.columns, schemaVersion: 1, rows, freshAt: 0, ...held }
}

/** What is left by pointers alone, and of a tail. */
async function left(table: PinnedTable, filter: Predicate) {
  const chunks = new ChunkStore(memoryPorts())
  const pruner = new SegmentPruner(chunks, new FooterStore(chunks))
  const rules = { nullsAreValues: false, pointersAlone: true }
  const { kept, pruned } = await pruner.prune(table, filter, newMeter(), rules)
  return {
    ids: [...kept.map(({ file }) => file.id), ...placedTail(table, filter).map(({ id }) => id)],
    pruned,
  }
}

const rowArbitrary = fc.record({
  k: fc.oneof(
    { weight: 1, arbitrary: fc.constant(null) },
    { weight: 30, arbitrary: fc.string({ unit: "binary", maxLength: 4 }) },
  ),
  n: fc.integer({ min: -50, max: 50 }),
})

test("no row is left out, wherever producers put it", async () => {
  const partitions = fc.constantFrom(1, 2, 3, 4, 6, 16)
  let dropped = 0
  await fc.assert(
    fc.asyncProperty(
      fc.array(rowArbitrary, { minLength: 1, maxLength: 60 }),
      fc.record({ before: partitions, after: partitions, by: fc.constantFrom("k" as const, "n" as const) }),
      fc.record({ grownAt: fc.nat(60), astray: fc.option(fc.nat(59)), isTail: fc.boolean() }),
      async (rows, { before, after, by }, { grownAt, astray, isTail }) => {
        const batches = Array.from({ length: Math.max(before, after) }, (): Row[] => [])
        for (const [at, row] of rows.entries()) {
          const partition = partitionForKey(keyOf(row, by), at < grownAt ? before : after)
          batches[at === astray ? 0 : partition]!.push(row)
        }
        const held = batches.filter(({ length }) => length > 0)
        const table = pinOf(held, after, isTail)
        for (const { k, n } of rows.slice(0, 8)) {
          const asked: readonly (readonly [Predicate, (row: Row) => boolean])[] = [
            [{ kind: "compare", op: "=", column: "k", value: k ?? "null" }, row => row.k === (k ?? "null")],
            [
              { kind: "in", column: "n", values: [n, BigInt(n + 1)], negated: false },
              row => row.n === n || row.n === n + 1,
            ],
            [{ kind: "compare", op: "<>", column: "n", value: n }, row => row.n !== n],
            [
              { kind: "in", column: "k", values: ["", "x"], negated: true },
              row => row.k !== null && !["", "x"].includes(row.k),
            ],
          ]
          for (const [predicate, isTrue] of asked) {
            const { ids } = await left(table, predicate)
            dropped += held.length - ids.length
            for (const [at, of] of held.entries()) if (of.some(isTrue)) expect(ids).toContain(`${at}`)
          }
        }
      },
    ),
    { numRuns: 150 },
  )
  expect(dropped).toBeGreaterThan(100)
})

test("a question for one key leaves one partition, also where the topic has grown", async () => {
  const rows = Array.from({ length: 4_000 }, (_, at): Row => ({ k: `member-${at}`, n: at }))
  const batches = Array.from({ length: 8 }, (): Row[] => [])
  for (const [at, row] of rows.entries())
    batches[partitionForKey(keyOf(row, "k"), at < 2_000 ? 4 : 8)]!.push(row)
  for (const isTail of [false, true]) {
    const table = pinOf(batches, 8, isTail)
    for (const k of ["member-7", "member-3999", "nobody"]) {
      const { ids, pruned } = await left(table, { kind: "compare", op: "=", column: "k", value: k })
      const partition = partitionForKey(Buffer.from(k), 8)
      // Half of the partitions hold what was written before: there a key may be in either of two.
      expect(ids).toContain(`${partition}`)
      expect(ids.length).toBeLessThanOrEqual(2)
      if (!isTail) expect(pruned).toEqual({ partition: 8 - ids.length })
    }
    const { ids } = await left(table, { kind: "compare", op: "=", column: "n", value: 7 })
    expect(ids).toHaveLength(8)
  }
})

test("builders and merges find it in what they write", async () => {
  const table = await openMaintained({}, { partitions: 4 })
  for (let round = 0; round < 2; round++) {
    for (let partition = 0; partition < 4; partition++) {
      const ids = Array.from({ length: 200 }, (_, at) => round * 200 + at)
      const own = ids.filter(id => partitionForKey(Buffer.from(String(id)), 4) === partition)
      await table.flush(
        own.map(id => ({ id })),
        partition,
      )
    }
  }
  const asked = async () =>
    await left((await table.source.pin("events"))!, {
      kind: "in",
      column: "id",
      values: [7, 207],
      negated: false,
    })
  const partitions = new Set([7, 207].map(id => partitionForKey(Buffer.from(String(id)), 4))).size
  expect((await asked()).pruned.partition).toBe(8 - 2 * partitions)
  const maintainer = new Maintainer(table.ports, table.registry, table.log, {
    merge: { ...MERGE_LIMITS, fanIn: 2 },
  })
  for (let partition = 0; partition < 4; partition++)
    expect(await settle(maintainer, partition)).toEqual(["merge"])
  expect(await asked()).toMatchObject({ pruned: { partition: 4 - partitions }, ids: { length: partitions } })
})

test("columns that say nothing of their place are known after a few rows", () => {
  const column = ingestValues(
    spec.columns,
    Array.from({ length: 50 }, (_, n) => JSON.stringify({ k: `${n}`, n })),
  ).columns[1]!
  expect(placementOf(column, 4)).toBeUndefined()
  expect(placementOf({ ...column, nullCount: 1 }, 4)).toBeUndefined()
  expect(placementOf(column, 1)).toBeUndefined()
})
