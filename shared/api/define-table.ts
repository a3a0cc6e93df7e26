import * as v from "valibot"
import { TABLE_TOPIC_PREFIX } from "../definition/records.ts"
import type { Access } from "./auth/access.ts"
import { ApiError } from "./errors.ts"
import { schemasOf, tablesOf } from "./offered.ts"
import { isPinotTable, pinotTable, pinotTableName } from "./pinot-config.ts"
import type { NotTaken } from "./pinot-schema.ts"
import type { RouteContext } from "./route.ts"
import type { TableJson } from "./types.ts"

/** A table's definition in either form: whoever reads it says what is wrong with it. */
export const tableBody = v.pipe(
  v.looseObject({}, "expected an object"),
  v.description(
    "Either `name`, `from` (a topic's name), `columns` and the other options of a table; or a Pinot table's configuration, whose schema was sent to `POST /schemas`.",
  ),
)

/** What became of a definition. */
export interface Defined {
  readonly name: string
  /** The body was Pinot's; what it said that has no meaning here. */
  readonly notTaken?: readonly NotTaken[]
}

/**
 * Makes or alters the table that a body tells of.
 * @param path the name in the path, where it has one
 * Throws `ApiError`, `TableError`, `LogError`, `StorageError`.
 */
export async function defineTable(
  body: TableJson,
  path: string | undefined,
  access: Access,
  context: RouteContext,
): Promise<Defined> {
  const tables = tablesOf(context)
  const how = path === undefined ? "create" : "alter"
  const isPinot = isPinotTable(body)
  const given = isPinot ? pinotTableName(body.tableName) : body.name
  const where = isPinot ? "body.tableName" : "body.name"
  const name = given ?? path
  if (typeof name !== "string")
    throw new ApiError(
      "invalid",
      `${where}: expected the table's name, got ${JSON.stringify(given) ?? "nothing"}`,
    )
  if (path !== undefined && name !== path)
    throw new ApiError(
      "invalid",
      `${where}: expected ${JSON.stringify(path)}, as in the path, got ${JSON.stringify(name)}`,
    )
  access.demand({ kind: "table", name, action: "admin" })
  if (!isPinot) {
    const { name: _name, ...options } = body
    demandTopics(options, access)
    await tables.define(name, options, how)
    return { name }
  }
  const schema = await schemasOf(context).get(name)
  if (schema === undefined)
    throw new ApiError(
      "unknown_schema",
      `There is no schema ${JSON.stringify(name)}; send it to POST /schemas first.`,
    )
  const { options, reading } = pinotTable(schema, body)
  if (reading.faults.length > 0) throw new ApiError("invalid", reading.faults.join("; "))
  demandTopics(options, access)
  await tables.define(name, options, how)
  return { name, notTaken: reading.notTaken }
}

/** Whoever makes a table over a topic reads it, and its bad records are written to another. */
function demandTopics({ from, badRecords }: TableJson, access: Access): void {
  if (isTopicName(from)) access.demand({ kind: "topic", name: from, action: "read" })
  const deadLetter = (badRecords as { readonly deadLetter?: unknown } | undefined)?.deadLetter
  if (isTopicName(deadLetter)) access.demand({ kind: "topic", name: deadLetter, action: "write" })
}

const isTopicName = (value: unknown): value is string =>
  typeof value === "string" && !value.startsWith(TABLE_TOPIC_PREFIX)
