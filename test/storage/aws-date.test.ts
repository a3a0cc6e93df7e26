import { describe, expect, test } from "vitest"
import type { AwsStoresOptions } from "../../shared/storage/aws/aws-stores.ts"
import { bytes, makeItem } from "./support.ts"
import { START, stubbedStores } from "./support-aws-stub.ts"

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const key = { pk: "p", sk: "s" }

/** Stores whose service and whose own process have clocks that a test moves. */
function timed(options: Partial<AwsStoresOptions> = {}) {
  const time = { service: START, wall: START + 5 * HOUR, monotonic: 100 }
  const before = { answer: () => {} }
  const stores = stubbedStores(
    () => {
      const date = time.service
      before.answer()
      return { date }
    },
    { clock: { now: () => time.wall, elapsed: () => time.monotonic }, ...options },
  )
  const pass = (ms: number) => {
    for (const clock of ["service", "wall", "monotonic"] as const) time[clock] += ms
  }
  return { ...stores, time, pass, before }
}

function until(notAfter: number) {
  return { condition: { absent: true }, notAfter } as const
}

describe("the service's date", () => {
  test("is the response's, and does not go back", async () => {
    const { meta, objects, time } = timed()
    const dates: number[] = []
    for (const passed of [0, 2_000, -1_000, 3_000]) {
      time.service += passed
      dates.push((await meta.get("log", key)).date)
    }
    expect(dates).toEqual([START, START + 2_000, START + 2_000, START + 4_000])
    expect((await objects.list("")).date).toBe(START + 4_000)
  })

  test("is asked for before the first write that has a notAfter", async () => {
    const { meta, objects, sent } = timed()
    expect(await meta.put("log", makeItem("p", "s"), until(START - 1))).toMatchObject({ reason: "expired" })
    expect(await objects.put("k", bytes(1), { notAfter: START - 1 })).toMatchObject({ reason: "expired" })
    expect(sent).toEqual(["GetItem", "HEAD"])
    expect(await meta.put("log", makeItem("p", "s"), until(START))).toMatchObject({ outcome: "committed" })
    expect(sent).toEqual(["GetItem", "HEAD", "PutItem"])
  })
})

describe("notAfter", () => {
  test("passes while the process sleeps: nothing is sent but the question for the date", async () => {
    const { meta, pass, sent } = timed()
    const { date } = await meta.get("log", key)
    pass(HOUR)
    const outcome = await meta.put("log", makeItem("p", "s"), until(date + 30 * MINUTE))
    expect(outcome).toEqual({ outcome: "refused", reason: "expired", date: START + HOUR })
    expect(sent).toEqual(["GetItem", "GetItem"])
  })

  test.each(["wall", "monotonic"] as const)("passes even if only the %s clock went on", async clock => {
    const { meta, time, sent } = timed()
    const { date } = await meta.get("log", key)
    time.service += HOUR
    time[clock] += HOUR
    const outcome = await meta.put("log", makeItem("p", "s"), until(date + 30 * MINUTE))
    expect(outcome).toMatchObject({ outcome: "refused", reason: "expired" })
    expect(sent).not.toContain("PutItem")
  })

  test("does not pass because this machine's clock was set", async () => {
    const { meta, time } = timed()
    const { date } = await meta.get("log", key)
    for (const step of [3 * HOUR, -20 * HOUR]) {
      time.wall += step
      const put = meta.put("log", makeItem("p", "s"), until(date + 30 * MINUTE))
      expect(await put).toMatchObject({ outcome: "committed", date: START })
    }
  })

  test("is checked once more when the request has been signed", async () => {
    const late = { signing: () => {} }
    const credentials = async () => {
      late.signing()
      return { accessKeyId: "test", secretAccessKey: "test", expiration: new Date(0) }
    }
    const client = { endpoint: "http://127.0.0.1:9", region: "us-east-1", credentials }
    const { meta, objects, pass, sent } = timed({ client })
    const { date } = await meta.get("log", key)
    await objects.list("")
    const passOnce = () => {
      late.signing = () => {}
      pass(HOUR)
    }
    late.signing = passOnce
    const expired = { outcome: "refused", reason: "expired", date: START }
    expect(await meta.put("log", makeItem("p", "s"), until(date + 30 * MINUTE))).toEqual(expired)
    late.signing = passOnce
    expect(await objects.put("k", bytes(1), { notAfter: date + 90 * MINUTE })).toEqual(expired)
    expect(sent).toEqual(["GetItem", "GET"])
  })

  test("counts from when the last request was sent, not from when its answer was read", async () => {
    const { meta, pass, before, sent } = timed()
    before.answer = () => pass(2 * HOUR)
    const { date } = await meta.get("log", key)
    before.answer = () => {}
    expect(date).toBe(START)
    const outcome = await meta.put("log", makeItem("p", "s"), until(date + 30 * MINUTE))
    expect(outcome).toEqual({ outcome: "refused", reason: "expired", date: START + 2 * HOUR })
    expect(sent).toEqual(["GetItem", "GetItem"])
  })
})
