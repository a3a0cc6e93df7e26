import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { name } from "../parameters.ts"
import { tableSchema, unknownTable } from "../pinot-table.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const fields = v.array(v.looseObject({ name: v.string(), dataType: v.string() }))

const answer = v.object({
  schemaName: v.string(),
  dimensionFieldSpecs: fields,
  metricFieldSpecs: fields,
  dateTimeFieldSpecs: fields,
})

export const getTableSchema = route({
  method: "GET",
  path: "/tables/:table/schema",
  id: "getTableSchema",
  summary: "A table's columns, in Pinot's form",
  access: ({ table: name }) => [{ kind: "table", name, action: "query" }],
  schemas: { path: v.strictObject({ table: name("table") }), query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "The schema.", content: { [mediaTypes.json]: answer } },
    404: { description: "There is no such table." },
  },
  async handle({ path }, { tables }) {
    const spec = await tables.get(path.table)
    if (spec === undefined) throw unknownTable(path.table)
    return jsonReply(200, tableSchema(spec))
  },
})
