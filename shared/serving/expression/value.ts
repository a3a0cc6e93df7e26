import type { Decimal } from "./decimal.ts"

/**
 * What an expression computes with. An integer is a number while it is safe and a bigint beyond; a double is a number;
 * a timestamp is a number of epoch milliseconds. Which of them a number is, the expression's static type says; of a
 * field (`any`) it is judged by the value.
 */
export type Value = null | boolean | number | bigint | string | Decimal | JsonObject | readonly Value[]

/** A record's value as parsed: numbers that a double cannot hold are bigints or decimals. */
export interface JsonObject {
  readonly [name: string]: Value
}

/** `any` is a field of a record: its type is that of each record's value. */
export type SqlType = "any" | "null" | "boolean" | "int" | "decimal" | "double" | "string" | "timestamp"

/** A compiled expression: its type, as far as the text tells, and how to compute it of a record. */
export interface Compiled {
  readonly type: SqlType
  readonly evaluate: (record: JsonObject) => Value
  /** The expression is a field as it stands: nothing is computed, so nothing may be lost. */
  readonly field?: boolean
}

/**
 * Thrown where a record's value cannot be computed or stored; it makes the record a bad one. Not an Error: it is caught
 * within the same call and a stack trace would cost more than the record. `reason` is one of few, so that they can be
 * counted.
 */
export class BadValue {
  readonly reason: string

  constructor(reason: string) {
    this.reason = reason
  }
}

/** The SQL name of a value's kind, for messages. */
export function kindOf(value: Value): string {
  if (value === null) return "null"
  if (typeof value === "string") return "text"
  if (typeof value === "boolean") return "a boolean"
  if (typeof value === "number" || typeof value === "bigint") return "a number"
  if (Array.isArray(value)) return "an array"
  return "unscaled" in value ? "a number" : "an object"
}
