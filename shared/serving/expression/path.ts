import { textOf } from "./cast.ts"
import type { Compiled, JsonObject, Value } from "./value.ts"

/** A field, or a field within a field; a missing one is null. */
export function path(names: readonly string[]): Compiled {
  const [first = "", ...rest] = names
  const top = fieldReader(first)
  if (rest.length === 0) return { type: "any", field: true, evaluate: top }
  return {
    type: "any",
    field: true,
    evaluate: record => {
      let value = top(record)
      for (const name of rest) value = memberOf(value, name)
      return value
    },
  }
}

/** Reads one field. Names that every object inherits are looked up as own ones only. */
export function fieldReader(name: string): (record: JsonObject) => Value {
  if (name in Object.prototype) return record => (Object.hasOwn(record, name) ? (record[name] ?? null) : null)
  return record => record[name] ?? null
}

/** `->` gives the member as it is, `->>` as text. */
export function member({ evaluate }: Compiled, name: string | number, asText: boolean): Compiled {
  return {
    type: asText ? "string" : "any",
    evaluate: record => {
      const value = memberOf(evaluate(record), name)
      return value === null || !asText ? value : textOf(value, "any")
    },
  }
}

/** `list[i]`, counted from 1, as in SQL. */
export function index({ evaluate }: Compiled, at: Compiled): Compiled {
  return {
    type: "any",
    evaluate: record => {
      const position = at.evaluate(record)
      if (typeof position !== "number") return null
      return memberOf(evaluate(record), position > 0 ? position - 1 : position)
    },
  }
}

function memberOf(value: Value, name: string | number): Value {
  if (value === null || typeof value !== "object") return null
  if (Array.isArray(value)) return typeof name === "number" ? (value.at(name) ?? null) : null
  if (typeof name === "number" || !isJsonObject(value)) return null
  return Object.hasOwn(value, name) ? (value[name] ?? null) : null
}

function isJsonObject(value: Value): value is JsonObject {
  return (
    value !== null &&
    typeof value === "object" &&
    !Array.isArray(value) &&
    Object.getPrototypeOf(value) === Object.prototype
  )
}
