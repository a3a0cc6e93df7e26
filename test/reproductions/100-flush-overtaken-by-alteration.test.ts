import { expect, test } from "vitest"
import type { StoreCall } from "../../shared/storage/memory/faults.ts"
import { append } from "../log/support.ts"
import { allRows, openServing, openWithTable, SPEC } from "../serving/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"

/**
 * A builder read the table's definition; the table was given another column; a record with a value for it was
 * acknowledged; the builder read the record, as the old definition has it, and stored it without the value, for ever.
 */
test("a builder that an alteration overtook does not store newer records in the older form", async () => {
  const ports = memoryPorts()
  const { log, registry, source } = await openWithTable(ports)
  let overtake = async () => {}
  const before = async (call: StoreCall) => {
    const now = overtake
    if (call.key.startsWith("manifest#") && call.operation === "get") {
      overtake = async () => {}
      await now()
    }
    return undefined
  }
  const late = openServing(memoryPorts({ stores: ports.stores, seed: 7, faults: { before } }))
  overtake = async () => {
    await registry.alter({ ...SPEC, columns: [...SPEC.columns, { name: "x", type: "string" }] }, "http")
    await append(log, [JSON.stringify({ id: 1, at: 1, x: "kept" })])
  }
  expect(await late.builder.step("events", 0, true)).toEqual({ kind: "lost" })
  expect(await late.builder.step("events", 0, true)).toMatchObject({ kind: "flushed", rows: 1 })
  expect(await allRows(await source.pin("events"))).toMatchObject([{ id: 1, x: "kept" }])
})
