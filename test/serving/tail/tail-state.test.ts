import fc from "fast-check"
import { expect, test } from "vitest"
import type { ColumnBatch } from "../../../shared/serving/ingest/column.ts"
import { ingest } from "../../../shared/serving/ingest/ingest.ts"
import {
  emptyTail,
  extendTail,
  keptTail,
  tailRecords,
  tailRows,
  trimTail,
} from "../../../shared/serving/tail/tail-state.ts"
import { batchOf, cellsOf, schemaOf } from "../batches.ts"

const schema = schemaOf([{ name: "id", type: "int" }], { where: "id >= 0" })

/** Records `base` to `next - 1`; those whose number `drops` divides are left out. */
function batch(base: number, next: number, drops = 0): ColumnBatch {
  const values = Array.from({ length: next - base }, (_, i) => {
    const id = base + i
    return `{"id":${drops > 0 && id % drops === 0 ? -1 : id}}`
  })
  return ingest(schema, [{ bytes: batchOf(values, base) }], { base, next })
}

const sizes = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 60 })

test("whatever comes in, the chunks are few and hold every row once", () => {
  fc.assert(
    fc.property(
      sizes,
      fc.integer({ min: 0, max: 3 }),
      fc.integer({ min: 1, max: 12 }),
      (counts, drops, chunksMax) => {
        let tail = emptyTail(5)
        for (const count of counts)
          tail = extendTail(tail, batch(tail.next, tail.next + count, drops), 1, chunksMax)
        expect(tail.chunks.length).toBeLessThanOrEqual(chunksMax)
        let at = 5
        for (const { batch } of tail.chunks) {
          expect(batch.base).toBe(at)
          at = batch.next
        }
        expect(at).toBe(tail.next)
        const expected = Array.from({ length: tail.next - 5 }, (_, i) => i + 5).filter(
          id => drops === 0 || id % drops !== 0,
        )
        expect(tail.chunks.flatMap(chunk => cellsOf(chunk.batch))).toEqual(expected)
        expect([tailRecords(tail), tailRows(tail)]).toEqual([tail.next - 5, expected.length])
      },
    ),
    { numRuns: 50 },
  )
})

test("50,000 rows one by one are twelve chunks, each row merged about log2 times", () => {
  const one = batch(0, 1)
  let tail = emptyTail(0)
  let merged = 0
  for (let id = 0; id < 5_000; id++) {
    tail = extendTail(tail, { ...one, base: id, next: id + 1 }, 1)
    merged += tail.chunks.at(-1)!.batch.rows
  }
  expect(tail.chunks.length).toBeLessThanOrEqual(8)
  expect(merged / 5_000).toBeLessThan(70)
})

test("a tail is trimmed between chunks only", () => {
  let tail = emptyTail(0)
  tail = extendTail(tail, batch(0, 1_000), 1)
  tail = extendTail(tail, batch(1_000, 1_100), 1)
  expect(trimTail(tail, 0)).toBe(tail)
  expect(trimTail(tail, 1_000)?.chunks.map(chunk => chunk.batch.base)).toEqual([1_000])
  expect(trimTail(tail, 1_100)).toEqual(emptyTail(1_100))
  expect(trimTail(tail, 500)).toBeUndefined()
  expect(trimTail(tail, 2_000)).toBeUndefined()
})

test("what is kept is a prefix within the limits", () => {
  let tail = emptyTail(0)
  tail = extendTail(tail, batch(0, 1_000), 1)
  tail = extendTail(tail, batch(1_000, 1_100), 1)
  expect(keptTail(tail, 1_100, 1e9)).toBe(tail)
  expect(keptTail(tail, 1_099, 1e9)).toMatchObject({ position: 0, next: 1_000 })
  expect(keptTail(tail, 999, 1e9)).toMatchObject({ position: 0, next: 0, chunks: [] })
})
