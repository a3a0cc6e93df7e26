import * as v from "valibot"
import { mediaTypes } from "../media-type.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { tablesOf } from "../offered.ts"
import { name } from "../parameters.ts"
import { unknownTable } from "../pinot-table.ts"
import { jsonReply } from "../reply.ts"
import { type Route, route } from "../route.ts"
import type { ApiRequest } from "../types.ts"

// What clients of Pinot's controller ask before they query: this server is its own controller and only broker.

const access = { kind: "table", some: true, action: "query" } as const

const PORTS: Readonly<Record<string, number>> = { http: 80, https: 443 }

/** This server by the name under which the client reached it. */
function brokerOf({ headers }: ApiRequest): { readonly host: string; readonly port: number } {
  const scheme = headers["x-forwarded-proto"]?.split(",")[0]?.trim() ?? "http"
  const [, host = "localhost", port] = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(headers.host ?? "") ?? []
  return { host, port: port === undefined ? (PORTS[scheme] ?? PORTS.http ?? 80) : Number(port) }
}

const broker = v.object({ host: v.string(), port: v.number(), instanceName: v.string() })

function instance(request: ApiRequest): v.InferOutput<typeof broker> {
  const { host, port } = brokerOf(request)
  return { host, port, instanceName: `Broker_${host}_${port}` }
}

/** Pinot's clients may add filters, which make no difference here. */
const anyQuery = v.looseObject({})
const tenantPath = v.strictObject({ tenant: v.string() })

export const listDatabases = route({
  method: "GET",
  path: "/databases",
  id: "listDatabases",
  summary: "The names of all databases: one, as Pinot's controller calls it",
  access: "caller",
  schemas: { path: nothing, query: anyQuery, headers: anyHeaders },
  answers: { 200: { description: "One name.", content: { [mediaTypes.json]: v.array(v.string()) } } },
  handle: async () => jsonReply(200, ["default"]),
})

export const getVersion = route({
  method: "GET",
  path: "/version",
  id: "getVersion",
  summary: "Versions, by the name of the part",
  access: "caller",
  schemas: { path: nothing, query: anyQuery, headers: anyHeaders },
  answers: {
    200: { description: "Its own.", content: { [mediaTypes.json]: v.record(v.string(), v.string()) } },
  },
  handle: async () => jsonReply(200, { millrace: "0.1.0" }),
})

function brokers(
  path: string,
  id: string,
  pathSchema: typeof tenantPath | typeof nothing,
  form: "list" | "map",
): Route {
  const answer = form === "list" ? v.array(broker) : v.record(v.string(), v.array(broker))
  return route({
    method: "GET",
    path,
    id,
    summary: "The brokers, by the name under which this server was reached",
    access,
    schemas: { path: pathSchema, query: anyQuery, headers: anyHeaders },
    answers: { 200: { description: "This one.", content: { [mediaTypes.json]: answer } } },
    async handle({ request }) {
      const one = [instance(request)]
      return jsonReply(200, form === "list" ? one : { DefaultTenant: one })
    },
  })
}

export const listTenantBrokers = brokers(
  "/v2/brokers/tenants/:tenant",
  "listTenantBrokers",
  tenantPath,
  "list",
)
export const listTenantsBrokers = brokers("/v2/brokers/tenants", "listTenantsBrokers", nothing, "map")
export const listTableBrokers = brokers("/v2/brokers/tables/:tenant", "listTableBrokers", tenantPath, "list")

export const listBrokerNames = route({
  method: "GET",
  path: "/brokers/tenants/:tenant",
  id: "listBrokerNames",
  summary: "The brokers' names",
  access,
  schemas: { path: tenantPath, query: anyQuery, headers: anyHeaders },
  answers: { 200: { description: "One name.", content: { [mediaTypes.json]: v.array(v.string()) } } },
  handle: async ({ request }) => jsonReply(200, [instance(request).instanceName]),
})

export const getTableMetadata = route({
  method: "GET",
  path: "/tables/:table/metadata",
  id: "getTableMetadata",
  summary: "How large a table's segments are, in Pinot's form",
  access: ({ table }) => [{ kind: "table", name: table, action: "query" }],
  schemas: { path: v.strictObject({ table: name("table") }), query: anyQuery, headers: anyHeaders },
  answers: {
    200: {
      description: "Sums over its segments. What is not in one yet is not counted.",
      content: {
        [mediaTypes.json]: v.looseObject({
          tableName: v.string(),
          diskSizeInBytes: v.number(),
          numSegments: v.number(),
          numRows: v.number(),
        }),
      },
    },
    404: { description: "There is no such table." },
  },
  async handle({ path, access }, context) {
    access.demandAllRows("the size of a table")
    const found = await tablesOf(context).segments(path.table)
    if (found === undefined) throw unknownTable(path.table)
    const segments = found.flatMap(partition => partition.segments)
    return jsonReply(200, {
      tableName: path.table,
      diskSizeInBytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
      numSegments: segments.length,
      numRows: segments.reduce((sum, { rows }) => sum + rows, 0),
      columnLengthMap: {},
      columnCardinalityMap: {},
      maxNumMultiValuesMap: {},
      columnIndexSizeMap: {},
      upsertPartitionToServerPrimaryKeyCountMap: {},
    })
  },
})
