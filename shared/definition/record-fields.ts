import type { JsonSchema } from "./app-definition.ts"
import type { Json } from "./canonical.ts"
import { isObject } from "./json-schema.ts"
import type { ColumnType } from "./table-spec.ts"

/** A kind of JSON value; `any` where a schema does not say. */
export type JsonKind = "string" | "integer" | "number" | "boolean" | "object" | "array" | "null" | "any"

/** What each field of a record may hold, as far as its schema says. */
export type RecordFields = ReadonlyMap<string, ReadonlySet<JsonKind>>

/** The column types that a kind can be read as without a SQL expression. */
const READABLE: Readonly<Record<JsonKind, readonly ColumnType[] | "all">> = {
  string: ["string", "long", "timestamp", "decimal", "bytes", "json"],
  integer: ["int", "long", "float", "double", "decimal", "timestamp", "json"],
  number: ["int", "long", "float", "double", "decimal", "timestamp", "json"],
  boolean: ["boolean", "json"],
  object: ["json"],
  array: ["json"],
  null: "all",
  any: "all",
}

/** Nested references deeper than this are taken for a cycle. */
const DEPTH_MAX = 32

/** The fields at the top of a record; of a union, those of every member. */
export function recordFields(schema: JsonSchema): RecordFields {
  const fields = new Map<string, Set<JsonKind>>()
  collect(schema, schema, fields, 0)
  return fields
}

function collect(
  root: JsonSchema,
  schema: Json | undefined,
  fields: Map<string, Set<JsonKind>>,
  depth: number,
) {
  if (!isObject(schema) || depth > DEPTH_MAX) return
  if (isObject(schema.properties)) {
    for (const [name, field] of Object.entries(schema.properties)) {
      const kinds = fields.get(name) ?? new Set()
      for (const kind of kindsOf(root, field, depth)) kinds.add(kind)
      fields.set(name, kinds)
    }
  }
  for (const member of membersOf(root, schema)) collect(root, member, fields, depth + 1)
}

function kindsOf(root: JsonSchema, schema: Json, depth: number): JsonKind[] {
  if (!isObject(schema) || depth > DEPTH_MAX) return ["any"]
  if (typeof schema.type === "string") return [schema.type as JsonKind]
  if (Array.isArray(schema.type)) return schema.type as JsonKind[]
  if (schema.const !== undefined) return [kindOf(schema.const)]
  if (Array.isArray(schema.enum)) return schema.enum.map(kindOf)
  const members = membersOf(root, schema)
  return members.length === 0 ? ["any"] : members.flatMap(member => kindsOf(root, member, depth + 1))
}

function membersOf(root: JsonSchema, schema: JsonSchema): readonly Json[] {
  const members: Json[] = []
  for (const keyword of ["anyOf", "oneOf", "allOf"]) {
    const list = schema[keyword]
    if (Array.isArray(list)) members.push(...list)
  }
  const target = typeof schema.$ref === "string" ? resolve(root, schema.$ref) : undefined
  return target === undefined ? members : [...members, target]
}

/** A reference inside the same schema: `#`, `#/$defs/Name`. */
function resolve(root: JsonSchema, reference: string): Json | undefined {
  if (!reference.startsWith("#")) return undefined
  let found: Json | undefined = root
  for (const step of reference.slice(1).split("/").filter(Boolean)) {
    const name = decodeURIComponent(step).replaceAll("~1", "/").replaceAll("~0", "~")
    found = isObject(found) ? found[name] : undefined
  }
  return found
}

function kindOf(value: Json): JsonKind {
  if (value === null) return "null"
  if (Array.isArray(value)) return "array"
  if (typeof value === "number") return Number.isInteger(value) ? "integer" : "number"
  return typeof value as JsonKind
}

/** The column types that a field with these kinds can be read as. */
export function readableAs(
  kinds: ReadonlySet<JsonKind>,
  types: readonly ColumnType[],
): readonly ColumnType[] {
  return types.filter(type =>
    [...kinds].every(kind => READABLE[kind] === "all" || READABLE[kind].includes(type)),
  )
}

/** The type under which a SQL expression sees a field. */
export function expressionType(kinds: ReadonlySet<JsonKind>): ColumnType {
  const real = [...kinds].filter(kind => kind !== "null")
  if (real.length === 1 && real[0] === "integer") return "long"
  if (real.length > 0 && real.every(kind => kind === "integer" || kind === "number")) return "double"
  if (real.length === 1 && (real[0] === "string" || real[0] === "boolean")) return real[0]
  return "json"
}
