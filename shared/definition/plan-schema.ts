import type { JsonSchema } from "./app-definition.ts"
import { canonicalJson, type Json } from "./canonical.ts"
import { at } from "./faults.ts"
import { isObject } from "./json-schema.ts"

export interface SchemaChange {
  /** In terms of the record: `address.street`, `items[].id`. */
  readonly path: string
  readonly what: string
  /** Whether every record that fitted still fits. */
  readonly safe: boolean
}

/** Keywords that only describe. */
const ANNOTATIONS = new Set([
  "$schema",
  "$id",
  "$comment",
  "title",
  "description",
  "examples",
  "deprecated",
  "readOnly",
  "writeOnly",
])
/** Keywords that `compare` looks into itself. */
const STRUCTURE = new Set(["properties", "required", "items", "$defs"])

/** How a record's schema changes. New optional fields are safe, at any depth; all else is not. */
export function schemaChanges(before: JsonSchema, next: JsonSchema): readonly SchemaChange[] {
  const changes: SchemaChange[] = []
  compare(before, next, "", changes)
  // What only one side defines shows where it is referred to.
  const [from, to] = [before.$defs, next.$defs]
  for (const name of isObject(from) ? Object.keys(from) : []) {
    if (isObject(from) && isObject(to) && to[name] !== undefined)
      compare(from[name], to[name], at("$defs", name), changes)
  }
  return changes
}

function compare(
  before: Json | undefined,
  next: Json | undefined,
  path: string,
  changes: SchemaChange[],
): void {
  if (!isObject(before) || !isObject(next)) {
    if (canonicalJson(before) !== canonicalJson(next)) changes.push({ path, what: "changed", safe: false })
    return
  }
  for (const keyword of new Set([...Object.keys(before), ...Object.keys(next)])) {
    if (ANNOTATIONS.has(keyword) || STRUCTURE.has(keyword)) continue
    const [from, to] = [describe(before[keyword]), describe(next[keyword])]
    if (from !== to) changes.push({ path, what: `${keyword}: ${from} → ${to}`, safe: false })
  }
  const required = { before: namesIn(before.required), next: namesIn(next.required) }
  compareMembers(before.properties, next.properties, path, changes, name => !required.next.has(name))
  const kept = isObject(before.properties) ? Object.keys(before.properties) : []
  for (const name of kept) {
    if (!isObject(next.properties) || next.properties[name] === undefined) continue
    if (required.before.has(name) === required.next.has(name)) continue
    const what = required.next.has(name) ? "optional → required" : "required → optional"
    changes.push({ path: at(path, name), what, safe: false })
  }
  if (before.items !== undefined || next.items !== undefined) {
    compare(before.items, next.items, `${path}[]`, changes)
  }
}

function compareMembers(
  before: Json | undefined,
  next: Json | undefined,
  path: string,
  changes: SchemaChange[],
  newIsSafe: (name: string) => boolean,
): void {
  const from = isObject(before) ? before : {}
  const to = isObject(next) ? next : {}
  for (const name of new Set([...Object.keys(from), ...Object.keys(to)])) {
    const where = at(path, name)
    if (from[name] === undefined) {
      const safe = newIsSafe(name)
      changes.push({ path: where, what: safe ? "new optional field" : "new required field", safe })
    } else if (to[name] === undefined) changes.push({ path: where, what: "removed", safe: false })
    else compare(from[name], to[name], where, changes)
  }
}

function namesIn(list: Json | undefined): ReadonlySet<unknown> {
  return new Set(Array.isArray(list) ? list : [])
}

const SHOWN_CHARS_MAX = 80

function describe(value: Json | undefined): string {
  if (value === undefined) return "unset"
  const text = typeof value === "string" ? value : canonicalJson(value)
  return text.length <= SHOWN_CHARS_MAX ? text : `${text.slice(0, SHOWN_CHARS_MAX)}…`
}
