import { expect, test } from "vitest"
import { buildAll, runBuilder } from "../../../shared/serving/builder/run.ts"
import type { StoreCall } from "../../../shared/storage/memory/faults.ts"
import { append } from "../../log/support.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { event, openServing, openWithTable } from "../support.ts"

test("a fault of one partition is told and stops no other", async () => {
  let broken = true
  const before = async (call: StoreCall) =>
    broken && call.operation === "get" && call.key.endsWith("p#00000")
      ? ({ kind: "unavailable" } as const)
      : undefined
  const ports = memoryPorts({ faults: { before } })
  const { log, registry, builder } = await openWithTable(ports, { partitions: 2 })
  for (const partition of [0, 1]) await append(log, [event(1)], { partition })
  ports.advance(7 * 3_600_000)
  const faults: number[] = []
  const options = {
    signal: new AbortController().signal,
    onFault: (f: { partition: number }) => faults.push(f.partition),
  }
  expect(await buildAll(registry, builder, options)).toBe(true)
  expect(faults).toEqual([0])
  broken = false
  expect(await buildAll(registry, builder, options)).toBe(true)
  expect(await buildAll(registry, builder, options)).toBe(false)
})

test("the loop builds what becomes due and ends with its signal", async () => {
  const ports = memoryPorts()
  const { log, registry, builder, source } = await openWithTable(ports)
  const stop = new AbortController()
  const running = runBuilder(ports, registry, builder, {
    signal: stop.signal,
    onFault: ({ error }) => expect(error).toBe(0),
  })
  await append(log, [event(1)])
  ports.advance(7 * 3_600_000)
  while ((await source.pin("events"))!.segments.length === 0) await ports.clock.sleep(5)
  stop.abort()
  await running
})

test("a fault that lasts is told once", async () => {
  let broken = true
  const before = async (call: StoreCall) =>
    broken && call.operation === "get" && call.key.startsWith("manifest#")
      ? ({ kind: "unavailable" } as const)
      : undefined
  const ports = memoryPorts({ faults: { before } })
  const { registry } = await openWithTable(ports)
  // Pauses and retries take no time here; each wait for a hint is the end of a round.
  const quick = { ...ports, clock: { ...ports.clock, sleep: async () => {} } }
  const serving = openServing(quick)
  let rounds = 0
  const stop = new AbortController()
  const wake = {
    ...ports.wake,
    wait: async () => {
      rounds++
      if (rounds === 3) broken = false
      if (rounds === 4) broken = true
      if (rounds === 6) stop.abort()
      return false
    },
  }
  const told: number[] = []
  await runBuilder({ wake }, registry, serving.builder, {
    signal: stop.signal,
    onFault: () => told.push(rounds),
  })
  expect(told).toEqual([0, 4])
})
