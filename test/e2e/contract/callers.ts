import { expect, test } from "vitest"
import { callAt } from "../client.ts"
import { NDJSON, refused, type Tests, UNAUTHENTICATED } from "./replies.ts"

/** Who is let in, and to what. */
export function callers({ ask, as, keyFor, url }: Tests): void {
  const MISSING = refused(
    401,
    "unauthenticated",
    "headers.authorization: is missing, expected Bearer and a key",
    UNAUTHENTICATED,
  )
  const UNKNOWN = refused(
    401,
    "unauthenticated",
    "headers.authorization: is no key of this deployment: mistyped, revoked, or another deployment's",
    UNAUTHENTICATED,
  )
  const forbidden = (scope: string) =>
    refused(403, "forbidden", `The key "contract" has no scope that includes ${scope}.`, {
      code: 40301,
      need: scope,
    })

  test("no key", async () => {
    for (const target of [
      "GET /topics",
      "GET /nowhere",
      "POST /query/sql",
      "POST /topics/contract",
      "GET /openapi.json",
    ]) {
      expect(await as(undefined)(target)).toEqual(MISSING)
    }
  })

  test("a wrong key", async () => {
    const wrong = `mr_${"A".repeat(43)}`
    expect(await as(wrong)("GET /topics")).toEqual(UNKNOWN)
    expect(await as(wrong)("POST /query/sql", { body: { sql: "SELECT 1" } })).toEqual(UNKNOWN)
    expect(await as(`${wrong}x`)("GET /keys")).toEqual(UNKNOWN)
    expect(await ask("GET /topics", { headers: { authorization: "Digest x" } })).toMatchObject({
      status: 401,
    })
  })

  test("a key as the password of Basic", async () => {
    const basic = Buffer.from(`any:${await keyFor("topic:contract:read")}`).toString("base64")
    const headers = { authorization: `Basic ${basic}` }
    expect(await as(undefined)("GET /topics/contract/partitions/0/offsets", { headers })).toMatchObject({
      status: 200,
    })
  })

  test("nobody, about its health", async () => {
    expect(await as(undefined)("GET /health")).toMatchObject({ status: 200, body: "OK" })
  })

  test("a missing scope", async () => {
    const writer = as(await keyFor("topic:contract:write"))
    expect(await writer("GET /topics/contract/partitions/0/records")).toEqual(
      forbidden("topic:contract:read"),
    )
    expect(await writer("POST /topics/flights", { headers: NDJSON, body: "1" })).toEqual(
      forbidden("topic:flights:write"),
    )
    expect(await writer("DELETE /topics/contract")).toEqual(forbidden("topic:contract:admin"))
    expect(await writer("GET /keys")).toEqual(forbidden("deployment:*:admin"))
    expect(await writer("POST /query/sql", { body: { sql: "SELECT 1" } })).toEqual(forbidden("table:…:query"))
    // Refused before anything is looked up: nobody learns which topics there are.
    expect(await writer("POST /topics/nowhere", { headers: NDJSON, body: "1" })).toEqual(
      forbidden("topic:nowhere:write"),
    )
    const reader = as(await keyFor("topic:con*:read"))
    expect(await reader("POST /topics/contract", { headers: NDJSON, body: "1" })).toEqual(
      forbidden("topic:contract:write"),
    )
    expect(await reader("GET /topics/contract")).toMatchObject({ status: 200 })
  })

  test("a key that was revoked", async () => {
    const { body } = await ask("POST /keys", { body: { name: "short", scopes: ["*"] } })
    const { id, key } = body as { id: string; key: string }
    expect(await as(key)("GET /topics")).toMatchObject({ status: 200 })
    expect(await ask(`DELETE /keys/${id}`)).toMatchObject({ status: 204, body: "" })
    expect(await ask(`DELETE /keys/${id}`)).toMatchObject({ status: 404, body: { reason: "unknown_key" } })
    const listed = (await ask("GET /keys")).body as { keys: { id: string }[] }
    expect(listed.keys.map(key => key.id)).not.toContain(id)
    expect(JSON.stringify(listed)).not.toContain(key)
  })

  test("a page of another origin", async () => {
    const answer = await callAt(url(), "OPTIONS /topics", { headers: { origin: "https://example.com" } })
    expect(answer.headers.get("access-control-allow-origin")).toBeNull()
    expect(answer.status).toBeGreaterThanOrEqual(400)
  })
}
