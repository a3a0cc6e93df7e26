import * as v from "valibot"
import { PAGE_ROWS_DEFAULT } from "../serving/query/result-store.ts"
import type { ResultFormat } from "../serving/query/serialize-reply.ts"
import { PARAMETERS_MAX } from "../serving/sql/parameters.ts"
import type { Access } from "./auth/access.ts"
import { SQL_LENGTH_MAX } from "./limits.ts"
import { mediaTypes, negotiate } from "./media-type.ts"
import { integerText } from "./parameters.ts"
import type { ApiRequest, ApiResponse, SqlService } from "./types.ts"

const sqlExpected = "expected a SQL statement as text"

const sql = v.pipe(
  v.string(sqlExpected),
  v.maxLength(SQL_LENGTH_MAX, `expected at most ${SQL_LENGTH_MAX} characters`),
  v.description("One SELECT statement. Without LIMIT it answers ten rows."),
)

const queryOptions = v.optional(
  v.pipe(v.string("expected text"), v.description("Pinot's query options: `k=v;k=v`.")),
  "",
)

const parameterExpected = "expected null, true, false, a number or text"
const parametersExpected = `expected at most ${PARAMETERS_MAX} values`

/** Rows of one page of a kept answer. */
export const pageRows = v.optional(
  integerText(1, 1_000_000, "Rows of a page; fewer where they take more than 4 MB."),
  String(PAGE_ROWS_DEFAULT),
)

const cursor = {
  getCursor: v.optional(
    v.pipe(
      v.picklist(["true", "false"], "expected true or false"),
      v.description("Keeps the answer for an hour, and gives its first page."),
    ),
    "false",
  ),
  numRows: pageRows,
}

export const sqlBody = v.strictObject({
  sql,
  queryOptions,
  parameters: v.optional(
    v.pipe(
      v.array(
        v.nullable(v.union([v.boolean(), v.pipe(v.number(), v.finite()), v.string()], parameterExpected)),
        parametersExpected,
      ),
      v.maxLength(PARAMETERS_MAX, parametersExpected),
      v.description("Values of the statement's `?`, or `$1` to `$n`."),
    ),
    [],
  ),
  trace: v.optional(v.union([v.boolean(), v.string()], "expected true or false")),
})

export const sqlCursor = v.strictObject(cursor)
export const sqlQuery = v.strictObject({ sql, queryOptions, ...cursor })

/** A call's members, from a body, a query string or both. */
export interface SqlCall {
  readonly sql: string
  readonly queryOptions: string
  readonly parameters?: v.InferOutput<typeof sqlBody>["parameters"]
  readonly getCursor: string
  readonly numRows: number
}

const formats: Readonly<Record<string, ResultFormat>> = {
  [mediaTypes.json]: "json",
  [mediaTypes.csv]: "csv",
  [mediaTypes.ndjson]: "ndjson",
  [mediaTypes.arrow]: "arrow",
}

const types: Readonly<Record<ResultFormat, string>> = {
  json: mediaTypes.json,
  csv: `${mediaTypes.csv}; charset=utf-8; header=present`,
  ndjson: mediaTypes.ndjson,
  arrow: mediaTypes.arrow,
}

function options(text: string): Record<string, string> {
  const pairs = text
    .split(";")
    .map(pair => /^([^=]*)=(.*)$/s.exec(pair))
    .filter(pair => pair !== null)
  return Object.fromEntries(pairs.map(([, key = "", value = ""]) => [key.trim(), value.trim()]))
}

/** Whom a query belongs to, and what is kept of its answer. */
export function ownerOf({ caller }: Access): string {
  return caller === undefined ? "" : `${caller.by}:${caller.id ?? caller.name}`
}

/**
 * Runs a call for its caller. What `Accept` names and is none of the forms is answered as JSON, as a Pinot broker does.
 * A failure is 200 with Pinot's reply to who takes that, else 400: who reads rows must not take it for some.
 */
export async function runSql(
  call: SqlCall,
  { request, access }: { readonly request: ApiRequest; readonly access: Access },
  service: SqlService,
): Promise<ApiResponse> {
  const { caller, rowFilter } = access
  const { id, queriesPerSecond } = caller ?? {}
  const accepted = negotiate(request.headers.accept, Object.keys(formats)) ?? mediaTypes.json
  const reply = await service.query({
    sql: call.sql,
    options: options(call.queryOptions),
    parameters: call.parameters ?? [],
    format: formats[accepted] ?? "json",
    ...(call.getCursor === "true" ? { pageRows: call.numRows } : {}),
    refuses: (table: string) => access.refusal({ kind: "table", name: table, action: "query" }),
    ...(rowFilter === undefined ? {} : { rowFilter: () => rowFilter }),
    ...(id === undefined || queriesPerSecond === undefined ? {} : { quota: { id, queriesPerSecond } }),
    owner: ownerOf(access),
    ...(request.signal === undefined ? {} : { signal: request.signal }),
  })
  const isRows = accepted !== mediaTypes.json
  return {
    status: reply.isFailed && isRows ? 400 : 200,
    headers: { "content-type": types[reply.format], ...(isRows ? { vary: "accept" } : {}) },
    body: reply.body,
  }
}
