import type { JsonSchema } from "./app-definition.ts"
import { canonicalJson, type Json } from "./canonical.ts"
import { at } from "./faults.ts"
import type { StandardSchema } from "./standard-schema.ts"
import { CONSEQUENCE, zodDifferences } from "./zod-schema.ts"

const TARGET = "draft-2020-12"
/** A schema is stored in the topic's item, which holds at most 400 KB. */
export const SCHEMA_CHARS_MAX = 200_000

interface Converter {
  readonly input: () => unknown
  readonly output: () => unknown
}

export interface ReadSchema {
  /** Absent when the schema gives no JSON Schema at all. */
  readonly schema?: JsonSchema
  /** Paths relative to the schema, in terms of the record: `address.street`, `items[]`. */
  readonly faults: readonly { readonly path: string; readonly message: string }[]
}

/**
 * The JSON Schema of what a schema takes. A schema that changes what it takes (a transform, a default, a coercion) is
 * refused: readers of the log see the input, since nothing but the bytes is stored.
 */
export function readSchema(schema: unknown): ReadSchema {
  const converter = converterOf(schema)
  if (typeof converter === "string") return { faults: [{ path: "", message: converter }] }
  let input: Json
  try {
    input = plain(converter.input())
  } catch (error) {
    return { faults: [{ path: "", message: `cannot be said in JSON Schema: ${messageOf(error)}` }] }
  }
  if (!isObject(input)) return { faults: [{ path: "", message: "gives no JSON Schema" }] }
  if (canonicalJson(input).length > SCHEMA_CHARS_MAX) {
    return { faults: [{ path: "", message: `is larger than ${SCHEMA_CHARS_MAX} characters of JSON Schema` }] }
  }
  return { schema: input, faults: differences(schema as StandardSchema, converter, input) }
}

function differences(schema: StandardSchema, converter: Converter, input: JsonSchema): ReadSchema["faults"] {
  const seen = schema["~standard"].vendor === "zod" ? zodDifferences(schema) : []
  if (seen.length > 0) return seen
  const fallback = keywordPath(input, "default", "")
  if (fallback !== undefined) return [{ path: fallback, message: `has a default, ${CONSEQUENCE}` }]
  let output: Json
  try {
    output = plain(converter.output())
  } catch (error) {
    return [
      {
        path: "",
        message: `has an output that JSON Schema cannot say (${messageOf(error)}), ${CONSEQUENCE}`,
      },
    ]
  }
  const path = firstDifference(input, output, "")
  return path === undefined ? [] : [{ path, message: `gives something else than it takes, ${CONSEQUENCE}` }]
}

function converterOf(schema: unknown): Converter | string {
  const standard = (schema as Partial<StandardSchema> | undefined)?.["~standard"]
  if ((typeof schema !== "object" && typeof schema !== "function") || typeof standard !== "object") {
    return "expected a Standard Schema, such as z.object({ … })"
  }
  const json = standard.jsonSchema
  if (json !== undefined) {
    return { input: () => json.input({ target: TARGET }), output: () => json.output({ target: TARGET }) }
  }
  const method = (schema as { toJSONSchema?: unknown }).toJSONSchema
  if (typeof method !== "function") {
    return `expected a schema that also gives JSON Schema (Standard JSON Schema); this one of ${standard.vendor} does not`
  }
  const convert = (io: string) => method.call(schema, { target: TARGET, io }) as unknown
  return { input: () => convert("input"), output: () => convert("output") }
}

/** Where the two differ first. An output that is closed where the input is open only says what it strips. */
function firstDifference(
  input: Json | undefined,
  output: Json | undefined,
  path: string,
): string | undefined {
  if (!isObject(input) || !isObject(output)) {
    return canonicalJson(input) === canonicalJson(output) ? undefined : path
  }
  for (const key of new Set([...Object.keys(input), ...Object.keys(output)])) {
    if (key === "additionalProperties" && input[key] === undefined && output[key] === false) continue
    const found = keywordDifference(key, input[key], output[key], path)
    if (found !== undefined) return found
  }
  return undefined
}

function keywordDifference(
  key: string,
  input: Json | undefined,
  output: Json | undefined,
  path: string,
): string | undefined {
  if (key === "properties" && isObject(input) && isObject(output)) {
    for (const field of new Set([...Object.keys(input), ...Object.keys(output)])) {
      const found = firstDifference(input[field], output[field], at(path, field))
      if (found !== undefined) return found
    }
    return undefined
  }
  if (key === "items") return firstDifference(input, output, `${path}[]`)
  if (Array.isArray(input) && Array.isArray(output) && input.length === output.length) {
    for (const [index, member] of input.entries()) {
      const found = firstDifference(member, output[index] as Json, path)
      if (found !== undefined) return found
    }
    return undefined
  }
  return firstDifference(input, output, path)
}

/** The path of the first schema that has `keyword`. */
function keywordPath(schema: Json | undefined, keyword: string, path: string): string | undefined {
  if (Array.isArray(schema)) return firstOf(schema, member => keywordPath(member, keyword, path))
  if (!isObject(schema)) return undefined
  if (schema[keyword] !== undefined) return path
  return firstOf(Object.entries(schema), ([key, value]) => {
    if (key === "const" || key === "enum" || key === "examples") return undefined
    if (key === "items") return keywordPath(value, keyword, `${path}[]`)
    if ((key !== "properties" && key !== "$defs") || !isObject(value))
      return keywordPath(value, keyword, path)
    return firstOf(Object.entries(value), ([name, member]) => keywordPath(member, keyword, at(path, name)))
  })
}

function firstOf<T>(list: readonly T[], find: (item: T) => string | undefined): string | undefined {
  for (const item of list) {
    const found = find(item)
    if (found !== undefined) return found
  }
  return undefined
}

export function isObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

function plain(value: unknown): Json {
  return JSON.parse(JSON.stringify(value)) as Json
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
