import { afterAll, expect, test } from "vitest"
import { SegmentPruner } from "../../../shared/serving/index/pruner.ts"
import { Maintainer } from "../../../shared/serving/maintain/maintainer.ts"
import { segmentsOf } from "../../../shared/serving/manifest/manifest-store.ts"
import { ChunkStore, newMeter } from "../../../shared/serving/read/chunk-store.ts"
import { FooterStore } from "../../../shared/serving/read/footer-store.ts"
import { SPEC } from "../support.ts"
import { openMaintained, openSql, settle } from "./support.ts"

const sql = openSql()
afterAll(() => sql.close())

test("segments get the indexes that are added to their table, and keep their rows and offsets", async () => {
  const table = await openMaintained({ badRecords: "skip" })
  for (let at = 0; at < 3; at++) {
    await table.flush(Array.from({ length: 10 }, (_, row) => ({ id: row * 7 + at, at: 1_000 * row })))
  }
  const maintainer = new Maintainer(table.ports, table.registry, table.log)
  expect(await settle(maintainer)).toEqual([])
  const query = "select id from events order by id limit 100"
  const before = await sql.rows(table, query)
  await table.registry.alter({ ...SPEC, badRecords: "skip", indexes: { id: ["bloom", "inverted"] } }, "http")
  expect(await settle(maintainer)).toEqual(["index", "index", "index"])
  expect(await settle(maintainer)).toEqual([])
  const segments = await segmentsOf(table.ports, await table.manifest())
  for (const { sidecar, zones } of segments) {
    expect(sidecar?.blobs?.map(([column, kind]) => `${column} ${kind}`)).toEqual([
      "id inverted",
      "id bloom",
      " footer",
    ])
    expect(zones).toHaveProperty("id")
  }
  const pinned = (await table.source.pin("events"))!
  const chunks = new ChunkStore(table.ports)
  const pruner = new SegmentPruner(chunks, new FooterStore(chunks))
  const filter = { kind: "compare", op: "=", column: "id", value: 7 } as const
  const { kept, pruned } = await pruner.prune(pinned, filter, newMeter())
  expect(kept.length).toBe(1)
  expect(pruned).toEqual({ bloom: 2 })
  expect(await sql.rows(table, query)).toEqual(before)
  // Dropped again, they are left as they are.
  await table.registry.alter({ ...SPEC, badRecords: "skip" }, "http")
  expect(await settle(maintainer)).toEqual([])
  expect(await sql.rows(table, query)).toEqual(before)
})
