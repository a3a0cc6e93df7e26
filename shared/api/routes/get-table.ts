import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { name } from "../parameters.ts"
import { tableConfig, unknownTable } from "../pinot-table.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"
import { tableViewAnswer, tableViewJson } from "../table-view.ts"

export const getTable = route({
  method: "GET",
  path: "/tables/:table",
  id: "getTable",
  summary: "A table's configuration, in Pinot's form, and how far it is",
  access: ({ table: name }) => [{ kind: "table", name, action: "query" }],
  schemas: { path: v.strictObject({ table: name("table") }), query: nothing, headers: anyHeaders },
  answers: {
    200: {
      description:
        "The configuration, under `REALTIME`; under `table` its definition, owner and state; under `status` what segments hold: records, rows, and what was left out and why.",
      content: {
        [mediaTypes.json]: v.object({
          REALTIME: v.looseObject({ tableName: v.string() }),
          table: v.optional(tableViewAnswer),
          status: v.optional(v.looseObject({})),
        }),
      },
    },
    404: { description: "There is no such table." },
  },
  async handle({ path, access }, { tables }) {
    const spec = await tables.get(path.table)
    if (spec === undefined) throw unknownTable(path.table)
    // Its figures tell of rows that a row filter hides.
    const isOpen = access.rowFilter === undefined
    const [view, status] = await Promise.all([
      tables.view?.(path.table),
      isOpen ? tables.status?.(path.table) : undefined,
    ])
    return jsonReply(200, {
      REALTIME: tableConfig(spec),
      ...(view === undefined ? {} : { table: tableViewJson(view) }),
      ...(status === undefined ? {} : { status }),
    })
  },
})
