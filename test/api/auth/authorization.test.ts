import { beforeEach, describe, expect, test } from "vitest"
import { createAuthenticator } from "../../../shared/api/auth/authenticator.ts"
import { keyStore } from "../../../shared/api/auth/keys.ts"
import type { KeyStore } from "../../../shared/api/auth/types.ts"
import { routes } from "../../../shared/api/routes.ts"
import type { SqlReply, SqlRequest } from "../../../shared/api/types.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { describeAuthentication } from "../auth-contract.ts"
import { FakeSql, openApi } from "../support.ts"

/** Judges the tables that a statement names after FROM and JOIN, as the query service does. */
class JudgingSql extends FakeSql {
  override async query(request: SqlRequest): Promise<SqlReply> {
    const names = [...request.sql.matchAll(/(?:FROM|JOIN) (\w+)/g)].map(([, name = ""]) => name.toLowerCase())
    for (const name of names.filter(table => table !== "x").sort()) {
      const refused = request.refuses?.(name)
      if (refused !== undefined) throw refused
      if (name !== "flights") {
        const body = '{"exceptions":[{"errorCode":190,"message":"there is no such table"}]}'
        return { body, format: "json", isFailed: true }
      }
    }
    return await super.query(request)
  }
}

function guardedApi() {
  const ports = memoryPorts()
  const keys = keyStore(ports)
  return {
    keys,
    ...openApi({
      keys,
      authenticate: createAuthenticator({ keys, clock: ports.clock }),
      sql: new JudgingSql(),
    }),
  }
}

describeAuthentication("the API", async () => {
  const { keys, log, call } = guardedApi()
  await log.createTopic({ name: "flights", partitions: 1, owner: "http" })
  const { key } = await keys.create("root", ["*"])
  return {
    key,
    table: "flights",
    topic: "flights",
    async call(target, request) {
      const { status, text, headers } = await call(target, request)
      return { status, text, header: name => headers[name] }
    },
  }
})

describe("a route", () => {
  let api: ReturnType<typeof guardedApi>
  let keys: KeyStore
  beforeEach(async () => {
    api = guardedApi()
    keys = api.keys
    await api.log.createTopic({ name: "ads", partitions: 1, owner: "http" })
    await api.log.createTopic({ name: "ads-eu", partitions: 1, owner: "http" })
    await api.log.createTopic({ name: "other", partitions: 1, owner: "http" })
  })

  async function as(...scopes: string[]) {
    const { key } = await keys.create("tower", scopes)
    const authorization = `Bearer ${key}`
    return (target: string, body?: object | string, headers: Record<string, string> = {}) =>
      api.call(target, { headers: { authorization, ...headers }, ...(body === undefined ? {} : { body }) })
  }

  const ndjson = { "content-type": "application/x-ndjson" }
  const lines = '{"a":1}\n'

  test.each([
    ["topic:ads:read", "GET /topics/ads/partitions/0/offsets", 200],
    ["topic:ads:read", "GET /topics/ads/partitions/0/records?timeout=0", 200],
    ["topic:ads:read", "GET /topics/ads-eu/partitions/0/offsets", 403],
    ["topic:ads*:read", "GET /topics/ads-eu/partitions/0/offsets", 200],
    ["topic:ads:read", "GET /topics/ads", 200],
    ["topic:ads:write", "GET /topics/ads", 200],
    ["topic:ads:write", "GET /topics/ads/partitions/0/offsets", 403],
    ["topic:ads:write", "POST /producers", 200],
    ["topic:ads:read", "POST /producers", 403],
    ["table:*:query", "POST /producers", 403],
    ["topic:ads:write", "DELETE /topics/ads", 403],
    ["topic:ads:admin", "DELETE /topics/ads", 204],
    ["table:flights:query", "GET /tables/flights", 200],
    ["table:flights:query", "GET /tables/flights/schema", 200],
    ["table:other:query", "GET /tables/flights/schema", 403],
    ["table:flights:query", "GET /query/sql?sql=SELECT+1", 200],
    ["topic:*:admin", "GET /query/sql?sql=SELECT+1", 403],
    ["topic:*:admin", "GET /keys", 403],
    ["deployment:*:admin", "GET /keys", 200],
    ["deployment:*:admin", "GET /dead-letters", 200],
    ["deployment:*:admin", "POST /dead-letters/redrive", 200],
    ["deployment:*:admin", "GET /topics/ads", 403],
    ["table:nothing:query", "GET /openapi.json", 200],
  ])("with the scope %s answers %s with %i", async (scope, target, status) => {
    const call = await as(scope)
    const answer = await call(target)
    expect(answer.status, answer.text).toBe(status)
    if (status === 403) {
      expect(answer.json).toMatchObject({ error_code: 40301, reason: "forbidden", need: expect.any(String) })
      expect(answer.json.message).toContain(answer.json.need)
    }
    expect((await call("GET /topics")).status).toBe(200)
  })

  test("that creates a topic needs to administer that topic", async () => {
    const call = await as("topic:ads-*:admin")
    expect((await call("POST /topics", { name: "ads-us" })).status).toBe(201)
    const taken = await call("POST /topics", { name: "other" })
    const free = await call("POST /topics", { name: "no-such-topic" })
    expect([taken.status, free.status]).toEqual([403, 403])
    expect(taken.json.message.replace("other", "no-such-topic")).toBe(free.json.message)
    expect((await call("POST /topics/ads-us", lines, ndjson)).status).toBe(200)
    const writer = await as("topic:ads:write")
    const refused = await writer("POST /topics", { name: "ads" })
    expect(refused).toMatchObject({ status: 403, json: { need: "topic:…:admin" } })
  })

  test("that lists shows what the caller may see", async () => {
    const names = async (...scopes: string[]) => (await (await as(...scopes))("GET /topics")).json
    expect(await names("*")).toEqual(["ads", "ads-eu", "other"])
    expect(await names("topic:ads*:read")).toEqual(["ads", "ads-eu"])
    expect(await names("topic:ads:write", "topic:other:admin")).toEqual(["ads", "other"])
    expect(await names("deployment:*:admin")).toEqual([])
    const tables = async (scope: string) => (await (await as(scope))("GET /tables")).json.tables
    expect(await tables("table:f*:query")).toEqual(["flights"])
    expect(await tables("table:other:admin")).toEqual([])
  })

  test("asks who calls before it looks at anything else", async () => {
    const call = await as("topic:ads:write")
    const wrong = "{ no json"
    const asked = await call("POST /topics/other?nonsense=1", wrong, { "content-encoding": "br" })
    expect(asked).toMatchObject({ status: 403, json: { need: "topic:other:write" } })
    expect(await call("GET /topics/a%ff")).toMatchObject({ status: 422 })
    expect(await api.call("GET /topics/a%ff")).toMatchObject({ status: 401 })
    expect(await call("POST /topics/ads?nonsense=1", lines, ndjson)).toMatchObject({ status: 422 })
    expect((await call("POST /topics/ads", lines, ndjson)).status).toBe(200)
  })

  test("is either public or asks, and every one that has a name in its path asks by it", () => {
    const open = routes.filter(({ access }) => access === "public").map(({ id }) => id)
    expect(open).toEqual(["getHealth"])
    for (const { id, path, access } of routes.filter(route => /^\/(?:topics|tables)\/:/.test(route.path))) {
      expect(typeof access, `${id} ${path}`).toBe("function")
    }
  })

  test("tells of a head what it would tell of the request", async () => {
    const head = { method: "POST", path: "/topics/other", query: "", headers: {} }
    expect(await api.api.refusal(head)).toMatchObject({ status: 401 })
    const { key } = await keys.create("tower", ["topic:ads:write"])
    const headers = { authorization: `Bearer ${key}` }
    expect(await api.api.refusal({ ...head, headers })).toMatchObject({ status: 403 })
    expect(await api.api.refusal({ ...head, headers, path: "/topics/ads" })).toBeUndefined()
    expect(await openApi().api.refusal(head)).toBeUndefined()
  })

  test("fails without a word of the key, to the client and to the log", async () => {
    const told: unknown[] = []
    const broken: KeyStore = { ...keys, find: async () => Promise.reject(new Error("the disk is gone")) }
    const authenticate = createAuthenticator({ keys: broken, clock: memoryPorts().clock })
    const failing = openApi({
      authenticate,
      onFailure: (error, { method, path }) => told.push(`${method} ${path} ${(error as Error).stack}`),
    })
    const key = `mr_${"K".repeat(43)}`
    const answer = await failing.call("GET /topics", { headers: { authorization: `Bearer ${key}` } })
    expect(answer).toMatchObject({ status: 500, json: { reason: "internal" } })
    expect(told).toHaveLength(1)
    expect(`${told[0]} ${answer.text}`).not.toContain("KKKK")
    expect((await failing.call("GET /health")).status).toBe(200)
  })
})

describe("a service that is not there", () => {
  test.each([
    ["GET /keys", "This deployment has no keys"],
    ["GET /dead-letters", "This server has no dead letters"],
    ["POST /dead-letters/redrive", "This server has no dead letters"],
  ])("is told: %s", async (target, sentence) => {
    const { call } = openApi({ keys: undefined, deadLetters: undefined })
    const { status, json } = await call(target)
    expect(status).toBe(404)
    expect(json).toMatchObject({ error_code: 404, reason: "not_offered" })
    expect(json.message).toContain(sentence)
    expect((await call("GET /topics")).status).toBe(200)
  })

  test.each([
    [{ max: 0 }, "body.max: expected an integer, 1 to 100"],
    [{ max: 101 }, "body.max: expected an integer, 1 to 100"],
    [{ count: 1 }, "body.count: is not known here"],
  ])("and one that is takes no %j", async (body, message) => {
    const { call } = openApi()
    expect(await call("POST /dead-letters/redrive", { body })).toMatchObject({
      status: 422,
      json: { message },
    })
    expect((await call("POST /dead-letters/redrive", { body: {} })).json).toEqual({
      redriven: 2,
      failed: 1,
      remaining: 1,
    })
  })
})

describe("the OpenAPI document", () => {
  test("says how to prove oneself, and what each route needs", async () => {
    const { paths, components } = (await openApi().call("GET /openapi.json")).json
    expect(Object.keys(components.securitySchemes)).toEqual(["bearer", "basic"])
    expect(paths["/health"].get.security).toEqual([])
    const produce = paths["/topics/{topic}"].post
    expect(produce.security).toEqual([{ bearer: [] }, { basic: [] }])
    expect(produce.description).toContain("Needs `topic:{topic}:write`.")
    expect(Object.keys(produce.responses)).toEqual(expect.arrayContaining(["401", "403"]))
    expect(paths["/keys"].post.description).toContain("Needs `deployment:*:admin`.")
  })
})
