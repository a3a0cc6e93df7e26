import { beforeAll, describe, expect, test } from "vitest"

/** What the contract sees of an answer. */
export interface ContractAnswer {
  readonly status: number
  readonly text: string
  header(name: string): string | undefined
}

/** A server or API that asks everybody who he is, as any carrier reaches it. */
export interface Guarded {
  call(
    target: string,
    request?: { readonly headers?: Readonly<Record<string, string>>; readonly body?: string },
  ): Promise<ContractAnswer>
  /** A key that may do everything. */
  readonly key: string
  /** A table that can be queried, and its topic. */
  readonly table: string
  readonly topic: string
}

const json = { "content-type": "application/json" }
const ndjson = { "content-type": "application/x-ndjson" }
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })

/** A key that nobody has. */
const WRONG_KEY = `mr_${"A".repeat(43)}`

/** What everybody who is asked who he is must be able to rely on, whatever carries the API. */
export function describeAuthentication(name: string, open: () => Promise<Guarded>): void {
  describe(`${name}: who may do what`, () => {
    let guarded: Guarded
    const made: string[] = []
    beforeAll(async () => {
      guarded = await open()
    })

    async function newKey(scopes: readonly string[]): Promise<{ id: string; key: string }> {
      const body = JSON.stringify({ name: "contract", scopes })
      const answer = await guarded.call("POST /keys", { headers: { ...json, ...bearer(guarded.key) }, body })
      expect(answer.status, answer.text).toBe(201)
      const { id, key } = JSON.parse(answer.text)
      expect(key).toMatch(/^mr_[\w-]{43}$/)
      made.push(key)
      return { id, key }
    }

    const query = (sql: string, headers: Readonly<Record<string, string>>) =>
      guarded.call("POST /query/sql", { headers: { ...json, ...headers }, body: JSON.stringify({ sql }) })

    /** The error of an answer, which holds no key. */
    function errorOf(answer: ContractAnswer) {
      for (const key of [guarded.key, WRONG_KEY, ...made]) expect(answer.text).not.toContain(key.slice(0, 12))
      return JSON.parse(answer.text)
    }

    test("/health is for everybody, and nothing else", async () => {
      expect((await guarded.call("GET /health")).status).toBe(200)
      const targets = ["GET /topics", "GET /openapi.json", "GET /keys", "GET /no/such/route", "PUT /topics"]
      const more = [
        `POST /topics/${guarded.topic}`,
        "POST /topics/no-such-topic",
        "GET /query/sql?sql=SELECT+1",
      ]
      for (const target of [...targets, ...more]) {
        const answer = await guarded.call(target)
        expect(answer.status, target).toBe(401)
        expect(answer.header("www-authenticate"), target).toContain("Bearer")
        expect(errorOf(answer)).toEqual({
          error_code: 40101,
          reason: "unauthenticated",
          message: expect.stringMatching(/^headers\.authorization: is missing, expected Bearer and a key/),
        })
      }
      expect((await guarded.call("GET /topics", { headers: bearer(guarded.key) })).status).toBe(200)
    })

    test("a wrong key, and what is no key, is told apart from a missing one and never repeated", async () => {
      const wrong = await guarded.call("GET /topics", { headers: bearer(WRONG_KEY) })
      expect(wrong.status).toBe(401)
      expect(errorOf(wrong)).toMatchObject({
        reason: "unauthenticated",
        message: expect.stringMatching(/^headers\.authorization: is no key of this deployment/),
      })
      for (const authorization of [
        "Bearer",
        "Digest x",
        `Bearer ${WRONG_KEY} twice`,
        "Basic !!",
        "Bearer short",
      ]) {
        const answer = await guarded.call("GET /topics", { headers: { authorization } })
        expect(answer.status, authorization).toBe(401)
        expect(errorOf(answer).message, authorization).toMatch(/^headers\.authorization: /)
      }
      expect((await guarded.call("GET /topics", { headers: bearer(guarded.key) })).status).toBe(200)
    })

    test("a key may be the password of Basic, under any name", async () => {
      for (const user of ["", "admin"]) {
        const authorization = `Basic ${Buffer.from(`${user}:${guarded.key}`).toString("base64")}`
        expect((await guarded.call("GET /topics", { headers: { authorization } })).status).toBe(200)
      }
    })

    test("a key that may write one topic may do that, and is told what it lacks for all else", async () => {
      const { topic, table } = guarded
      const { key } = await newKey([`topic:${topic}:write`])
      const headers = bearer(key)
      const sent = await guarded.call(`POST /topics/${topic}`, {
        headers: { ...ndjson, ...headers },
        body: "{}\n",
      })
      expect(sent.status, sent.text).toBe(200)
      const refused: readonly (readonly [string, string])[] = [
        [`GET /topics/${topic}/partitions/0/records?timeout=0`, `topic:${topic}:read`],
        [`DELETE /topics/${topic}`, `topic:${topic}:admin`],
        ["DELETE /topics/no-such-topic", "topic:no-such-topic:admin"],
        ["GET /topics/no-such-topic", "topic:no-such-topic:read or topic:no-such-topic:write"],
        [`GET /tables/${table}`, `table:${table}:query`],
        ["GET /tables/no_such_table", "table:no_such_table:query"],
        ["GET /query/sql?sql=SELECT+1", "table:…:query"],
        ["GET /keys", "deployment:*:admin"],
        ["DELETE /keys/0123456789abcdef", "deployment:*:admin"],
        ["GET /dead-letters", "deployment:*:admin"],
      ]
      for (const [target, need] of refused) {
        const answer = await guarded.call(target, { headers })
        expect(answer.status, target).toBe(403)
        expect(errorOf(answer), target).toEqual({
          error_code: 40301,
          reason: "forbidden",
          message: `The key "contract" has no scope that includes ${need}.`,
          need,
        })
      }
      expect((await guarded.call(`GET /topics/${topic}`, { headers })).status).toBe(200)
      expect(JSON.parse((await guarded.call("GET /topics", { headers })).text)).toEqual([topic])
      expect(JSON.parse((await guarded.call("GET /tables", { headers })).text)).toEqual({ tables: [] })
    })

    test("SQL needs every table that it names, and tells of no other", async () => {
      const { table } = guarded
      const { key } = await newKey([`table:${table}:query`])
      const count = `SELECT count(*) FROM ${table}`
      expect(JSON.parse((await query(count, bearer(key))).text).exceptions).toEqual([])
      for (const sql of [
        "SELECT * FROM no_such_table",
        `SELECT * FROM ${table} a JOIN no_such_table b ON true`,
        `WITH x AS (SELECT * FROM No_Such_Table) SELECT (SELECT count(*) FROM x) FROM ${table}`,
      ]) {
        const answer = await query(sql, bearer(key))
        expect(answer.status, sql).toBe(403)
        expect(errorOf(answer)).toMatchObject({ reason: "forbidden", need: "table:no_such_table:query" })
      }
      const { key: other } = await newKey(["table:no_*:query"])
      const unknown = JSON.parse((await query("SELECT * FROM no_such_table", bearer(other))).text)
      expect(unknown.exceptions[0].errorCode).toBe(190)
      expect(unknown.exceptions[0].message).not.toContain(table)
      expect((await query(count, bearer(key))).status).toBe(200)
    })

    test("a revoked key is refused, at once where it was revoked and everywhere in time", async () => {
      const { id, key } = await newKey(["topic:*:read"])
      expect((await guarded.call("GET /topics", { headers: bearer(key) })).status).toBe(200)
      const revoked = await guarded.call(`DELETE /keys/${id}`, { headers: bearer(guarded.key) })
      expect(revoked.status).toBe(204)
      const again = await guarded.call(`DELETE /keys/${id}`, { headers: bearer(guarded.key) })
      expect(again.status).toBe(404)
      expect(errorOf(again)).toMatchObject({ reason: "unknown_key", message: expect.stringContaining(id) })
      await expect
        .poll(async () => (await guarded.call("GET /topics", { headers: bearer(key) })).status, {
          timeout: 90_000,
          interval: 500,
        })
        .toBe(401)
    })

    test("keys with scopes that mean nothing are refused with the paths of the faults", async () => {
      const body = JSON.stringify({ name: "a b", scopes: ["topic:ads", "table:*:write"] })
      const answer = await guarded.call("POST /keys", { headers: { ...json, ...bearer(guarded.key) }, body })
      expect(answer.status).toBe(422)
      const { message } = errorOf(answer)
      expect(message).toMatch(/body\.name: expected a key's name/)
      expect(message).toMatch(/body\.scopes\.0: expected kind:name:action, or \* for everything/)
      expect(message).toMatch(/body\.scopes\.1: expected query, admin after the second colon/)
      const list = await guarded.call("GET /keys", { headers: bearer(guarded.key) })
      expect(list.status).toBe(200)
      expect(list.text).not.toMatch(/"(?:key|hash)"/)
    })
  })
}
