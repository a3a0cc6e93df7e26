import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const answer = v.object({ tables: v.array(v.string()) })

export const listTables = route({
  method: "GET",
  path: "/tables",
  id: "listTables",
  summary: "The names of all tables that the caller may query",
  access: "caller",
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "As Pinot's controller says it.", content: { [mediaTypes.json]: answer } },
  },
  async handle({ access }, { tables }) {
    const names = (await tables.list()).map(table => table.name)
    return jsonReply(200, {
      tables: names.filter(name => access.may({ kind: "table", name, action: "query" })),
    })
  },
})
