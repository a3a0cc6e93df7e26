import { describe, expect, test } from "vitest"
import { frozenClock } from "../../functions/runtime/clock.ts"
import { deadLetterOf } from "../../functions/runtime/dead-letter.ts"
import { deliveriesOf } from "../../functions/runtime/kinesis-event.ts"
import { readAuthentication, readSettings, SettingsError } from "../../functions/runtime/settings.ts"
import { stopping } from "../../functions/runtime/stopping.ts"
import { pollingWake } from "../../functions/runtime/wake.ts"
import { localClock } from "../../shared/storage/local/clock.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { SETTINGS } from "./support.ts"

describe("the clock of an environment", () => {
  function clocks() {
    const own = { wall: 1_000_000, monotonic: 50 }
    const clock = frozenClock({ now: () => own.wall, elapsed: () => own.monotonic })
    const pass = (wall: number, monotonic: number) => {
      own.wall += wall
      own.monotonic += monotonic
      return clock.elapsed()
    }
    return { clock, pass }
  }

  test("goes on while it is frozen, as the wall clock does", () => {
    const { clock, pass } = clocks()
    const start = clock.elapsed()
    expect(pass(40, 40) - start).toBe(40)
    expect(pass(3_600_000, 0) - start).toBe(3_600_040)
    expect(pass(10, 10) - start).toBe(3_600_050)
  })

  test("goes on as the monotonic one does where the wall clock is set back, and never goes back itself", () => {
    const { clock, pass } = clocks()
    const start = clock.elapsed()
    expect(pass(-7_200_000, 500) - start).toBe(500)
    expect(pass(500, 500) - start).toBe(1_000)
    expect(pass(-1, 0) - start).toBe(1_000)
    expect(pass(0, 0) - start).toBe(1_000)
  })

  test("does not run ahead of two clocks that differ by their grain", () => {
    const { clock, pass } = clocks()
    const start = clock.elapsed()
    for (let step = 0; step < 10_000; step++) pass(step % 2, 0.5)
    expect(pass(0, 0) - start).toBeCloseTo(5_000, 3)
  })
})

describe("a wake", () => {
  const wake = pollingWake(localClock())

  test("hints at once within an environment, and by itself where the wait is long", async () => {
    const hinted = wake.wait("a", 20_000)
    wake.notify("a")
    expect(await hinted).toBe(true)
    expect(await wake.wait("a", 20_000)).toBe(true)
    expect(await wake.wait("a", 1)).toBe(false)
  })

  test("ends with its signal, before and while it waits", async () => {
    const stop = new AbortController()
    const waiting = wake.wait("a", 20_000, stop.signal)
    stop.abort()
    expect(await waiting).toBe(false)
    expect(await wake.wait("a", 20_000, stop.signal)).toBe(false)
    wake.notify("nobody")
    expect(await wake.wait("a", 1)).toBe(false)
  })
})

describe("settings", () => {
  test("name every variable that is missing", () => {
    const environment = { ...SETTINGS, MILLRACE_BUCKET: "", MILLRACE_STREAM: undefined }
    expect(() => readSettings(environment, ["MILLRACE_STREAM", "MILLRACE_DEAD_LETTERS"])).toThrow(
      new SettingsError(
        "environment: MILLRACE_BUCKET, MILLRACE_STREAM missing; expected as the stack sets them",
      ),
    )
    expect(readSettings({ ...SETTINGS }, ["MILLRACE_STREAM"]).MILLRACE_STREAM).toBe("journal")
  })

  test("refuse an authentication that says nothing", () => {
    for (const MILLRACE_AUTHENTICATION of [undefined, "", "{}", "null", "{"]) {
      expect(() => readAuthentication({ ...SETTINGS, MILLRACE_AUTHENTICATION })).toThrow(SettingsError)
    }
    expect(readAuthentication(SETTINGS)).toEqual({ apiKey: true, iam: false })
  })
})

test("a journal's positions have no padding", () => {
  const kinesis = (sequenceNumber: string) => ({ sequenceNumber, data: "AQI=" })
  const Records = [
    { eventID: "shardId-1:0049", kinesis: kinesis("0049") },
    { eventID: "shardId-1:0", kinesis: kinesis("0") },
  ]
  expect(deliveriesOf({ Records }).map(({ position }) => position)).toEqual([
    { shard: "shardId-1", sequence: "49" },
    { shard: "shardId-1", sequence: "0" },
  ])
})

test("a dead letter is read only if it could be tried again", () => {
  for (const body of ["", "null", "7", "{}", '{"kind":"journal"}', '{"requestPayload":{"tables":[{}]}}']) {
    expect(deadLetterOf(body)).toBeUndefined()
  }
  expect(deadLetterOf('{"requestPayload":{"tables":[{"table":"a","partitions":[0]}]}}')).toEqual({
    kind: "build",
    event: { tables: [{ table: "a", partitions: [0] }] },
  })
})

test("stopped ports read nothing and write nothing", async () => {
  const stop = new AbortController()
  const inner = memoryPorts()
  const ports = stopping(inner, stop.signal)
  expect((await ports.objects.put("a", new Uint8Array(1))).outcome).toBe("committed")
  stop.abort()
  const calls = { ...inner.counts.calls }
  expect((await ports.objects.put("b", new Uint8Array(1))).outcome).toBe("unknown")
  expect((await ports.meta.delete("meta", { pk: "a", sk: "b" })).outcome).toBe("unknown")
  await expect(ports.objects.get("a")).rejects.toMatchObject({ code: "unavailable" })
  await expect(ports.meta.get("meta", { pk: "a", sk: "b" })).rejects.toMatchObject({ code: "unavailable" })
  expect(inner.counts.calls).toEqual(calls)
  expect((await inner.objects.get("a"))?.body.length).toBe(1)
})
