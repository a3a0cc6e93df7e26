import { describe, expect, test } from "vitest"
import type { TransactionStep } from "../../shared/storage/meta-store.ts"
import { absent, bytes, FAR_AHEAD, makeItem } from "./support.ts"
import type { Answer } from "./support-aws-stub.ts"
import { dynamoError, only, START, s3Error, stubbedStores } from "./support-aws-stub.ts"

// What no emulator does, at the level of single requests: signed, sent to nobody, and answered as AWS would.

const ifAbsent = { ifAbsent: true, notAfter: FAR_AHEAD } as const
const token = { notAfter: FAR_AHEAD, token: "token" }
const attributes = { pk: { S: "p" }, sk: { S: "s" }, _version: { S: "v1" }, v: { N: "1" } }
const standing = { pk: "p", sk: "s", version: "v1", fields: { v: 1 } }

function lost(code: string): Error {
  return Object.assign(new Error(code), { code, name: code === "ETIMEDOUT" ? "TimeoutError" : "Error" })
}

describe("what DynamoDB answers to one put", () => {
  const refusals = [
    ["TransactionConflictException", "conflict"],
    ["ThrottlingException", "throttled"],
    ["ProvisionedThroughputExceededException", "throttled"],
    ["RequestLimitExceeded", "throttled"],
  ] as const

  test.each(refusals)("%s is a refusal: %s, sent once", async (name, reason) => {
    const { meta, sent } = stubbedStores(only("PutItem", dynamoError(name)))
    const refused = { outcome: "refused", reason, date: START }
    expect(await meta.put("log", makeItem("p", "s"), absent)).toEqual(refused)
    expect(await meta.put("log", makeItem("p", "s"))).toEqual(refused)
    expect(sent).toEqual(["GetItem", "PutItem", "PutItem"])
  })

  test("a signature of another time was not applied, and is tried again", async () => {
    const skewed = { message: "Signature expired: 20260101T000000Z is now earlier than 20260101T001501Z" }
    const { meta } = stubbedStores(only("PutItem", dynamoError("InvalidSignatureException", skewed)))
    expect(await meta.put("log", makeItem("p", "s"), absent)).toMatchObject({ reason: "throttled" })
  })

  const unclear: [string, Answer | Error][] = [
    ["500", dynamoError("InternalServerError", {}, 500)],
    ["503", { status: 503, body: {} }],
    ["a time-out", lost("ETIMEDOUT")],
    ["a connection reset", lost("ECONNRESET")],
    ["an answer that is no JSON", { body: "<html>" }],
    ["a role that may not", dynamoError("AccessDeniedException")],
  ]

  test.each(unclear)("%s is unknown, sent once", async (_, answer) => {
    const { meta, sent } = stubbedStores(only("PutItem", answer))
    const outcome = await meta.put("log", makeItem("p", "s"), absent)
    expect(outcome).toEqual({ outcome: "unknown", cause: expect.any(Error) })
    expect(sent).toEqual(["GetItem", "PutItem"])
  })

  test("what breaks a rule that only DynamoDB knows is told, and the next call works", async () => {
    const answers = [dynamoError("ValidationException"), {}]
    const { meta } = stubbedStores(operation => (operation === "PutItem" ? answers.shift()! : {}))
    await expect(meta.put("log", makeItem("p", "s"))).rejects.toMatchObject({ code: "invalid" })
    expect(await meta.put("log", makeItem("p", "s"))).toMatchObject({ outcome: "committed" })
  })
})

describe("what DynamoDB answers to a transaction", () => {
  const steps: TransactionStep[] = [
    { kind: "put", table: "log", item: makeItem("p", "a") },
    { kind: "put", table: "meta", item: makeItem("p", "s"), condition: { absent: true } },
  ]
  const transact = (answer: Answer | Error) => stubbedStores(only("TransactWriteItems", answer))
  const cancelled = (...CancellationReasons: object[]) =>
    dynamoError("TransactionCanceledException", { CancellationReasons })
  const none = { Code: "None" }

  test("a conflict or a throttle of one step refuses all", async () => {
    for (const [Code, reason] of [
      ["TransactionConflict", "conflict"],
      ["ThrottlingError", "throttled"],
      ["ProvisionedThroughputExceeded", "throttled"],
    ] as const) {
      const { meta } = transact(cancelled(none, { Code, Message: Code }))
      expect(await meta.transact(steps, token)).toEqual({ outcome: "refused", reason, date: START })
    }
  })

  test("a condition that does not hold comes before a conflict, with what stands there", async () => {
    const conflict = { Code: "TransactionConflict" }
    const { meta } = transact(cancelled(conflict, { Code: "ConditionalCheckFailed", Item: attributes }))
    const expected = { outcome: "refused", reason: "exists", standing: { step: 1, item: standing } }
    expect(await meta.transact(steps, token)).toMatchObject(expected)
  })

  test("one that is under way with the same token is unknown, and so is what is lost", async () => {
    for (const answer of [dynamoError("TransactionInProgressException"), lost("ECONNRESET")]) {
      const { meta, sent } = transact(answer)
      expect(await meta.transact(steps, token)).toMatchObject({ outcome: "unknown" })
      expect(sent).toEqual(["GetItem", "TransactWriteItems"])
    }
  })

  test("a step that breaks a rule is told", async () => {
    const tooLarge = { Code: "ValidationError", Message: "Item size has exceeded the maximum allowed size" }
    const { meta } = transact(cancelled(none, tooLarge))
    await expect(meta.transact(steps, token)).rejects.toMatchObject({ code: "too_large" })
    const mismatch = transact(dynamoError("IdempotentParameterMismatchException"))
    await expect(mismatch.meta.transact(steps, token)).rejects.toMatchObject({ code: "invalid" })
  })
})

describe("what S3 answers to a put", () => {
  test.each([
    [412, "PreconditionFailed", "exists"],
    [409, "ConditionalRequestConflict", "conflict"],
    [503, "SlowDown", "throttled"],
    [403, "RequestTimeTooSkewed", "throttled"],
  ] as const)("%s %s is a refusal: %s, sent once", async (status, code, reason) => {
    const { objects, sent } = stubbedStores(only("PUT if absent", s3Error(status, code)))
    const refused = { outcome: "refused", reason, date: START }
    expect(await objects.put("k", bytes(9), ifAbsent)).toEqual(refused)
    expect(sent).toEqual(["HEAD", "PUT if absent"])
  })

  test.each([
    ["500", s3Error(500, "InternalError")],
    ["503 for another cause", s3Error(503, "ServiceUnavailable")],
    ["a time-out", lost("ETIMEDOUT")],
    ["a connection reset", lost("ECONNRESET")],
  ] as [string, Answer | Error][])("%s is unknown, sent once", async (_, answer) => {
    const { objects, sent } = stubbedStores(only("PUT if absent", answer))
    expect(await objects.put("k", bytes(9), ifAbsent)).toMatchObject({ outcome: "unknown" })
    expect(sent).toEqual(["HEAD", "PUT if absent"])
  })

  test("objects that a delete of many leaves make it unknown", async () => {
    const body = `<DeleteResult><Error><Key>b</Key><Code>InternalError</Code></Error></DeleteResult>`
    const { objects } = stubbedStores(() => ({ body }))
    const unknown = {
      outcome: "unknown",
      cause: { message: "1 objects were not deleted; the first: b: InternalError" },
    }
    expect(await objects.deleteMany(["a", "b"])).toMatchObject(unknown)
  })
})

describe("reads", () => {
  test("what fails is tried three times, then unavailable", async () => {
    for (const answer of [dynamoError("InternalServerError", {}, 500), lost("ECONNRESET")]) {
      const { meta, sent } = stubbedStores(() => answer)
      const read = meta.get("log", { pk: "p", sk: "s" })
      await expect(read).rejects.toMatchObject({ code: "unavailable", retryable: true })
      expect(sent.length).toBe(3)
    }
  })

  test("what no repetition can mend is said to be so", async () => {
    const { meta } = stubbedStores(() => dynamoError("ResourceNotFoundException"))
    await expect(meta.queryPage("log", { pk: "p" })).rejects.toMatchObject({
      code: "invalid",
      retryable: false,
    })
    const { objects } = stubbedStores(() => s3Error(403, "AccessDenied"))
    await expect(objects.get("k")).rejects.toMatchObject({ code: "invalid", retryable: false })
  })

  test("an item that nobody of us wrote is corrupt", async () => {
    const { meta } = stubbedStores(() => ({ body: { Item: { pk: { S: "p" }, sk: { S: "s" } } } }))
    await expect(meta.get("log", { pk: "p", sk: "s" })).rejects.toMatchObject({ code: "corrupt" })
  })

  test("an empty page of a query has a next; one of a listing is followed", async () => {
    const LastEvaluatedKey = { pk: { S: "p" }, sk: { S: "x" } }
    const { meta } = stubbedStores(() => ({ body: { Items: [], LastEvaluatedKey } }))
    const page = await meta.queryPage("log", { pk: "p" })
    expect(page).toEqual({ items: [], next: "x", date: START })
    const [first, second] = [
      "<IsTruncated>true</IsTruncated><NextContinuationToken>t</NextContinuationToken>",
      "<IsTruncated>false</IsTruncated><Contents><Key>k</Key><Size>3</Size>" +
        "<LastModified>2026-01-01T00:00:00.700Z</LastModified></Contents>",
    ]
    const listing = stubbedStores((_, { query }) => {
      const body = query?.["continuation-token"] === "t" ? second : first
      return { body: `<ListBucketResult>${body}</ListBucketResult>` }
    })
    const objects = [{ key: "k", sizeBytes: 3, modified: START }]
    expect(await listing.objects.list("")).toEqual({ objects, date: START })
  })
})
