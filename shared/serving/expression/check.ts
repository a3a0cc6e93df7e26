import type { CheckExpression } from "../../definition/expression.ts"
import type { ColumnType } from "../../definition/table-spec.ts"
import { compileExpression } from "./compile.ts"
import type { SqlType } from "./value.ts"

/** What an expression of a known type can never become; everything else depends on the records. */
const NEVER: Readonly<Partial<Record<SqlType, readonly (ColumnType | "condition")[]>>> = {
  boolean: ["int", "long", "float", "double", "decimal", "timestamp", "bytes"],
  int: ["boolean", "bytes", "condition"],
  decimal: ["boolean", "bytes", "timestamp", "condition"],
  double: ["boolean", "bytes", "timestamp", "condition"],
  string: ["condition"],
  timestamp: ["int", "long", "float", "double", "decimal", "boolean", "bytes", "condition"],
}

/**
 * Says what is wrong with an expression of a definition and at which character, or undefined: its syntax, functions
 * and, where the record's fields are known, the names; and whether its type can become what it is for.
 */
export const checkExpression = ((sql, fields, gives) => {
  const known = fields.length === 0 ? undefined : new Set(fields.map(({ name }) => name))
  const compiled = compileExpression(sql, known)
  if ("fault" in compiled) return `${compiled.fault.message}, at character ${compiled.fault.position}`
  if (NEVER[compiled.type]?.includes(gives) !== true) return undefined
  return `expected ${gives === "condition" ? "a condition" : `a value for a column of type ${gives}`}, got one of type ${compiled.type}`
}) satisfies CheckExpression
