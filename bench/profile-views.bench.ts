import { mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { DuckDBInstance } from "@duckdb/node-api"
import { type ProfileView, profileViews } from "../examples/profile-views/events.ts"
import { LoadConnection, requestBytes } from "./http-load.ts"
import { startMillrace } from "./processes.ts"

// "Who viewed my profile" over many views: what a member's own list and figures cost, over HTTP, with 8 clients, warm and
// from a cold cache; beside DuckDB's own table in this process, sorted alike, asked the same by 8 connections.
// `npm run bench -- profile-views [views] [members]`

const VIEWS = Number(process.argv[3] ?? 10_000_000)
const MEMBERS = Number(process.argv[4] ?? VIEWS / 10)
const CLIENTS = 8
const ROWS_PER_REQUEST = 10_000
const SENDERS = 4
const QUERIES = Number(process.env.BENCH_QUERIES ?? 4_000)
const COLD_QUERIES = 50
const SETTLE_MS_MAX = 900_000
const BEGIN = Date.UTC(2026, 9, 1)
const EVERY_MS = 250

const STATEMENTS = [
  'SELECT "viewedAt", "viewerId", source FROM profile_views WHERE "memberId" = ? ORDER BY "viewedAt" DESC LIMIT 10',
  'SELECT source, count(*), sum(seconds) FROM profile_views WHERE "memberId" = ? GROUP BY source ORDER BY source LIMIT 10',
] as const

const json = { "content-type": "application/json" }
const ndjson = { "content-type": "application/x-ndjson" }

function ask(statement: string, member: number): Buffer {
  const body = { sql: `SET resultCache=false; ${statement}`, parameters: [member] }
  return requestBytes("POST", "/query/sql", json, Buffer.from(JSON.stringify(body)))
}

function quantile(times: readonly number[], share: number): string {
  const sorted = times.toSorted((a, b) => a - b)
  return (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(1)
}

/** Members as visitors come: the popular ones more often. The same sequence for both sides. */
function* visitors(): Generator<number> {
  for (const { memberId } of profileViews({ count: Number.MAX_SAFE_INTEGER, members: MEMBERS, seed: 99 })) {
    yield memberId
  }
}

async function load(port: number): Promise<number> {
  const began = performance.now()
  const views = profileViews({ count: VIEWS, members: MEMBERS, begin: BEGIN, everyMs: EVERY_MS })
  const sender = async (): Promise<void> => {
    const connection = new LoadConnection(port)
    for (;;) {
      const lines = linesOf(views)
      if (lines.length === 0) return
      const body = Buffer.from(lines.join("\n"))
      await connection.send(requestBytes("POST", "/topics/profile-views?key=memberId&summary", ndjson, body))
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
  return performance.now() - began
}

function linesOf(views: Generator<ProfileView>): string[] {
  const lines: string[] = []
  while (lines.length < ROWS_PER_REQUEST) {
    const { value, done } = views.next()
    if (done === true) break
    lines.push(JSON.stringify(value))
  }
  return lines
}

/** Waits until every record is in a segment and merging has come to rest. */
async function settle(port: number): Promise<{ readonly segments: number; readonly ms: number }> {
  const began = performance.now()
  const connection = new LoadConnection(port)
  const count = requestBytes(
    "POST",
    "/query/sql",
    json,
    Buffer.from('{"sql":"SET resultCache=false; SELECT count(*) FROM profile_views"}'),
  )
  let [last, since] = [-1, performance.now()]
  while (performance.now() - began < SETTLE_MS_MAX) {
    const reply = JSON.parse(await connection.send(count).catch(() => "{}"))
    const rows = Number(reply.resultTable?.rows[0][0] ?? -1)
    const segments = Number(reply.numSegmentsQueried ?? -1)
    if (segments !== last) [last, since] = [segments, performance.now()]
    if (rows === VIEWS && performance.now() - since > 10_000) return { segments, ms: since - began }
    await new Promise(resolve => setTimeout(resolve, 500))
  }
  throw new Error("the table did not come to rest")
}

interface Load {
  readonly times: number[]
  readonly perSecond: number
}

async function clients(
  once: (client: number, member: number, index: number) => Promise<void>,
): Promise<Load> {
  const members = visitors()
  const times: number[] = []
  let left = QUERIES
  const began = performance.now()
  const client = async (number: number): Promise<void> => {
    while (left-- > 0) {
      const member = members.next().value as number
      const sent = performance.now()
      await once(number, member, left)
      times.push(performance.now() - sent)
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, number) => client(number)))
  return { times, perSecond: (times.length * 1_000) / (performance.now() - began) }
}

async function cold(port: number): Promise<void> {
  const connection = new LoadConnection(port)
  const bytes: number[] = []
  const times: number[] = []
  const members = visitors()
  for (let at = 0; at < COLD_QUERIES; at++) {
    const sent = performance.now()
    const reply = JSON.parse(await connection.send(ask(STATEMENTS[at % 2]!, members.next().value as number)))
    times.push(performance.now() - sent)
    if (reply.exceptions.length > 0) throw new Error(JSON.stringify(reply.exceptions))
    bytes.push(reply.millrace?.cost?.bytesFetched ?? Number.NaN)
  }
  const kb = (share: number): string => (Number(quantile(bytes, share)) / 1_024).toFixed(0)
  console.log(
    `cold: ${COLD_QUERIES} queries of a process that just started, one after the other: ` +
      `${kb(0.5)} KB read in the median, ${kb(1)} at most (aim 400); p50 ${quantile(times, 0.5)} ms`,
  )
}

async function yardstick(): Promise<Load> {
  const instance = await DuckDBInstance.create(":memory:")
  const main = await instance.connect()
  await main.run("SET TimeZone = 'UTC'")
  await main.run(
    `CREATE TABLE raw ("memberId" BIGINT, "viewedAt" TIMESTAMP, "viewerId" BIGINT, source VARCHAR, seconds INTEGER)`,
  )
  const appender = await main.createAppender("raw")
  for (const view of profileViews({ count: VIEWS, members: MEMBERS, begin: BEGIN, everyMs: EVERY_MS })) {
    appender.appendBigInt(BigInt(view.memberId))
    appender.appendTimestamp({ micros: BigInt(view.viewedAt) * 1_000n } as never)
    appender.appendBigInt(BigInt(view.viewerId))
    appender.appendVarchar(view.source)
    appender.appendInteger(view.seconds)
    appender.endRow()
  }
  appender.closeSync()
  await main.run(`CREATE TABLE profile_views AS FROM raw ORDER BY "memberId", "viewedAt"`)
  await main.run("DROP TABLE raw")
  const connections = await Promise.all(Array.from({ length: CLIENTS }, () => instance.connect()))
  const result = await clients(async (client, member, index) => {
    await connections[client]!.runAndReadAll(STATEMENTS[index % 2]!, [BigInt(member)])
  })
  instance.closeSync()
  return result
}

function tell(name: string, { times, perSecond }: Load): void {
  console.log(
    `${name.padEnd(28)} p50 ${quantile(times, 0.5)} ms   p99 ${quantile(times, 0.99)} ms   ${perSecond.toFixed(0)} queries/s`,
  )
}

const folder = mkdtempSync(join(tmpdir(), "millrace-bench-"))
const args = [join(import.meta.dirname, "../examples/profile-views/app.ts"), "--no-replay"]
try {
  console.log(`${VIEWS} views of ${MEMBERS} members; load ${loadavg()[0]?.toFixed(1)}`)
  let server = await startMillrace(folder, args)
  const loaded = await load(server.port)
  const settled = await settle(server.port)
  const cpu = server.cpuSeconds()
  console.log(
    `sent in ${(loaded / 1_000).toFixed(0)} s, at rest ${(settled.ms / 1_000).toFixed(0)} s later in ${settled.segments} segments; ${cpu.toFixed(0)} CPU s`,
  )
  await server.stop()
  server = await startMillrace(folder, args)
  await cold(server.port)
  const connections = Array.from({ length: CLIENTS }, () => new LoadConnection(server.port))
  const once = async (client: number, member: number, index: number): Promise<void> => {
    await connections[client]!.send(ask(STATEMENTS[index % 2]!, member))
  }
  await clients(once)
  const ours = await clients(once)
  tell("over HTTP, warm (aim 8, 30)", ours)
  await server.stop()
  const theirs = await yardstick()
  tell("DuckDB's table, in process", theirs)
  console.log(`ratio of queries per second: ${(ours.perSecond / theirs.perSecond).toFixed(2)}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}
