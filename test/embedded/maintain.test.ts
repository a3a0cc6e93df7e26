import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { maintainLoop } from "../../shared/embedded/maintain/maintain-loop.ts"
import { RewriteThread } from "../../shared/embedded/maintain/rewrite-thread.ts"
import { Maintainer } from "../../shared/serving/maintain/maintainer.ts"
import { openMaintained } from "../serving/maintain/support.ts"
import { idsOf } from "../serving/support.ts"

const rows = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => ({ id: from + index, at: 1_000 * (from + index) }))
const folder = mkdtempSync(join(tmpdir(), "maintain-"))
afterAll(() => rmSync(folder, { recursive: true }))

test("a thread rewrites segments as this one would, and is there again after it ended", async () => {
  const made = []
  const thread = new RewriteThread()
  for (const options of [{}, { rewriteFiles: thread.rewriteFiles }]) {
    const table = await openMaintained({ sort: ["id"] })
    for (let at = 0; at < 16; at += 2) await table.flush(rows(at, at + 2))
    await table.kill([3, 7])
    expect(
      await new Maintainer(table.ports, table.registry, table.log, options).step("events", 0),
    ).toMatchObject({
      kind: "done",
      what: "merge",
      rows: 14,
    })
    expect(await idsOf(await table.source.pin("events"))).toEqual(
      rows(0, 16)
        .map(({ id }) => id)
        .filter(id => id !== 3 && id !== 7),
    )
    const { id: _, ...pointer } = (await table.manifest()).segments[0]!
    made.push({ ...pointer, crc32c: 0, footer: undefined, sizeBytes: 0, sidecar: undefined })
    await thread.rest()
  }
  expect(made[1]).toEqual(made[0])
})

test("the loop merges what there is, and ends when it is told to", async () => {
  const table = await openMaintained()
  for (let at = 0; at < 9; at++) await table.flush(rows(at, at + 1))
  const stop = new AbortController()
  const faults: string[] = []
  const { ports, log, registry: tables } = table
  const loop = maintainLoop({ ports, log, tables, signal: stop.signal, onFault: what => faults.push(what) })
  while ((await table.manifest()).segments.length > 1) await ports.clock.sleep(5)
  stop.abort()
  await loop
  expect(faults).toEqual([])
  expect((await idsOf(await table.source.pin("events"))).length).toBe(9)
})
