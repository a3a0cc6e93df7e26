import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { join } from "node:path"
import { exportJWK, generateKeyPair, SignJWT } from "jose"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { describeAuthentication } from "../api/auth-contract.ts"
import { millraceAt } from "../cli/support.ts"
import { apps, failedStart, Server, type ServerOptions, temporaryFolder } from "./support.ts"

const app = join(apps, "readings.ts")
const anywhere = ["--host", "0.0.0.0", "--no-replay"]
const run = millraceAt("http://127.0.0.1:9")

/** A server that may not listen on loopback alone, once it answers. */
async function startAnywhere(options: ServerOptions): Promise<Server> {
  const server = new Server(options)
  const [, port = ""] = await server.said(/ at http:\/\/[\d.]+:(\d+)\n/)
  server.url = `http://127.0.0.1:${port}`
  return server
}

async function offlineKey(data: string, ...scopes: string[]): Promise<string> {
  const args = scopes.flatMap(scope => ["--scope", scope])
  const { code, stdout, stderr } = await run(["keys", "create", "root", ...args, "--data", data])
  expect(code, stderr).toBe(0)
  return stdout.trim()
}

const bearer = (secret: string) => ({ headers: { authorization: `Bearer ${secret}` } })

const served = Promise.withResolvers<{ server: Server; key: string }>()

describeAuthentication("a server beyond loopback", async () => {
  const data = join(temporaryFolder(), "data")
  const key = await offlineKey(data, "*")
  const server = await startAnywhere({ app, data, args: anywhere })
  served.resolve({ server, key })
  return {
    key,
    table: "readings",
    topic: "readings",
    async call(target, request) {
      const { status, text, headers } = await server.call(target, request)
      return { status, text, header: name => headers.get(name) ?? undefined }
    },
  }
})

describe("keys", () => {
  test("stand in nothing that the server says", async () => {
    const { server, key } = await served.promise
    const { status, json } = await server.call("GET /keys", bearer(key))
    expect(status).toBe(200)
    expect(json.keys.map(({ name }: { name: string }) => name)).toContain("root")
    // Every kind of fault that the tests before this one made has been told by now.
    expect(server.stderr).toContain("Every request needs a key or token")
    expect(server.stderr + server.stdout).not.toMatch(/mr_|authorization|Bearer/i)
  })

  test("of a running server are changed through it, not in its folder", async () => {
    const { server, key } = await served.promise
    const refused = await run(["keys", "list", "--data", server.options.data])
    expect(refused).toMatchObject({ code: 1, stdout: "" })
    expect(refused.stderr).toMatch(/^error: .*this data folder is in use by process \d+/)
    const listed = await run(["keys", "list", "--url", server.url], { env: { MILLRACE_KEY: key } })
    expect(listed).toMatchObject({ code: 0, stdout: expect.stringContaining("root") })
  })
})

describe("a start beyond loopback", () => {
  test("without a key is refused, and with one it is served; a revoked one is no key after a restart", async () => {
    const data = join(temporaryFolder(), "data")
    const refused = await failedStart({ app, data, args: anywhere })
    expect(refused.code).toBe(1)
    expect(refused.stderr).toMatch(
      /^error: Will not listen on 0\.0\.0\.0: there is no key yet.* millrace keys create first --scope '\*' --data .*, or name an issuer of tokens with --jwt-issuer\.\n$/,
    )
    const key = await offlineKey(data, "topic:*:read", "table:*:query")
    const first = await startAnywhere({ app, data, args: anywhere })
    expect((await first.call("GET /topics", bearer(key))).json).toEqual(["readings"])
    await first.stop()

    await offlineKey(data, "*")
    const listed = await run(["keys", "list", "--json", "--data", data])
    const keys = listed.stdout
      .trimEnd()
      .split("\n")
      .map(line => JSON.parse(line))
    const { id } = keys.find(({ scopes }) => scopes.length === 2)
    expect(listed.stdout).not.toContain(key)
    expect((await run(["keys", "revoke", id, "--data", data])).code).toBe(0)
    expect(await run(["keys", "revoke", id, "--data", data])).toMatchObject({
      code: 1,
      stderr: `error: There is no key ${id}; millrace keys list shows them.\n`,
    })
    const wrong = await run(["keys", "create", "a b", "--scope", "*", "--data", data])
    expect(wrong).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/^error: name: expected/),
    })
    const second = await startAnywhere({ app, data, args: anywhere })
    expect((await second.call("GET /topics", bearer(key))).status).toBe(401)
    expect((await second.call("GET /health")).status).toBe(200)
  })

  test("with half of an issuer says which half is missing", async () => {
    const cases = [
      [["--jwt-issuer", "http://issuer.example"], "--jwt-issuer: expected an https URL"],
      [["--jwt-issuer", "https://issuer.example"], "--jwt-audience: is missing"],
      [["--jwt-audience", "millrace"], "--jwt-issuer: is missing"],
    ] as const
    const data = join(temporaryFolder(), "data")
    for (const [args, message] of cases) {
      const { code, stderr } = await failedStart({ app, data, args })
      expect(code).toBe(2)
      expect(stderr).toContain(`error: ${message}`)
    }
  })
})

describe("an issuer's tokens", () => {
  const issuer = createServer()
  let url = ""
  let privateKey: Awaited<ReturnType<typeof generateKeyPair>>["privateKey"]

  beforeAll(async () => {
    const pair = await generateKeyPair("RS256")
    privateKey = pair.privateKey
    const jwk = { ...(await exportJWK(pair.publicKey)), kid: "one", alg: "RS256", use: "sig" }
    issuer.on("request", ({ url: path }, response) => {
      const found = path === "/keys" ? { keys: [jwk] } : { issuer: url, jwks_uri: `${url}/keys` }
      response.end(JSON.stringify(found))
    })
    await new Promise<void>(resolve => issuer.listen(0, "127.0.0.1", resolve))
    url = `http://127.0.0.1:${(issuer.address() as AddressInfo).port}`
  })
  afterAll(() => issuer.close())

  const token = (audience: string) =>
    new SignJWT({ permissions: ["topic:readings:write"] })
      .setProtectedHeader({ alg: "RS256", kid: "one" })
      .setIssuer(url)
      .setAudience(audience)
      .setSubject("ada")
      .setExpirationTime("10 min")
      .sign(privateKey)

  test("count on loopback too where an issuer is named, beside no key at all", async () => {
    const args = [
      "--no-replay",
      "--jwt-issuer",
      url,
      "--jwt-audience",
      "millrace",
      "--jwt-scopes-claim",
      "permissions",
    ]
    const server = await startAnywhere({ app, args })
    expect((await server.call("GET /topics")).status).toBe(401)
    const { headers } = bearer(await token("millrace"))
    expect((await server.produce("/topics/readings", [{ sensor: "a", n: 1 }], headers)).status).toBe(200)
    const query = await server.call("POST /query/sql", { headers, body: { sql: "SELECT 1" } })
    expect(query).toMatchObject({ status: 403 })
    expect(query.json.message).toBe('The token of "ada" has no scope that includes table:…:query.')
    const other = await server.call("GET /topics", bearer(await token("other")))
    expect(other.status).toBe(401)
    expect(other.json.message).toBe("headers.authorization: the token has no claim aud as expected here")
    expect((await server.call("GET /topics", { headers })).json).toEqual(["readings"])
    expect(server.stderr).not.toMatch(/eyJ|Bearer/)
  })
})
