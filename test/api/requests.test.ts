import { gzipSync } from "node:zlib"
import { describe, expect, test } from "vitest"
import { errorTable } from "../../shared/api/error-table.ts"
import { LogError } from "../../shared/log/errors.ts"
import type { Log } from "../../shared/log/types.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import { apiWithTopic, openApi } from "./support.ts"

const MiB = 1024 * 1024

describe("a request", () => {
  test("to no route is 404", async () => {
    const { call } = openApi()
    for (const target of ["GET /", "GET /topics/", "GET /nothing", "POST /topics/a/b", "GET //topics"]) {
      expect(await call(target)).toMatchObject({
        status: 404,
        json: { error_code: 404, reason: "no_such_route" },
      })
    }
  })

  test("with a method that its route does not have is 405 with Allow", async () => {
    const { call } = openApi()
    expect(await call("PUT /topics")).toMatchObject({
      status: 405,
      headers: { allow: "GET, POST, HEAD" },
      json: { error_code: 405, reason: "method_not_allowed" },
    })
    expect((await call("POST /health")).headers.allow).toBe("GET, HEAD")
  })

  test("by HEAD is answered without a body", async () => {
    expect(await openApi().call("HEAD /topics")).toMatchObject({ status: 200, text: "" })
  })

  test("with unknown or doubled parameters is refused with their paths", async () => {
    const { call } = openApi()
    expect((await call("GET /topics?limit=3")).json).toMatchObject({
      error_code: 422,
      message: "query.limit: is not known here",
    })
    const doubled = await call("GET /topics/a/partitions/0/records?offset=1&offset=2")
    expect(doubled.json.message).toBe("query.offset: is given twice, expected once")
  })

  test("with bad path parameters is refused with their paths", async () => {
    const { call } = openApi()
    const answer = await call("GET /topics/a%20b/partitions/x/offsets")
    expect(answer.status).toBe(422)
    expect(answer.json.message).toContain("path.topic: expected a topic's name")
    expect(answer.json.message).toContain('path.partition: expected an integer, 0 to 2147483647, got "x"')
    expect((await call("GET /topics/%E0%A4%A")).json.message).toContain("path.topic: ")
    expect((await call("GET /topics/no%2Dsuch")).json.message).toContain("no-such")
  })

  test("whose JSON is malformed is 400 and says where", async () => {
    const { call } = openApi()
    const headers = { "content-type": "application/json" }
    const answer = await call("POST /topics", { headers, body: '{"name":' })
    expect(answer).toMatchObject({ status: 400, json: { error_code: 400, reason: "malformed" } })
    expect(answer.json.message).toMatch(/^body: expected JSON, but /)
    const notUtf8 = await call("POST /topics", { headers, body: Uint8Array.of(34, 0xff, 34) })
    expect(notUtf8.json.message).toContain("not UTF-8")
    const empty = await call("POST /topics", { headers })
    expect(empty.status).toBe(400)
    expect((await call("POST /topics", { headers, body: '{"name":"fine"}' })).status).toBe(201)
  })

  test("whose body has another type is 415 and says which are taken", async () => {
    const { call } = await apiWithTopic()
    const headers = { "content-type": "application/x-www-form-urlencoded" }
    const answer = await call("POST /topics/events", { headers, body: "{}" })
    expect(answer).toMatchObject({ status: 415, json: { error_code: 415, reason: "unsupported_media_type" } })
    expect(answer.json.message).toContain("application/x-ndjson")
    expect(answer.json.message).not.toContain("millrace.batches")
    expect((await call("POST /topics/events/partitions/0", { body: "{}" })).json.message).toContain(
      "application/vnd.millrace.batches, got none",
    )
    expect((await call("POST /topics", { headers, body: "{}" })).status).toBe(415)
  })

  test("may be compressed with gzip", async () => {
    const { call, records } = await apiWithTopic()
    const headers = { "content-type": "application/x-ndjson", "content-encoding": "gzip" }
    const answer = await call("POST /topics/events", { headers, body: gzipSync('{"a":1}\n') })
    expect(answer.status).toBe(200)
    expect((await records("/topics/events/partitions/0/records")).json[0].value).toEqual({ a: 1 })
    expect((await call("POST /topics/events", { headers, body: "plain" })).json.message).toContain("not gzip")
    const other = { ...headers, "content-encoding": "br" }
    expect(await call("POST /topics/events", { headers: other, body: "x" })).toMatchObject({
      status: 415,
      json: { reason: "unsupported_encoding" },
    })
  })

  test("over 4 MiB is 413, before and after decompression", async () => {
    const { call } = await apiWithTopic()
    const ndjson = { "content-type": "application/x-ndjson" }
    const line = `"${"x".repeat(4 * MiB - 2)}"`
    expect((await call("POST /topics/events", { headers: ndjson, body: `${line}\n` })).json).toMatchObject({
      error_code: 413,
      reason: "body_too_large",
      max: 4 * MiB,
    })
    const gzip = { ...ndjson, "content-encoding": "gzip" }
    const bomb = gzipSync(Buffer.alloc(64 * MiB))
    expect((await call("POST /topics/events", { headers: gzip, body: bomb })).status).toBe(413)
    expect((await call("POST /topics/events", { headers: ndjson, body: "1" })).status).toBe(200)
  })

  test("of exactly 4 MiB is taken, and its one record given back", async () => {
    const { call, records } = await apiWithTopic()
    const headers = { "content-type": "application/x-ndjson" }
    const value = `"${"x".repeat(4 * MiB - 2)}"`
    const answer = await call("POST /topics/events", { headers, body: value })
    expect({ status: answer.status, text: answer.text.slice(0, 200) }).toMatchObject({ status: 200 })
    expect((await records("/topics/events/partitions/0/records")).json[0].value).toHaveLength(4 * MiB - 2)
  })
})

describe("an error", () => {
  const failing = (error: unknown) =>
    openApi({ log: { listTopics: () => Promise.reject(error) } as Partial<Log> as Log })

  test("of every code has a status, a code, a message and a reason", async () => {
    for (const [code, form] of Object.entries(errorTable.LogError)) {
      const detail = { expected: 7 }
      const error = new LogError(code as keyof typeof errorTable.LogError, `said ${code}`, { detail })
      const { status, json, headers } = await failing(error).call("GET /topics")
      expect({ status, json }).toEqual({
        status: form.status,
        json: { error_code: form.errorCode, message: `said ${code}`, reason: code, expected: 7 },
      })
      expect(headers["retry-after"]).toBe(form.retryAfter === undefined ? undefined : String(form.retryAfter))
    }
  })

  test("keeps Kafka REST's rule: error_code begins with the status", () => {
    for (const forms of Object.values(errorTable)) {
      for (const { status, errorCode } of Object.values(forms)) {
        // Kafka REST's own exception: constraints of a consumer's configuration.
        if (errorCode === 40001) continue
        expect(String(errorCode).slice(0, 3)).toBe(String(status))
      }
    }
  })

  test("of the stores that may pass says when to try again, and the server is told too", async () => {
    const test = failing(new StorageError("unavailable", "no answer"))
    const { status, headers, json } = await test.call("GET /topics")
    expect(test.failures).toEqual([new StorageError("unavailable", "no answer")])
    expect({ status, retry: headers["retry-after"] }).toEqual({ status: 503, retry: "1" })
    expect(json).toEqual({ error_code: 50303, message: "no answer", reason: "storage_unavailable" })
  })

  test("of the stores that will not pass keeps its words inside", async () => {
    const test = failing(new StorageError("invalid", "get: AccessDeniedException: User: arn:aws:sts::1:role"))
    const { status, text, json } = await test.call("GET /topics")
    expect({ status, json }).toMatchObject({ status: 500, json: { reason: "storage_invalid" } })
    expect(text).not.toContain("arn:")
    expect(test.failures).toHaveLength(1)
    expect((await test.call("GET /health")).status).toBe(200)
  })

  test("that nobody expected keeps its words inside", async () => {
    const test = failing(new TypeError("secret"))
    const answer = await test.call("GET /topics")
    expect(answer).toMatchObject({ status: 500, json: { error_code: 500, reason: "internal" } })
    expect(answer.text).not.toContain("secret")
    expect(test.failures).toEqual([new TypeError("secret")])
    expect((await test.call("GET /health")).status).toBe(200)
  })
})
