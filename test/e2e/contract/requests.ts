import { gzipSync } from "node:zlib"
import { expect, test } from "vitest"
import { JSON_TYPE, NDJSON, refused, type Tests } from "./replies.ts"

const MiB = 1024 * 1024

/** Requests that no route can take as they are. */
export function requests({ ask }: Tests): void {
  const post = (body: string | Uint8Array, headers: Record<string, string> = NDJSON) =>
    ask("POST /topics/contract", { headers, body })

  test("an unknown route", async () => {
    const message = 'There is no route "/nowhere"; GET /openapi.json lists them.'
    expect(await ask("GET /nowhere")).toEqual(refused(404, "no_such_route", message))
    for (const path of ["/", "/queried", "/topics/contract/partitions/0/x"]) {
      const text = message.replace("/nowhere", path)
      expect(await ask(`GET ${path}`)).toEqual(refused(404, "no_such_route", text))
    }
  })

  test("a method that a route does not have", async () => {
    const allow = "GET, POST, HEAD"
    const message = `PUT is not allowed on /topics, expected ${allow}`
    expect(await ask("PUT /topics")).toEqual(
      refused(405, "method_not_allowed", message, { headers: { allow }, allow }),
    )
    const ofSql = message.replace("/topics", "/query")
    expect(await ask("PUT /query")).toEqual(
      refused(405, "method_not_allowed", ofSql, { headers: { allow }, allow }),
    )
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
    const none = "partition 7 of contract does not exist: expected 0 to 1"
    expect(await ask("GET /topics/contract/partitions/7/offsets")).toEqual(
      refused(404, "unknown_partition", none, { code: 40402 }),
    )
    const topic = `path.topic: expected a topic's name, 1 to 100 of a-z A-Z 0-9 . _ -, got "a b"`
    const partition = `path.partition: expected an integer, 0 to 2147483647, got "x"`
    expect(await ask("GET /topics/a%20b/partitions/x/offsets")).toEqual(
      refused(422, "invalid", `${topic}; ${partition}`),
    )
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
    const message = "body: is larger than 4194304 bytes (4 MiB); send the records in several requests"
    const tooLarge = refused(413, "body_too_large", message, { max: 4 * MiB })
    expect(await post(Buffer.alloc(4 * MiB + 1, "\n"))).toEqual(tooLarge)
    expect(await post(gzipSync(Buffer.alloc(64 * MiB)), { ...NDJSON, "content-encoding": "gzip" })).toEqual(
      tooLarge,
    )
    const sql = `SELECT 1 -- ${"x".repeat(4 * MiB)}`
    expect(await ask("POST /query/sql", { body: { sql } })).toEqual(tooLarge)
  })

  test("malformed JSON", async () => {
    expect(await post('{"a":1}\n{"a": }')).toEqual(
      refused(400, "malformed_json", 'line 2, column 7: expected a JSON value, found "}"', {
        line: 2,
        column: 7,
      }),
    )
    expect(await ask("POST /topics", { headers: JSON_TYPE, body: '{"name":' })).toEqual(
      refused(400, "malformed", "body: expected JSON, but Unexpected end of JSON input"),
    )
    const where = "Expected property name or '}' in JSON at position 1 (line 1 column 2)"
    expect(await ask("POST /query/sql", { headers: JSON_TYPE, body: "{" })).toEqual(
      refused(400, "malformed", `body: expected JSON, but ${where}`),
    )
    expect(await ask("POST /topics", { body: { name: "contract", size: 3 } })).toEqual(
      refused(422, "invalid", "body.size: is not known here"),
    )
  })

  test("a body of another type, and an encoding that is not known", async () => {
    const form = { "content-type": "application/x-www-form-urlencoded" }
    const got = 'got "application/x-www-form-urlencoded"'
    const kafka = "application/vnd.kafka.json.v2+json or application/vnd.kafka.binary.v2+json"
    const events = "application/cloudevents+json or application/cloudevents-batch+json"
    const records = `headers.content-type: expected application/json or ${kafka} or application/x-ndjson or ${events}, ${got}`
    expect(await post("a=1", form)).toEqual(refused(415, "unsupported_media_type", records))
    expect(await ask("POST /query/sql", { headers: form, body: "sql=1" })).toEqual(
      refused(415, "unsupported_media_type", `headers.content-type: expected application/json, ${got}`),
    )
    const encoding = 'headers.content-encoding: expected gzip or identity, got "br"'
    expect(await post("x", { ...NDJSON, "content-encoding": "br" })).toEqual(
      refused(415, "unsupported_encoding", encoding),
    )
    expect(await post("plain", { ...NDJSON, "content-encoding": "gzip" })).toEqual(
      refused(400, "malformed", "body: is not gzip, though headers.content-encoding says so"),
    )
  })

  test("its description", async () => {
    expect(await ask("GET /openapi.json")).toMatchObject({ status: 200, body: { openapi: "3.1.0" } })
  })
}
