import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { members, type ProfileView, profileViews } from "../../examples/profile-views/events.ts"
import { deploy } from "../../shared/deployment/deploy.ts"
import { type HttpServer, startHttpServer } from "../../shared/embedded/http-server.ts"
import { openPlatform, type Platform } from "../../shared/embedded/platform.ts"
import { evaluateApp } from "../../shared/evaluation/evaluate.ts"
import { checkExpression } from "../../shared/serving/expression/check.ts"

// "Who viewed my profile": each member sees his own views by his own key, and nothing else, however he asks.

const MEMBERS = 200
const views = [...profileViews({ count: 3_000, members: MEMBERS })]
const ME = 7

const folder = mkdtempSync(join(tmpdir(), "millrace-views-"))
let platform: Platform
let server: HttpServer
let admin = ""
let mine = ""

async function call(key: string, path: string, type: string, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${key}`, "content-type": type }
  return await fetch(`${server.url}${path}`, { method: "POST", headers, body })
}

async function rows(key: string, sql: string, parameters: readonly unknown[] = []): Promise<unknown[][]> {
  const reply = await call(key, "/query/sql", "application/json", JSON.stringify({ sql, parameters }))
  const { exceptions, resultTable } = (await reply.json()) as {
    exceptions: unknown[]
    resultTable: { rows: unknown[][] }
  }
  expect(exceptions).toEqual([])
  return resultTable.rows
}

beforeAll(async () => {
  const app = join(import.meta.dirname, "../../examples/profile-views/app.ts")
  const evaluated = await evaluateApp(app, { checkExpression })
  if (!("definition" in evaluated)) throw new Error("the app does not load")
  platform = await openPlatform({ data: folder, report: () => {}, authentication: {} })
  await deploy(platform, evaluated.definition)
  server = await startHttpServer({ api: platform.api, port: 0, authenticated: true })
  admin = (await platform.keys.create("admin", ["topic:*:write", "table:*:query"])).key
  const limits = { rowFilter: `memberId = ${ME}` }
  mine = (await platform.keys.create("me", ["table:profile_views:query"], limits)).key
  const send = async (topic: string, values: readonly object[]): Promise<void> => {
    const lines = values.map(value => JSON.stringify(value)).join("\n")
    const reply = await call(admin, `/topics/${topic}?key=memberId`, "application/x-ndjson", lines)
    expect(reply.status).toBe(200)
  }
  await send("profile-views", views)
  await send("members", [...members({ count: MEMBERS })])
})
afterAll(async () => {
  await server.close(0)
  await platform.close()
  rmSync(folder, { recursive: true })
})

const newestFirst = (of: readonly ProfileView[]): readonly ProfileView[] =>
  of.toSorted((a, b) => b.viewedAt - a.viewedAt)

test("a member's list and figures are his own views, whatever he asks for", async () => {
  const own = newestFirst(views.filter(({ memberId }) => memberId === ME))
  expect(own.length).toBeGreaterThan(10)
  const list =
    "SELECT epoch_ms(viewedAt), viewerId, source FROM profile_views ORDER BY viewedAt DESC LIMIT 10"
  expect(await rows(mine, list)).toEqual(
    own.slice(0, 10).map(({ viewedAt, viewerId, source }) => [viewedAt, viewerId, source]),
  )
  expect(await rows(mine, "SELECT count(*), sum(seconds) FROM profile_views")).toEqual([
    [own.length, own.reduce((sum, { seconds }) => sum + seconds, 0)],
  ])
  const others = 'SELECT count(*) FROM profile_views WHERE "memberId" = ?'
  expect(await rows(mine, others, [ME + 1])).toEqual([[0]])
  expect(await rows(mine, others, [ME])).toEqual([[own.length]])
})

test("names of viewers come from the members as they are now; who closed his account has none", async () => {
  const newest = new Map([...members({ count: MEMBERS })].map(member => [member.memberId, member]))
  const standing = [...newest.values()].filter(({ closed }) => !closed)
  expect(await rows(admin, "SELECT count(*) FROM members")).toEqual([[standing.length]])
  const sql = `SELECT epoch_ms(v.viewedAt), m.name, m.company FROM profile_views v
    LEFT JOIN members m ON m.memberId = v.viewerId WHERE v.memberId = ? ORDER BY v.viewedAt DESC LIMIT 100`
  const wanted = newestFirst(views.filter(({ memberId }) => memberId === ME)).map(
    ({ viewedAt, viewerId }) => {
      const viewer = newest.get(viewerId)
      return viewer === undefined || viewer.closed
        ? [viewedAt, null, null]
        : [viewedAt, viewer.name, viewer.company]
    },
  )
  expect(await rows(admin, sql, [ME])).toEqual(wanted.slice(0, 100))
  const lists = "SELECT count(*) FROM profile_views WHERE sections = 'skills'"
  expect(await rows(admin, lists)).toEqual([[views.filter(view => view.sections.includes("skills")).length]])
})

test("other tables are not a member's", async () => {
  const reply = await call(mine, "/query/sql", "application/json", '{"sql":"SELECT count(*) FROM members"}')
  expect(reply.status).toBe(403)
})
