import { createApi } from "../../shared/api/api.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { RestConsumers } from "../../shared/api/consumers/rest-consumers.ts"
import type { Api, ApiServices, SqlReply, SqlRequest, SqlService } from "../../shared/api/types.ts"
import type { TableSpec } from "../../shared/definition/table-spec.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { memoryJobs } from "./jobs.ts"

export const flights: TableSpec = {
  name: "flights",
  topic: "flights",
  columns: [
    { name: "date", type: "timestamp", format: "yyyy/MM/dd HH:mm" },
    { name: "delay", type: "int" },
    { name: "distance", type: "int" },
    { name: "origin", type: "string" },
    { name: "speed", type: "double", sql: "distance / 60" },
  ],
  time: "date",
}

/** The only answer that is kept. */
const KEPT_ID = "5f0c0ffee0ddba11deadbeef00000001"

/** A broker's reply to `SELECT count(*)`, which remembers what it was asked. */
export class FakeSql implements SqlService {
  readonly asked: SqlRequest[] = []
  failure: unknown

  async query(request: SqlRequest): Promise<SqlReply> {
    this.asked.push(request)
    if (this.failure !== undefined) throw this.failure
    const body =
      '{"resultTable":{"dataSchema":{"columnNames":["count(*)"],"columnDataTypes":["LONG"]},"rows":[[9007199254740993]]},"exceptions":[],"numDocsScanned":1,"totalDocs":1,"numServersQueried":1,"numServersResponded":1,"timeUsedMs":1}'
    return { body, format: request.format ?? "json", isFailed: false }
  }

  readonly running = async () => [{ requestId: "7", sql: "SELECT count(*) FROM flights" }]

  readonly cancel = async (id: string) => id === "7"

  readonly results = {
    page: async ({ id, offset }: { readonly id: string; readonly offset: number }) =>
      id === KEPT_ID ? JSON.stringify({ requestId: id, offset, exceptions: [] }) : undefined,
    about: async (id: string) => (id === KEPT_ID ? { requestId: id, exceptions: [] } : undefined),
    remove: async (id: string) => id === KEPT_ID,
  }
}

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly bytes: Buffer
  readonly text: string
  // biome-ignore lint/suspicious/noExplicitAny: a test knows the shape that it asked for
  readonly json: any
}

export interface Call {
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | object
  readonly signal?: AbortSignal
}

export interface TestApi {
  readonly api: Api
  readonly log: Log
  readonly sql: FakeSql
  readonly failures: unknown[]
  /** One request, `"GET /topics?x=1"`; an object is sent as JSON. */
  call(target: string, call?: Call): Promise<Answer>
  /** NDJSON lines to a topic or partition. */
  produce(path: string, lines: readonly string[], headers?: Readonly<Record<string, string>>): Promise<Answer>
  /** A partition's records. */
  records(path: string, accept?: string): Promise<Answer>
}

function bytesOf(body: string | Uint8Array | readonly Uint8Array[]): Buffer {
  if (typeof body === "string") return Buffer.from(body)
  return body instanceof Uint8Array ? Buffer.from(body) : Buffer.concat(body)
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** The API over a real log in memory. */
export function openApi(services: Partial<ApiServices> = {}): TestApi {
  const log = services.log ?? openLog(memoryPorts())
  const sql = new FakeSql()
  const failures: unknown[] = []
  const api = createApi({
    log,
    sql,
    tables: {
      list: async () => [flights],
      get: async name => (name === flights.name ? flights : undefined),
    },
    keys: keyStore(memoryPorts()),
    jobs: memoryJobs(),
    consumers: new RestConsumers(memoryPorts(), log),
    deadLetters: {
      count: async () => 3,
      redrive: async max => ({ redriven: Math.min(max, 2), failed: 1, remaining: 1 }),
    },
    onFailure: error => failures.push(error),
    ...services,
  })
  const call = async (target: string, { headers = {}, body = "", signal }: Call = {}): Promise<Answer> => {
    const [method = "", url = ""] = target.split(" ", 2)
    const [path = "", query = ""] = url.split("?", 2)
    const plain = typeof body === "string" || body instanceof Uint8Array
    const answer = await api.handle({
      method,
      path,
      query,
      headers: plain ? headers : { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? Buffer.from(body) : plain ? body : Buffer.from(JSON.stringify(body)),
      signal,
    })
    const bytes = bytesOf(answer.body)
    return {
      status: answer.status,
      headers: answer.headers,
      bytes,
      text: bytes.toString(),
      json: parsed(bytes.toString()),
    }
  }
  const type = { "content-type": "application/x-ndjson" }
  return {
    api,
    log,
    sql,
    failures,
    call,
    produce: (path, lines, headers) =>
      call(`POST ${path}`, {
        headers: { ...type, ...headers },
        body: lines.map(line => `${line}\n`).join(""),
      }),
    records: (path, accept = "application/json") =>
      call(`GET ${path}${path.includes("?") ? "&" : "?"}timeout=0`, { headers: { accept } }),
  }
}

/** An API with one topic `events`. */
export async function apiWithTopic(partitions = 1): Promise<TestApi> {
  const test = openApi()
  await test.log.createTopic({ name: "events", partitions, owner: "http" })
  return test
}
