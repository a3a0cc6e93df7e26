import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { tablesOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const body = v.strictObject({
  where: v.pipe(
    v.string("expected a condition"),
    v.description(
      "Columns compared with constants (`=`, `<>`, `<`, `<=`, `>`, `>=`, `IN`, `BETWEEN`, `LIKE`, `IS NULL`), joined by `AND`, `OR` and `NOT`.",
    ),
  ),
})

const answer = v.object({
  id: v.string(),
  ends: v.pipe(
    v.array(v.number()),
    v.description("By partition: of the records below this offset those are erased that meet the condition."),
  ),
})

export const purgeTable = route({
  method: "POST",
  path: "/tables/:table/purge",
  id: "purgeTable",
  summary: "Erase rows of a table",
  description:
    "Once it is answered the rows are in no result any more. The objects that hold them are written anew in the background and deleted after a day. Records of the topic are not touched, nor are rows that come of later records.",
  access: ({ table }) => [{ kind: "table", name: table, action: "admin" }],
  schemas: { path: v.strictObject({ table: name("table") }), query: nothing, headers: anyHeaders },
  body: { description: "What to erase.", required: true, content: { [mediaTypes.json]: body } },
  answers: {
    200: { description: "It is erased.", content: { [mediaTypes.json]: answer } },
    404: { description: "There is no such table." },
    409: { description: "Too many erasures are under way." },
    422: { description: "The condition is none that every row can be tested with; the message says where." },
    503: { description: "Some partitions may be rid of the rows, others not: ask again." },
  },
  async handle({ request, path }, context) {
    const { where } = jsonBody(request, body)
    return jsonReply(200, await tablesOf(context).purge(path.table, where))
  },
})
