import { describe, expect, test } from "vitest"
import type { Answer, Service } from "./support-aws-stub.ts"
import { dynamoError, START, stubbedStores } from "./support-aws-stub.ts"

// What no emulator does: batches of which DynamoDB leaves some, or that it throttles as a whole.

interface Delete {
  readonly DeleteRequest: { readonly Key: { readonly sk: { readonly S: string } } }
}

const keys = (count: number) => Array.from({ length: count }, (_, at) => ({ pk: "p", sk: `${at}` }))
const namesOf = (batch: readonly Delete[]) => batch.map(({ DeleteRequest }) => DeleteRequest.Key.sk.S)

/** Stores whose batches are answered one after the other: by what is left of each, or otherwise; then all is processed. */
function answering(answers: ((batch: readonly Delete[]) => readonly Delete[] | Answer | Error)[]) {
  const batches: string[][] = []
  const service: Service = (operation, request) => {
    if (operation !== "BatchWriteItem") return {}
    const { RequestItems } = JSON.parse(new TextDecoder().decode(request.body as Uint8Array))
    const batch = RequestItems.meta as readonly Delete[]
    batches.push(namesOf(batch))
    const answer = answers.shift()?.(batch) ?? []
    return Array.isArray(answer) ? { body: { UnprocessedItems: { meta: answer } } } : (answer as Answer)
  }
  return { ...stubbedStores(service), batches }
}

const throttled = () => dynamoError("ProvisionedThroughputExceededException")
const committed = { outcome: "committed", date: START }

describe("deletes of many items on DynamoDB", () => {
  test("25 a call; what a call leaves goes into the next", async () => {
    const { meta, batches } = answering([batch => batch.slice(20), () => []])
    expect(await meta.deleteMany("meta", keys(60))).toEqual(committed)
    expect(batches.map(({ length }) => length)).toEqual([25, 25, 15])
    expect(batches[2]!.slice(-5)).toEqual(["20", "21", "22", "23", "24"])
    expect(new Set(batches.flat()).size).toBe(60)
  })

  test("a call that is throttled as a whole is sent again", async () => {
    const { meta, batches } = answering([throttled, throttled])
    expect(await meta.deleteMany("meta", keys(3))).toEqual(committed)
    expect(batches).toEqual([
      ["0", "1", "2"],
      ["0", "1", "2"],
      ["0", "1", "2"],
    ])
  })

  test("throttled to the end: refused if nothing was deleted, unknown else, and the next call works", async () => {
    const nothing = answering(Array(6).fill(throttled))
    const refused = { outcome: "refused", reason: "throttled", date: START }
    expect(await nothing.meta.deleteMany("meta", keys(2))).toEqual(refused)
    expect(nothing.batches.length).toBe(6)
    expect(await nothing.meta.deleteMany("meta", keys(2))).toEqual(committed)
    const some = answering([batch => batch.slice(1), ...Array(5).fill((batch: readonly Delete[]) => batch)])
    const cause = { code: "unavailable", message: "1 items were not deleted: throttled" }
    expect(await some.meta.deleteMany("meta", keys(2))).toMatchObject({ outcome: "unknown", cause })
    expect(await some.meta.deleteMany("meta", keys(2))).toEqual(committed)
  })

  test("what is lost is unknown, sent once, whether some were deleted before or not", async () => {
    const lost = () => Object.assign(new Error("reset"), { code: "ECONNRESET" })
    for (const answers of [[lost], [() => [], lost]]) {
      const calls = answers.length
      const { meta, batches } = answering(answers)
      expect(await meta.deleteMany("meta", keys(30))).toMatchObject({ outcome: "unknown" })
      expect(batches.length).toBe(calls)
      expect(await meta.deleteMany("meta", keys(30))).toEqual(committed)
    }
  })
})
