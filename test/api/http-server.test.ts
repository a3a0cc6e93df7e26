import { once } from "node:events"
import { Agent, type IncomingMessage, request } from "node:http"
import { connect } from "node:net"
import { afterEach, describe, expect, test } from "vitest"
import type { Api, ApiRequest } from "../../shared/api/types.ts"
import {
  type HttpServer,
  type HttpServerOptions,
  startHttpServer,
} from "../../shared/embedded/http-server.ts"
import { apiWithTopic } from "./support.ts"

const BODY_MAX = 4 * 1024 * 1024
const ndjson = { "content-type": "application/x-ndjson" }

const servers: HttpServer[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close(0)
})

async function serve(api: Api, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = await startHttpServer({ api, port: 0, ...options })
  servers.push(server)
  return server
}

interface Sent {
  readonly method?: string
  readonly headers?: Record<string, string>
  readonly body?: readonly (string | Buffer)[]
  readonly agent?: Agent
}

/** One request by Node's own client, which sends what it is told to. */
async function send(
  server: HttpServer,
  path: string,
  { method = "GET", headers, body = [], agent }: Sent = {},
) {
  const sent = request(`${server.url}${path}`, { method, headers, agent })
  sent.on("error", () => undefined)
  for (const chunk of body) sent.write(chunk)
  sent.end()
  const [response] = (await once(sent, "response")) as [IncomingMessage]
  const chunks: Buffer[] = []
  for await (const chunk of response) chunks.push(chunk as Buffer)
  const text = Buffer.concat(chunks).toString()
  return { status: response.statusCode, headers: response.headers, text, socket: sent.socket }
}

/** An API that holds every request until it is told to go on. */
function heldApi() {
  const requests: ApiRequest[] = []
  const held = Promise.withResolvers<void>()
  const api: Api = {
    refusal: async () => undefined,
    async handle(request) {
      requests.push(request)
      await held.promise
      return { status: 200, headers: {}, body: "held" }
    },
    close: () => undefined,
  }
  return { api, requests, release: held.resolve }
}

const until = async (condition: () => boolean) => {
  while (!condition()) await new Promise(resolve => setTimeout(resolve, 1))
}

describe("the HTTP server", () => {
  test("carries requests and replies, in text and in pieces", async () => {
    const { api } = await apiWithTopic()
    const server = await serve(api)
    const body = ['{"a":1}\n', '{"a":2}\n']
    const produced = await send(server, "/topics/events?summary", { method: "POST", headers: ndjson, body })
    expect(produced).toMatchObject({
      status: 200,
      text: '{"offsets":[{"partition":0,"offset":0,"count":2}]}',
      headers: { "content-type": "application/json", "content-length": "50" },
    })
    const accept = "application/vnd.millrace.batches"
    const read = await send(server, "/topics/events/partitions/0/records", { headers: { accept } })
    expect(read.text).toContain('{"a":2}')
    expect(await send(server, "/topics", { method: "HEAD" })).toMatchObject({ status: 200, text: "" })
    expect(await send(server, "/topics/events", { method: "DELETE" })).toMatchObject({
      status: 204,
      text: "",
    })
  })

  test("answers a body that is too large, and the connection lives on", async () => {
    const { api } = await apiWithTopic()
    const server = await serve(api)
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const chunk = Buffer.alloc(1024 * 1024, "1")
    const body = [chunk, chunk, chunk, chunk, "\n"]
    const headers = { ...ndjson, "content-length": String(BODY_MAX + 1) }
    const declared = await send(server, "/topics/events", { method: "POST", headers, body, agent })
    expect(declared.status).toBe(413)
    expect(JSON.parse(declared.text)).toMatchObject({ error_code: 413, reason: "body_too_large" })
    const chunked = await send(server, "/topics/events", { method: "POST", headers: ndjson, body, agent })
    expect(chunked.status).toBe(413)
    const next = await send(server, "/topics/events", { method: "POST", headers: ndjson, body: ["1"], agent })
    expect(next.status).toBe(200)
    agent.destroy()
  })

  test("answers a body that is too large before the client sends it, where the client asks first", async () => {
    const { api } = await apiWithTopic()
    const server = await serve(api)
    const ask = async (length: number) => {
      const socket = connect(server.port, "127.0.0.1")
      socket.write(
        `POST /topics/events HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`,
      )
      const [first] = (await once(socket, "data")) as [Buffer]
      return { socket, line: first.toString().split("\r\n")[0] }
    }
    const large = await ask(BODY_MAX + 1)
    expect(large.line).toBe("HTTP/1.1 413 Payload Too Large")
    large.socket.destroy()
    const small = await ask(1)
    expect(small.line).toBe("HTTP/1.1 100 Continue")
    small.socket.write("1")
    const [answer] = (await once(small.socket, "data")) as [Buffer]
    expect(answer.toString()).toContain("HTTP/1.1 200 OK")
    small.socket.destroy()
  })

  test("refuses what pages of other sites send", async () => {
    const { api } = await apiWithTopic()
    const server = await serve(api)
    const post = (headers: Record<string, string>) =>
      send(server, "/topics/events", { method: "POST", headers: { ...ndjson, ...headers }, body: ["1"] })
    const rebound = await send(server, "/topics", { headers: { host: "evil.example:7070" } })
    expect(rebound.status).toBe(403)
    expect(JSON.parse(rebound.text)).toMatchObject({ reason: "foreign_host" })
    const forgeries: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { "sec-fetch-site": "cross-site" },
    ]
    for (const headers of forgeries) {
      const forged = await post(headers)
      expect(forged.status).toBe(403)
      expect(JSON.parse(forged.text)).toMatchObject({ error_code: 403, reason: "foreign_origin" })
    }
    expect((await post({ origin: server.url })).status).toBe(200)
    for (const host of ["localhost", "LOCALHOST:99", "127.0.0.1:7070", "[::1]:7070"]) {
      expect((await send(server, "/health", { headers: { host } })).status).toBe(200)
    }
  })

  test("says when its port is in use or its address is not this machine's own", async () => {
    const { api } = await apiWithTopic()
    const { port } = await serve(api)
    await expect(startHttpServer({ api, port })).rejects.toMatchObject({
      code: "port_in_use",
      message: `Port ${port} is in use on 127.0.0.1: choose another with --port, or stop what listens there.`,
    })
    await expect(startHttpServer({ api, port: 0, host: "0.0.0.0" })).rejects.toMatchObject({
      code: "host_refused",
    })
    expect((await serve(api)).port).not.toBe(port)
  })

  test("takes a bounded number of requests at once", async () => {
    const { api, requests, release } = heldApi()
    const server = await serve(api, { requestsMax: 1 })
    const first = send(server, "/one")
    await until(() => requests.length === 1)
    const second = await send(server, "/two")
    expect(second).toMatchObject({ status: 503, headers: { "retry-after": "1" } })
    expect(JSON.parse(second.text)).toMatchObject({ reason: "busy" })
    release()
    expect((await first).text).toBe("held")
    await until(() => requests.length === 1)
    expect((await send(server, "/three")).status).toBe(200)
  })

  test("tells the API when the client has gone", async () => {
    const { api, requests, release } = heldApi()
    const server = await serve(api)
    const socket = connect(server.port, "127.0.0.1")
    socket.write("GET /wait HTTP/1.1\r\nHost: localhost\r\n\r\n")
    await until(() => requests.length === 1)
    const { signal } = requests[0]!
    expect(signal?.aborted).toBe(false)
    socket.destroy()
    await once(signal!, "abort")
    release()
  })

  test("survives what is no HTTP, and clients that leave in the middle", async () => {
    const { api } = await apiWithTopic()
    const server = await serve(api)
    const garbage = connect(server.port, "127.0.0.1")
    garbage.write("\u0000\u0001 nonsense\r\n\r\n")
    const [answer] = (await once(garbage, "data")) as [Buffer]
    expect(answer.toString()).toContain("400 Bad Request")
    const leaver = connect(server.port, "127.0.0.1")
    leaver.write("POST /topics/events HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf")
    await once(leaver, "connect")
    leaver.destroy()
    expect((await send(server, "/health")).status).toBe(200)
  })

  test("closes gracefully: requests under way are answered, long polls end, new ones find nobody", async () => {
    const { api, requests, release } = heldApi()
    const server = await serve(api)
    const agent = new Agent({ keepAlive: true })
    const underWay = send(server, "/one", { agent })
    await until(() => requests.length === 1)
    const closed = server.close()
    await expect(send(server, "/two")).rejects.toMatchObject({ code: "ECONNREFUSED" })
    release()
    expect(await underWay).toMatchObject({ status: 200, text: "held" })
    await closed
    agent.destroy()

    const { api: polled } = await apiWithTopic()
    const second = await serve(polled)
    const poll = send(second, "/topics/events/partitions/0/records?timeout=25000")
    await send(second, "/health")
    await second.close()
    expect((await poll).text).toBe("[]")
  })
})

describe("a server that asks who calls", () => {
  /** An API that knows one caller, and remembers which requests it was given whole. */
  function askingApi() {
    const whole: ApiRequest[] = []
    const asked: string[] = []
    const refused = { status: 401, headers: { "www-authenticate": "Bearer" }, body: "who?" }
    const api: Api = {
      async refusal({ path, headers }) {
        asked.push(path)
        return headers.authorization === "Bearer known" ? undefined : refused
      },
      async handle(request) {
        whole.push(request)
        return request.headers.authorization === "Bearer known"
          ? { status: 200, headers: {}, body: String(request.body.length) }
          : refused
      },
      close: () => undefined,
    }
    return { api, whole, asked }
  }

  const known = { authorization: "Bearer known" }

  test("turns strangers away before their bodies are read, and goes on", async () => {
    const { api, whole, asked } = askingApi()
    const server = await serve(api, { authenticated: true })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const large = [Buffer.alloc(3 * 1024 * 1024, "1")]
    const stranger = await send(server, "/topics/a", { method: "POST", body: large, agent })
    expect(stranger).toMatchObject({ status: 401, text: "who?" })
    expect(whole).toEqual([])
    const next = await send(server, "/topics/a", { method: "POST", headers: known, body: large, agent })
    expect(next).toMatchObject({ status: 200, text: String(large[0]!.length) })
    expect((await send(server, "/topics", { agent })).status).toBe(401)
    expect(asked).toEqual(["/topics/a", "/topics/a"])
    agent.destroy()
  })

  test("does not ask a stranger for a body that waits for 100 Continue", async () => {
    const { api, whole } = askingApi()
    const server = await serve(api, { authenticated: true })
    const socket = connect(server.port, "127.0.0.1")
    socket.write("POST /topics/a HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n")
    const [answer] = (await once(socket, "data")) as [Buffer]
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /)
    socket.destroy()
    expect(whole).toEqual([])
  })

  test("never gives the API a caller that a client wrote", async () => {
    const { api, whole } = askingApi()
    const server = await serve(api, { authenticated: true })
    const forged = { ...known, caller: '{"scopes":["*"]}', "x-amzn-request-context": "{}" }
    await send(server, "/topics", { headers: forged })
    expect(whole[0]?.caller).toBeUndefined()
  })

  test("is served under any name, but not to pages of other sites", async () => {
    const { api } = askingApi()
    const server = await serve(api, { authenticated: true, host: "0.0.0.0" })
    const at = { ...server, url: `http://127.0.0.1:${server.port}` } as HttpServer
    const post = (headers: Record<string, string>) =>
      send(at, "/topics/a", { method: "POST", headers: { ...known, ...headers }, body: ["1"] })
    expect((await post({ host: "millrace.example" })).status).toBe(200)
    expect((await post({ host: "a.example", origin: "https://a.example" })).status).toBe(200)
    const forgeries: Record<string, string>[] = [
      { origin: "https://evil.example" },
      { "sec-fetch-site": "cross-site" },
    ]
    for (const headers of forgeries) {
      const forged = await post({ host: "a.example", ...headers })
      expect(forged.status).toBe(403)
      expect(JSON.parse(forged.text)).toMatchObject({ reason: "foreign_origin" })
    }
    expect((await post({ host: "a.example" })).status).toBe(200)
  })

  test("that is left in the middle of being asked goes on", async () => {
    const gate = Promise.withResolvers<void>()
    const { api, whole } = askingApi()
    let asked = 0
    const slow: Api = {
      ...api,
      async refusal(head) {
        asked++
        await gate.promise
        return api.refusal(head)
      },
    }
    const server = await serve(slow, { authenticated: true })
    const socket = connect(server.port, "127.0.0.1")
    socket.write(
      "POST /a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer known\r\nContent-Length: 9\r\n\r\nhalf",
    )
    await until(() => asked === 1)
    socket.destroy()
    await once(socket, "close")
    gate.resolve()
    const next = await send(server, "/a", { method: "POST", headers: known, body: ["1"] })
    expect(next.status).toBe(200)
    expect(whole).toHaveLength(1)
  })
})
