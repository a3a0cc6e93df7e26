import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { type Defined, defineTable, tableBody } from "../define-table.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { tablesOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { unknownTable } from "../pinot-table.ts"
import { jsonReply } from "../reply.ts"
import { type RouteContext, route } from "../route.ts"
import { tableViewAnswer, tableViewJson } from "../table-view.ts"
import type { ApiResponse } from "../types.ts"

const pinotAnswer = v.object({
  status: v.string(),
  unrecognizedProperties: v.pipe(
    v.record(v.string(), v.string()),
    v.description("What of Pinot's settings has no meaning here: its path, and why."),
  ),
})
const answer = v.union([tableViewAnswer, pinotAnswer])

const conflicts = "It belongs to an app's definition, or cannot become what was asked for."

async function replyOf(
  status: 200 | 201,
  { name: table, notTaken }: Defined,
  done: string,
  context: RouteContext,
): Promise<ApiResponse> {
  if (notTaken !== undefined) {
    const unrecognizedProperties = Object.fromEntries(notTaken.map(({ path, why }) => [path, why]))
    return jsonReply(200, { unrecognizedProperties, status: `Table ${table}_REALTIME ${done}` })
  }
  const view = await tablesOf(context).view(table)
  if (view === undefined) throw unknownTable(table)
  const reply = jsonReply(status, tableViewJson(view))
  return status === 201 ? { ...reply, headers: { ...reply.headers, location: `/tables/${table}` } } : reply
}

export const createTable = route({
  method: "POST",
  path: "/tables",
  id: "createTable",
  summary: "Create a table over a topic",
  description: "It consumes the topic from its first record on.",
  access: { kind: "table", some: true, action: "admin" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "The table.", required: true, content: { [mediaTypes.json]: tableBody } },
  answers: {
    200: {
      description: "It is made, of Pinot's configuration.",
      content: { [mediaTypes.json]: pinotAnswer },
    },
    201: { description: "It is made.", content: { [mediaTypes.json]: tableViewAnswer } },
    404: { description: "There is no such topic, or no Pinot schema of the table's name." },
    409: { description: "A table has this name, or one with this name is being dropped." },
  },
  async handle({ request, access }, context) {
    const defined = await defineTable(jsonBody(request, tableBody), undefined, access, context)
    return replyOf(201, defined, "successfully added", context)
  },
})

export const alterTable = route({
  method: "PUT",
  path: "/tables/:table",
  id: "alterTable",
  summary: "Give a table another definition",
  description:
    "What the rows that stand do not allow is refused, unless `rebuild` is true: then a table is built anew beside this one and takes its place when it has come to the log's end.",
  access: ({ table }) => [{ kind: "table", name: table, action: "admin" }],
  schemas: { path: v.strictObject({ table: name("table") }), query: nothing, headers: anyHeaders },
  body: { description: "The whole table.", required: true, content: { [mediaTypes.json]: tableBody } },
  answers: {
    200: {
      description: "It is so, or under way: then `rebuilding` says so.",
      content: { [mediaTypes.json]: answer },
    },
    404: { description: "There is no such table, or no such topic." },
    409: { description: conflicts },
  },
  async handle({ request, path, access }, context) {
    const defined = await defineTable(jsonBody(request, tableBody), path.table, access, context)
    return replyOf(200, defined, "successfully updated", context)
  },
})

export const dropTable = route({
  method: "DELETE",
  path: "/tables/:table",
  id: "dropTable",
  summary: "Drop a table with its segments",
  description: "Its topic keeps its records. The name is free at once.",
  access: ({ table }) => [{ kind: "table", name: table, action: "admin" }],
  schemas: {
    path: v.strictObject({ table: name("table") }),
    query: v.strictObject({
      type: v.optional(
        v.pipe(
          v.picklist(["realtime", "REALTIME"], "expected realtime"),
          v.description("Pinot's: there are no others."),
        ),
      ),
    }),
    headers: anyHeaders,
  },
  answers: {
    200: { description: "It is gone.", content: { [mediaTypes.json]: v.object({ status: v.string() }) } },
    404: { description: "There is no such table." },
    409: { description: conflicts },
  },
  async handle({ path }, context) {
    await tablesOf(context).drop(path.table)
    return jsonReply(200, { status: `Tables: [${path.table}_REALTIME] deleted` })
  },
})
