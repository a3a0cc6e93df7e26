import { expect, test } from "vitest"
import type { StoreCall } from "../../shared/storage/memory/faults.ts"
import { append } from "../log/support.ts"
import { allRows, openServing, openWithTable, SPEC } from "../serving/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

/**
 * A query read the table's definition; then the table was given another column and a builder stored a segment with it;
 * then the query read the manifests, met the segment, and failed: `table events has no schema version 2`.
 */
test("a query that an alteration overtook reads the definition again", async () => {
  const ports = memoryPorts()
  const { log, registry, builder } = await openWithTable(ports)
  await append(log, [JSON.stringify({ id: 1, at: 1, x: "new" })])
  let overtake = async () => {
    await registry.alter({ ...SPEC, columns: [...SPEC.columns, { name: "x", type: "string" }] }, "http")
    await builder.step("events", 0, true)
  }
  const before = async (call: StoreCall) => {
    if (call.key.startsWith("manifest#") && call.operation === "query") {
      const now = overtake
      overtake = async () => {}
      await now()
    }
    return undefined
  }
  const late = openServing(memoryPorts({ stores: ports.stores, seed: 7, faults: { before } }))
  const pin = await late.source.pin("events")
  expect(pin).toMatchObject({ schemaVersion: 2, rows: 1 })
  expect(await allRows(pin)).toMatchObject([{ id: 1, x: "new" }])
  expect(await allRows(await late.source.pin("events"))).toHaveLength(1)
})
