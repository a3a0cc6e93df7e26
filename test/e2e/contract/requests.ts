import { gzipSync } from "node:zlib"
import { expect, test } from "vitest"
import { JSON_TYPE, matching, NDJSON, refused, type Tests } from "./replies.ts"

const MiB = 1024 * 1024

/** Requests that no route can take as they are. */
export function requests({ ask }: Tests): void {
  const post = (body: string | Uint8Array, headers: Record<string, string> = NDJSON) =>
    ask("POST /topics/contract", { headers, body })

  test("an unknown route", async () => {
    const message = 'There is no route "/nowhere"; GET /openapi.json lists them.'
    expect(await ask("GET /nowhere")).toEqual(refused(404, "no_such_route", message))
    expect(await ask("GET /")).toMatchObject({ status: 404, body: { reason: "no_such_route" } })
    expect(await ask("GET /query")).toMatchObject({ status: 404, body: { reason: "no_such_route" } })
  })

  test("a method that a route does not have", async () => {
    const allow = "GET, POST, HEAD"
    const message = `PUT is not allowed on /topics, expected ${allow}`
    expect(await ask("PUT /topics")).toEqual(
      refused(405, "method_not_allowed", message, { headers: { allow }, allow }),
    )
    expect(await ask("DELETE /query/sql")).toMatchObject({
      status: 405,
      body: { reason: "method_not_allowed" },
    })
  })

  test("HEAD", async () => {
    const { body, ...head } = await ask("HEAD /topics/contract/partitions/0/offsets")
    expect(body).toBe("")
    const { body: _, ...get } = await ask("GET /topics/contract/partitions/0/offsets")
    expect(head).toEqual(get)
    expect(await ask("HEAD /topics/nowhere")).toMatchObject({ status: 404 })
  })

  test("an unknown topic, an unknown partition, a name that is none", async () => {
    const unknown = refused(404, "unknown_topic", "topic nowhere does not exist", { code: 40401 })
    expect(await ask("POST /topics/nowhere", { headers: NDJSON, body: "1" })).toEqual(unknown)
    expect(await ask("GET /topics/nowhere")).toEqual(unknown)
    expect(await ask("DELETE /topics/nowhere")).toEqual(unknown)
    expect(await ask("GET /topics/contract/partitions/7/offsets")).toMatchObject({
      status: 404,
      body: { error_code: 40402, reason: "unknown_partition" },
    })
    expect(await ask("GET /topics/a%20b/partitions/x/offsets")).toMatchObject({
      status: 422,
      body: { reason: "invalid", message: matching(/path\.topic: .*path\.partition: /s) },
    })
  })

  test("unknown, doubled and escaped parameters", async () => {
    expect(await ask("GET /topics?limit=3")).toEqual(
      refused(422, "invalid", "query.limit: is not known here"),
    )
    expect(await ask("GET /topics/contract/partitions/0/records?offset=1&offset=2")).toEqual(
      refused(422, "invalid", "query.offset: is given twice, expected once"),
    )
    expect(await ask("GET /topics/contract/partitions/0/records?%6Fffset=0&timeout=0")).toMatchObject({
      status: 200,
    })
  })

  test("a body just above 4 MiB", async () => {
    const tooLarge = { status: 413, headers: JSON_TYPE, body: { error_code: 413, reason: "body_too_large" } }
    expect(await post(Buffer.alloc(4 * MiB + 1, "\n"))).toMatchObject(tooLarge)
    expect(
      await post(gzipSync(Buffer.alloc(64 * MiB)), { ...NDJSON, "content-encoding": "gzip" }),
    ).toMatchObject(tooLarge)
    const sql = `SELECT 1 -- ${"x".repeat(4 * MiB)}`
    expect(await ask("POST /query/sql", { body: { sql } })).toMatchObject(tooLarge)
  })

  test("malformed JSON", async () => {
    expect(await post('{"a":1}\n{"a": }')).toEqual(
      refused(400, "malformed_json", 'line 2, column 7: expected a JSON value, found "}"', {
        line: 2,
        column: 7,
      }),
    )
    expect(await ask("POST /topics", { headers: JSON_TYPE, body: '{"name":' })).toMatchObject({
      status: 400,
      body: { error_code: 400, reason: "malformed", message: matching(/^body: expected JSON, but /) },
    })
    expect(await ask("POST /query/sql", { headers: JSON_TYPE, body: "{" })).toMatchObject({
      status: 400,
      body: { reason: "malformed" },
    })
    expect(await ask("POST /topics", { body: { name: "contract", size: 3 } })).toEqual(
      refused(422, "invalid", "body.size: is not known here"),
    )
  })

  test("a body of another type, and an encoding that is not known", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" }
    expect(await post("a=1", form)).toMatchObject({
      status: 415,
      body: { error_code: 415, reason: "unsupported_media_type", message: matching(/application\/x-ndjson/) },
    })
    expect(await ask("POST /query/sql", { headers: form, body: "sql=1" })).toMatchObject({ status: 415 })
    expect(await post("x", { ...NDJSON, "content-encoding": "br" })).toMatchObject({
      status: 415,
      body: { reason: "unsupported_encoding" },
    })
    expect(await post("plain", { ...NDJSON, "content-encoding": "gzip" })).toMatchObject({ status: 400 })
  })

  test("its description", async () => {
    expect(await ask("GET /openapi.json")).toMatchObject({ status: 200, body: { openapi: "3.1.0" } })
  })
}
