import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { type Route, route } from "../route.ts"
import { runSql, sqlBody, sqlCursor, sqlQuery } from "../sql-call.ts"

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
    description:
      "By `Accept`: a Pinot broker's reply, in which a query that failed says so in `exceptions`; or the rows alone.",
    content: {
      [mediaTypes.json]: answer,
      [mediaTypes.csv]: undefined,
      [mediaTypes.ndjson]: undefined,
      [mediaTypes.arrow]: undefined,
    },
  },
  400: {
    description: "The query failed, and `Accept` asked for rows alone: a Pinot broker's reply tells why.",
  },
  429: { description: "More queries at once than the server takes, or than the key may ask." },
}

/** Whoever may query no table at all has no use for SQL. */
const access = { kind: "table", some: true, action: "query" } as const

const description = "Every table that the statement names needs `table:{table}:query`."

function post(path: string, id: string, summary: string): Route {
  return route({
    method: "POST",
    path,
    id,
    summary,
    description,
    access,
    schemas: { path: nothing, query: sqlCursor, headers: anyHeaders },
    body: { description: "The query.", required: true, content: { [mediaTypes.json]: sqlBody } },
    answers,
    handle: (input, { sql }) => runSql({ ...jsonBody(input.request, sqlBody), ...input.query }, input, sql),
  })
}

function get(path: string, id: string, summary: string): Route {
  return route({
    method: "GET",
    path,
    id,
    summary,
    description,
    access,
    schemas: { path: nothing, query: sqlQuery, headers: anyHeaders },
    answers,
    handle: (input, { sql }) => runSql(input.query, input, sql),
  })
}

export const postSql = post("/query/sql", "postSql", "Query tables with SQL")
export const getSql = get("/query/sql", "getSql", "Query tables with SQL, from an address bar")
/** Pinot's path of its multi-stage engine: here both are one. */
export const postQuery = post("/query", "postQuery", "Query tables with SQL: `/query/sql` by another path")
export const getQuery = get(
  "/query",
  "getQuery",
  "Query tables with SQL, from an address bar, by another path",
)
