import type { ColumnType } from "../../../definition/table-spec.ts"
import { parseInstant } from "../../expression/instant-text.ts"
import { BadValue } from "../../expression/value.ts"
import { DECIMAL_SCALE } from "../../ingest/column.ts"
import { isNode, nodes, type TreeNode, text } from "../../sql/syntax-tree.ts"
import type { PlanValue } from "../plan.ts"
import { unplanned } from "./unplanned.ts"

/** A literal as it was written. */
export type Literal =
  | { readonly kind: "integer"; readonly value: number; readonly isLong: boolean }
  | { readonly kind: "decimal"; readonly unscaled: number; readonly scale: number }
  | { readonly kind: "double" | "boolean"; readonly value: number }
  | { readonly kind: "text"; readonly value: string }
  /** Text that a cast makes a TIMESTAMP or a DATE. */
  | { readonly kind: "instant"; readonly value: string; readonly isDate: boolean }

/** A date, or an instant to the millisecond, in a form that DuckDB reads alike. */
const instantPattern = /^\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d:\d\d(?:\.\d{1,3})?Z?)?$/
const datePattern = /^\d{4}-\d\d-\d\d$/

function numberOf(id: string, value: number, info: unknown): Literal | undefined {
  // What lost its last digits on the way is not what was written.
  if (id === "INTEGER" || id === "BIGINT") {
    return Number.isSafeInteger(value) ? { kind: "integer", value, isLong: id === "BIGINT" } : undefined
  }
  if (id === "DOUBLE") return { kind: "double", value }
  if (id !== "DECIMAL" || !Number.isSafeInteger(value)) return undefined
  const scale = Number((info as { scale?: number } | null)?.scale ?? 0)
  return { kind: "decimal", unscaled: value, scale }
}

function castLiteral(node: TreeNode): Literal | undefined {
  const type = isNode(node.cast_type) ? text(node.cast_type.id) : ""
  const inner = isNode(node.child) ? literalOf(node.child) : undefined
  if (inner?.kind !== "text" || node.try_cast === true) return undefined
  if (type === "BOOLEAN" && /^[tf]$/.test(inner.value)) {
    return { kind: "boolean", value: inner.value === "t" ? 1 : 0 }
  }
  if (type === "TIMESTAMP" || type === "DATE") {
    return { kind: "instant", value: inner.value, isDate: type === "DATE" }
  }
  return undefined
}

/** The literal that a node is; undefined for anything else, NULL and numbers beyond 2^53 among it. */
export function literalOf(node: TreeNode): Literal | undefined {
  if (node.class === "CAST") return castLiteral(node)
  if (node.class !== "CONSTANT" || !isNode(node.value) || node.value.is_null === true) return undefined
  const { type, value } = node.value
  const id = isNode(type) ? text(type.id) : ""
  if (id === "VARCHAR" && typeof value === "string") return { kind: "text", value }
  return typeof value === "number" ? numberOf(id, value, isNode(type) ? type.type_info : null) : undefined
}

/** 10^22 is the last power of ten that a double holds. */
const EXACT_POWER_MAX = 22

function doubleOf(literal: Literal): number | undefined {
  if (literal.kind === "integer" || literal.kind === "double") return literal.value
  if (literal.kind !== "decimal" || literal.scale > EXACT_POWER_MAX) return undefined
  return literal.unscaled / 10 ** literal.scale
}

/** Digits after the point up to which an integer beside a decimal is compared as a double without loss. */
const SHORT_SCALE_MAX = 6

function integerOf(literal: Literal): PlanValue | undefined {
  if (literal.kind === "integer") return literal.value
  return literal.kind === "decimal" && literal.scale <= SHORT_SCALE_MAX ? doubleOf(literal) : undefined
}

function unscaledOf(literal: Literal): bigint | undefined {
  if (literal.kind === "integer") return BigInt(literal.value) * 10n ** BigInt(DECIMAL_SCALE)
  if (literal.kind !== "decimal" || literal.scale > DECIMAL_SCALE) return undefined
  return BigInt(literal.unscaled) * 10n ** BigInt(DECIMAL_SCALE - literal.scale)
}

function epochMsOf(literal: Literal): number | undefined {
  if (literal.kind !== "text" && literal.kind !== "instant") return undefined
  const pattern = literal.kind === "instant" && literal.isDate ? datePattern : instantPattern
  if (!pattern.test(literal.value)) return undefined
  try {
    return parseInstant(literal.value)
  } catch (error) {
    if (error instanceof BadValue) return undefined
    throw error
  }
}

const readers: Readonly<Record<ColumnType, (literal: Literal) => PlanValue | undefined>> = {
  int: integerOf,
  long: integerOf,
  double: doubleOf,
  // Beside a FLOAT, DuckDB reads integers and decimals as FLOAT.
  float: literal => {
    const value = literal.kind === "double" ? undefined : doubleOf(literal)
    return value === undefined ? undefined : Math.fround(value)
  },
  boolean: literal => (literal.kind === "boolean" ? literal.value : undefined),
  string: literal => (literal.kind === "text" ? literal.value : undefined),
  timestamp: epochMsOf,
  decimal: unscaledOf,
  json: () => undefined,
  bytes: () => undefined,
}

/** DuckDB takes epoch milliseconds of the years that a `Date` has. */
const EPOCH_MS_MAX = 8.64e15

/** What a whole number beside a TIMESTAMP was made to say: that it is epoch milliseconds. */
function epochMsOfCall(node: TreeNode): number | undefined {
  if (node.class !== "FUNCTION" || !/^(?:pinot_timestamp|epoch_ms)$/.test(text(node.function_name)))
    return undefined
  const [argument] = nodes(node.children)
  const literal = argument === undefined ? undefined : literalOf(argument)
  if (literal?.kind !== "integer" || Math.abs(literal.value) > EPOCH_MS_MAX) return undefined
  return literal.value
}

/** A node's constant as a column of the type holds it, where DuckDB compares the two without loss. */
export function constantFor(node: TreeNode, type: ColumnType): PlanValue {
  const epochMs = type === "timestamp" ? epochMsOfCall(node) : undefined
  if (epochMs !== undefined) return epochMs
  const literal = literalOf(node)
  if (literal === undefined) return unplanned("a comparison with what is no plain constant")
  return readers[type](literal) ?? unplanned(`a ${type} beside a constant of another type`)
}
