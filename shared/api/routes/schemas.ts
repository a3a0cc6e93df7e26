import * as v from "valibot"
import { jsonBody } from "../body.ts"
import { ApiError } from "../errors.ts"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { schemasOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { PinotReading, pinotColumns } from "../pinot-schema.ts"
import { jsonReply } from "../reply.ts"
import { route } from "../route.ts"

const schemaPath = v.strictObject({ schema: name("schema") })
const body = v.pipe(
  v.looseObject({ schemaName: name("table") }),
  v.description("A Pinot schema, whose name is its table's."),
)
const stored = v.object({
  status: v.string(),
  unrecognizedProperties: v.record(v.string(), v.string()),
})

function unknownSchema(schema: string): ApiError {
  const message = `There is no schema ${JSON.stringify(schema)}; GET /schemas lists them.`
  return new ApiError("unknown_schema", message, { code: 404, error: message })
}

export const createSchema = route({
  method: "POST",
  path: "/schemas",
  id: "createSchema",
  summary: "Keep a Pinot schema for its table",
  description:
    "`POST /tables` with Pinot's configuration of the same name then makes the table. A later one takes its place.",
  access: { kind: "table", some: true, action: "admin" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  body: { description: "The schema.", required: true, content: { [mediaTypes.json]: body } },
  answers: { 200: { description: "It is kept.", content: { [mediaTypes.json]: stored } } },
  async handle({ request, access }, context) {
    const schema = jsonBody(request, body)
    const { schemaName } = schema
    access.demand({ kind: "table", name: schemaName, action: "admin" })
    const reading = new PinotReading()
    pinotColumns(schema, reading)
    if (reading.faults.length > 0) throw new ApiError("invalid", reading.faults.join("; "))
    await schemasOf(context).put(schemaName, schema)
    const unrecognizedProperties = Object.fromEntries(reading.notTaken.map(({ path, why }) => [path, why]))
    return jsonReply(200, { unrecognizedProperties, status: `${schemaName} successfully added` })
  },
})

export const listSchemas = route({
  method: "GET",
  path: "/schemas",
  id: "listSchemas",
  summary: "The names of all Pinot schemas that the caller may use",
  access: "caller",
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: {
    200: {
      description: "As Pinot's controller says it.",
      content: { [mediaTypes.json]: v.array(v.string()) },
    },
  },
  async handle({ access }, context) {
    const names = await schemasOf(context).list()
    return jsonReply(
      200,
      names.filter(schema => access.may({ kind: "table", name: schema, action: "admin" })),
    )
  },
})

export const getSchema = route({
  method: "GET",
  path: "/schemas/:schema",
  id: "getSchema",
  summary: "A Pinot schema as it was sent",
  access: ({ schema }) => [{ kind: "table", name: schema, action: "admin" }],
  schemas: { path: schemaPath, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "The schema.", content: { [mediaTypes.json]: v.looseObject({}) } },
    404: { description: "There is no such schema." },
  },
  async handle({ path }, context) {
    const schema = await schemasOf(context).get(path.schema)
    if (schema === undefined) throw unknownSchema(path.schema)
    return jsonReply(200, schema)
  },
})

export const deleteSchema = route({
  method: "DELETE",
  path: "/schemas/:schema",
  id: "deleteSchema",
  summary: "Forget a Pinot schema",
  description: "A table that was made with it stays.",
  access: ({ schema }) => [{ kind: "table", name: schema, action: "admin" }],
  schemas: { path: schemaPath, query: nothing, headers: anyHeaders },
  answers: {
    200: { description: "It is gone.", content: { [mediaTypes.json]: v.object({ status: v.string() }) } },
    404: { description: "There is no such schema." },
  },
  async handle({ path }, context) {
    if (!(await schemasOf(context).remove(path.schema))) throw unknownSchema(path.schema)
    return jsonReply(200, { status: `Schema ${path.schema} deleted` })
  },
})
