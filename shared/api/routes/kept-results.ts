import * as v from "valibot"
import { ApiError } from "../errors.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { integerText } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { type RouteContext, route } from "../route.ts"
import { ownerOf, pageRows } from "../sql-call.ts"

const access = { kind: "table", some: true, action: "query" } as const

const path = v.strictObject({
  result: v.pipe(v.string(), v.description("`requestId` of the reply to a query with `getCursor=true`.")),
})

const unknown = (result: string) =>
  new ApiError("unknown_result", `There is no answer ${JSON.stringify(result)}, or none any more.`)

function resultsOf({ sql: { results } }: RouteContext) {
  if (results !== undefined) return results
  throw new ApiError("not_offered", "This server keeps no answers.")
}

const kept = {
  200: { description: "As Pinot's broker says it.", content: { [mediaTypes.json]: v.looseObject({}) } },
  404: { description: "There is no such answer, it is another's, or its hour is over." },
}

export const getResultPage = route({
  method: "GET",
  path: "/responseStore/:result/results",
  id: "getResultPage",
  summary: "Rows of an answer that is kept",
  access,
  schemas: {
    path,
    query: v.strictObject({
      offset: v.optional(integerText(0, Number.MAX_SAFE_INTEGER, "The first row, counted from 0."), "0"),
      numRows: pageRows,
    }),
    headers: anyHeaders,
  },
  answers: kept,
  async handle(input, context) {
    const { result: id } = input.path
    const { offset, numRows: rows } = input.query
    const page = await resultsOf(context).page({ id, owner: ownerOf(input.access), offset, rows })
    if (page === undefined) throw unknown(id)
    return jsonReply(200, page)
  },
})

export const getResult = route({
  method: "GET",
  path: "/responseStore/:result",
  id: "getResult",
  summary: "What is known of an answer that is kept, without its rows",
  access,
  schemas: { path, query: nothing, headers: anyHeaders },
  answers: kept,
  async handle(input, context) {
    const about = await resultsOf(context).about(input.path.result, ownerOf(input.access))
    if (about === undefined) throw unknown(input.path.result)
    return jsonReply(200, about)
  },
})

export const deleteResult = route({
  method: "DELETE",
  path: "/responseStore/:result",
  id: "deleteResult",
  summary: "Forget an answer that is kept",
  access,
  schemas: { path, query: nothing, headers: anyHeaders },
  answers: kept,
  async handle(input, context) {
    const { result } = input.path
    if (!(await resultsOf(context).remove(result, ownerOf(input.access)))) throw unknown(result)
    return jsonReply(200, { status: `Query results for ${result} deleted.` })
  },
})
