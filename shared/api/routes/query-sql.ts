import * as v from "valibot"
import type { Access } from "../auth/access.ts"
import { jsonBody } from "../body.ts"
import { SQL_LENGTH_MAX } from "../limits.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { type RouteContext, route } from "../route.ts"
import type { ApiRequest, ApiResponse } from "../types.ts"

const sqlExpected = "expected a SQL statement as text"

const members = {
  sql: v.pipe(
    v.string(sqlExpected),
    v.maxLength(SQL_LENGTH_MAX, `expected at most ${SQL_LENGTH_MAX} characters`),
    v.description("One SELECT statement. Without LIMIT it answers ten rows."),
  ),
  queryOptions: v.optional(
    v.pipe(v.string("expected text"), v.description("Pinot's query options: `k=v;k=v`.")),
    "",
  ),
  trace: v.optional(v.union([v.boolean(), v.string()], "expected true or false")),
}

const body = v.strictObject(members)
const query = v.strictObject({ sql: members.sql, queryOptions: members.queryOptions })

const answer = v.looseObject({
  resultTable: v.optional(
    v.object({
      dataSchema: v.object({ columnNames: v.array(v.string()), columnDataTypes: v.array(v.string()) }),
      rows: v.array(v.array(v.unknown())),
    }),
  ),
  exceptions: v.array(v.object({ errorCode: v.number(), message: v.string() })),
  numDocsScanned: v.number(),
  totalDocs: v.number(),
  timeUsedMs: v.number(),
})

const answers = {
  200: {
    description: "A Pinot broker's reply. A query that failed says so in `exceptions`.",
    content: { [mediaTypes.json]: answer },
  },
  429: { description: "More queries at once than the server takes." },
}

function options(text: string): Record<string, string> {
  const pairs = text
    .split(";")
    .map(pair => pair.split("="))
    .filter(pair => pair.length === 2)
  return Object.fromEntries(pairs.map(([key = "", value = ""]) => [key.trim(), value.trim()]))
}

/** Whoever may query no table at all has no use for SQL. */
const access = { kind: "table", some: true, action: "query" } as const

async function run(
  input: { sql: string; queryOptions: string },
  { request, access }: { request: ApiRequest; access: Access },
  { sql }: RouteContext,
): Promise<ApiResponse> {
  const asked = {
    sql: input.sql,
    options: options(input.queryOptions),
    signal: request.signal,
    refuses: (table: string) => access.refusal({ kind: "table", name: table, action: "query" }),
  }
  return jsonReply(200, await sql.query(asked))
}

export const postSql = route({
  method: "POST",
  path: "/query/sql",
  id: "postSql",
  summary: "Query tables with SQL",
  description: "Every table that the statement names needs `table:{table}:query`.",
  access,
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "The query.", required: true, content: { [mediaTypes.json]: body } },
  answers,
  handle: (input, context) => run(jsonBody(input.request, body), input, context),
})

export const getSql = route({
  method: "GET",
  path: "/query/sql",
  id: "getSql",
  summary: "Query tables with SQL, from an address bar",
  description: "Every table that the statement names needs `table:{table}:query`.",
  access,
  schemas: { path: nothing, query, headers: anyHeaders },
  answers,
  handle: (input, context) => run(input.query, input, context),
})
