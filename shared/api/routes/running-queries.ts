import * as v from "valibot"
import { ApiError } from "../errors.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { type Route, route } from "../route.ts"
import { ownerOf } from "../sql-call.ts"

const access = { kind: "table", some: true, action: "query" } as const

/** Characters of an id, which a client may have chosen. */
const ID_CHARS_MAX = 128

const id = v.pipe(
  v.string(),
  v.maxLength(ID_CHARS_MAX, `expected at most ${ID_CHARS_MAX} characters`),
  v.description("`requestId` of a reply, or the query option `clientQueryId`."),
)

export const listQueries = route({
  method: "GET",
  path: "/queries",
  id: "listQueries",
  summary: "The caller's queries that are being answered",
  access,
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: {
      description: "Statements by request id, as Pinot's broker says it.",
      content: { [mediaTypes.json]: v.record(v.string(), v.string()) },
    },
  },
  async handle(input, { sql }) {
    const running = (await sql.running?.(ownerOf(input.access))) ?? []
    return jsonReply(200, Object.fromEntries(running.map(query => [query.requestId, query.sql])))
  },
})

function cancel(path: string, routeId: string, summary: string): Route {
  return route({
    method: "DELETE",
    path,
    id: routeId,
    summary,
    access,
    schemas: { path: v.strictObject({ query: id }), query: v.looseObject({}), headers: anyHeaders },
    answers: {
      200: { description: "It is stopped.", content: { [mediaTypes.json]: v.string() } },
      404: { description: "No such query of the caller's is being answered." },
    },
    async handle(input, { sql }) {
      const { query } = input.path
      const isStopped = (await sql.cancel?.(query, ownerOf(input.access))) ?? false
      if (!isStopped)
        throw new ApiError("unknown_query", `There is no query ${JSON.stringify(query)} under way.`)
      return jsonReply(200, JSON.stringify(`Cancelled query: ${query}`))
    },
  })
}

export const cancelQuery = cancel("/query/:query", "cancelQuery", "Stop a query of the caller's")
export const cancelClientQuery = cancel(
  "/clientQuery/:query",
  "cancelClientQuery",
  "Stop a query of the caller's, by the id that he gave it",
)
