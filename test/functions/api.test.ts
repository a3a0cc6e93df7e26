import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, describe, expect, test } from "vitest"
import { createApiFunction } from "../../functions/api.ts"
import { createMaintain } from "../../functions/maintain.ts"
import { createQuery } from "../../functions/query.ts"
import { openHome } from "../../functions/runtime/home.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { BODY_BYTES_MAX } from "../../shared/api/limits.ts"
import { DuckdbEngine } from "../../shared/serving/duckdb/engine.ts"
import { QueryError } from "../../shared/serving/errors.ts"
import type { SqlEngine } from "../../shared/serving/sql/engine.ts"
import type { Journal } from "../../shared/storage/journal.ts"
import { describeAuthentication } from "../api/auth-contract.ts"
import { SPEC } from "../serving/support.ts"
import { ample, callHttp, coldBase, FakeCloud, httpEvent, type TestBase, testBase } from "./support.ts"

const KEY = `mr_${"k".repeat(43)}`
const bearer = { authorization: `Bearer ${KEY}` }
const ndjson = { "content-type": "application/x-ndjson", ...bearer }
const closing: (() => Promise<void>)[] = []
afterAll(() => Promise.all(closing.map(close => close())))

/** A deployment with a table over a topic, and a key. */
async function deployed(base: TestBase = testBase()) {
  const { log, tables, ports } = openHome(base)
  await log.createTopic({ name: "events", partitions: 1, owner: "http" })
  await tables.create(SPEC, "http")
  await keyStore(ports).ensure(KEY, "first", ["*"])
  return base
}

function openQuery(base: TestBase) {
  const folder = mkdtempSync(join(tmpdir(), "millrace-functions-"))
  const engine = new DuckdbEngine({ folder, children: 1 })
  const query = createQuery(base, engine)
  closing.push(async () => {
    await query.close?.()
    rmSync(folder, { recursive: true, force: true })
  })
  return query
}

describeAuthentication("functions", async () => {
  const base = await deployed()
  const [api, query] = [createApiFunction(base), openQuery(base)]
  const functionOf = (target: string) => (target.includes(" /query/sql") ? query : api)
  return {
    call: (target, request) => callHttp(functionOf(target), target, request),
    key: KEY,
    table: "events",
    topic: "events",
  }
})

describe("the functions behind the gateway", () => {
  test("show what was sent, each from an environment of its own", async () => {
    const base = await deployed()
    const sent = await callHttp(createApiFunction(base), "POST /topics/events", {
      headers: ndjson,
      body: '{"id":1,"at":5}\n{"id":2,"at":6}\n',
    })
    expect(sent.status, sent.text).toBe(200)
    const path = "/topics/events/partitions/0/records?timeout=0"
    const read = await callHttp(createApiFunction(coldBase(base, 1)), `GET ${path}`, { headers: bearer })
    expect(JSON.parse(read.text)).toHaveLength(2)
    const asked = await callHttp(openQuery(coldBase(base, 2)), "POST /query/sql", {
      headers: { ...bearer, "content-type": "application/json" },
      body: JSON.stringify({ sql: "SELECT count(*), max(id) FROM events" }),
    })
    expect(JSON.parse(asked.text).resultTable.rows).toEqual([[2, 2]])
  })

  test("keep an answer in one environment, and read it on in another", async () => {
    const base = await deployed()
    const kept = await callHttp(openQuery(coldBase(base, 1)), "POST /query/sql?getCursor=true&numRows=2", {
      headers: { ...bearer, "content-type": "application/json" },
      body: JSON.stringify({ sql: "SELECT x FROM range(5) t(x) WHERE x >= ?", parameters: [1] }),
    })
    const { requestId, resultTable } = JSON.parse(kept.text)
    expect(resultTable.rows).toEqual([[1], [2]])
    const other = openQuery(coldBase(base, 2))
    const page = await callHttp(other, `GET /responseStore/${requestId}/results?offset=2`, {
      headers: bearer,
    })
    expect(JSON.parse(page.text).resultTable.rows).toEqual([[3], [4]])
    const csv = await callHttp(other, "GET /query?sql=SELECT+1+AS+n", {
      headers: { ...bearer, accept: "text/csv" },
    })
    expect([csv.status, csv.text]).toEqual([200, "n\r\n1\r\n"])
  })

  test("answer HEAD without a body, and batches as they are stored", async () => {
    const api = createApiFunction(await deployed())
    await callHttp(api, "POST /topics/events", { headers: ndjson, body: '{"id":1}\n' })
    const head = await callHttp(api, "HEAD /topics", { headers: bearer })
    expect([head.status, head.text]).toEqual([200, ""])
    const accept = "application/vnd.millrace.batches"
    const path = "/topics/events/partitions/0/records?timeout=0"
    const { result } = await callHttp(api, `GET ${path}`, { headers: { ...bearer, accept } })
    expect([result.statusCode, result.isBase64Encoded]).toEqual([200, true])
    expect(Buffer.from(result.body, "base64").length).toBeGreaterThan(61)
  })

  test("refuse a large body of a stranger for being a stranger's, one of a caller for its size", async () => {
    const api = createApiFunction(await deployed())
    const body = new Uint8Array(BODY_BYTES_MAX + 1)
    const stranger = await callHttp(api, "POST /topics/events", { body })
    expect([stranger.status, JSON.parse(stranger.text).reason]).toEqual([401, "unauthenticated"])
    const known = await callHttp(api, "POST /topics/events", { headers: ndjson, body })
    expect([known.status, JSON.parse(known.text)]).toEqual([
      413,
      expect.objectContaining({ reason: "body_too_large", max: BODY_BYTES_MAX }),
    ])
    expect((await callHttp(api, "POST /topics/events", { headers: ndjson, body: "{}\n" })).status).toBe(200)
  })

  test("let in whom the gateway vouches for only where the stack says so", async () => {
    const base = await deployed()
    const event = httpEvent("GET /topics")
    const requestContext = {
      ...event.requestContext,
      authorizer: { iam: { userArn: "arn:aws:iam::1:role/r" } },
    }
    const refused = await createApiFunction(base).handle({ ...event, requestContext }, ample)
    expect(refused.statusCode).toBe(401)
    const settings = { MILLRACE_AUTHENTICATION: JSON.stringify({ apiKey: false, iam: true }) }
    const signed = createApiFunction(testBase({ ports: base.ports, settings }))
    expect((await signed.handle({ ...event, requestContext }, ample)).statusCode).toBe(200)
    expect((await callHttp(signed, "GET /topics", { headers: bearer })).status).toBe(401)
  })

  test("log why the tokens' issuer cannot be asked", async () => {
    const jwt = { issuer: "http://127.0.0.1:1", audience: ["shop"], scopesClaim: "scope" }
    const settings = { MILLRACE_AUTHENTICATION: JSON.stringify({ apiKey: false, iam: false, jwt }) }
    const base = testBase({ settings })
    const token = { authorization: `Bearer ${Buffer.from('{"alg":"RS256"}').toString("base64url")}.e30.c2ln` }
    const { status, text } = await callHttp(createApiFunction(base), "GET /topics", { headers: token })
    expect([status, JSON.parse(text).reason]).toEqual([503, "issuer_unavailable"])
    expect(base.lines).toMatchObject([
      { level: "error", message: "the tokens' issuer does not tell its keys", facts: "fetch failed" },
    ])
  })

  test("hand records to the journal where there is one", async () => {
    const keys: string[] = []
    const journal: Journal = {
      put: async records =>
        records.map(({ key }, index) => {
          keys.push(key)
          return {
            outcome: "committed",
            position: { shard: "journal/shardId-0", sequence: String(index + 1) },
          }
        }),
    }
    const base = await deployed()
    const request = { headers: ndjson, body: '{"id":1}\n' }
    const taken = await callHttp(createApiFunction(base, journal), "POST /topics/events?ack=journal", request)
    expect(taken.status, taken.text).toBe(202)
    expect(keys).toHaveLength(1)
    const none = await callHttp(createApiFunction(base), "POST /topics/events?ack=journal", request)
    expect(none.status).toBeGreaterThanOrEqual(400)
    expect((await callHttp(createApiFunction(base), "POST /topics/events", request)).status).toBe(200)
  })

  test("count and redrive dead letters through `maintain`", async () => {
    const cloud = new FakeCloud()
    const base = await deployed(testBase({ cloud }))
    const maintain = createMaintain(coldBase(base, 1))
    cloud.answers = { maintain: event => maintain.handle({ ...event }, ample) }
    const letter = { requestPayload: { tables: [{ table: "events" }] }, responsePayload: {} }
    await cloud.deadLetters.send(JSON.stringify(letter))
    const api = createApiFunction(base)
    expect(JSON.parse((await callHttp(api, "GET /dead-letters", { headers: bearer })).text)).toEqual({
      count: 1,
    })
    const redriven = await callHttp(api, "POST /dead-letters/redrive", { headers: bearer })
    expect(JSON.parse(redriven.text)).toEqual({ redriven: 1, failed: 0, remaining: 0 })
    expect(cloud.invoked).toEqual([{ functionName: "build", event: letter.requestPayload }])
  })

  test("tell a fault of their own in the API's form, and log it without what the request brought", async () => {
    const base = await deployed()
    const api = createApiFunction(base)
    base.cloud.answers = { maintain: async () => Promise.reject(new Error("throttled")) }
    const failed = await callHttp(api, "GET /dead-letters", { headers: bearer })
    expect([failed.status, JSON.parse(failed.text).reason]).toEqual([500, "internal"])
    expect(base.lines).toEqual([{ level: "error", message: "GET /dead-letters", facts: "throttled" }])
    expect(JSON.stringify(base.lines)).not.toContain(KEY.slice(3))
    expect((await callHttp(api, "GET /topics", { headers: bearer })).status).toBe(200)
  })

  test("end a long poll and a query in time to answer, whatever they were asked for", {
    timeout: 20_000,
  }, async () => {
    const short = { leftMs: () => 1_300 }
    const base = await deployed()
    const path = "/topics/events/partitions/0/records?timeout=25000"
    const polled = await createApiFunction(base).handle(httpEvent(`GET ${path}`, { headers: bearer }), short)
    expect([polled.statusCode, polled.body]).toEqual([200, "[]"])
    const engine: SqlEngine & { close(): Promise<void> } = {
      analyze: async sql => ({ ok: true, value: { sql, tables: ["events"] } }),
      run: async ({ signal }) => {
        await once(signal!, "abort")
        return { ok: false, error: new QueryError("timeout", "stopped") }
      },
      close: async () => undefined,
    }
    const sql = encodeURIComponent("SELECT * FROM events")
    const asked = httpEvent(`GET /query/sql?sql=${sql}&queryOptions=timeoutMs=60000`, { headers: bearer })
    const result = await createQuery(base, engine).handle(asked, short)
    expect(JSON.parse(result.body).exceptions).toMatchObject([
      { message: expect.stringContaining("stopped") },
    ])
  })
})
