import { Decimal, decimalText } from "./decimal.ts"
import type { Value } from "./value.ts"

/** JSON text of a value, whose bigints and decimals keep every digit. */
export function stringifyExactly(value: Value): string {
  if (typeof value === "bigint") return value.toString()
  if (value instanceof Decimal) return decimalText(value)
  if (value === null || typeof value !== "object") return JSON.stringify(value)
  if (!holdsExactNumbers(value)) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(item => stringifyExactly(item)).join(",")}]`
  const members = Object.entries(value).map(
    ([name, item]) => `${JSON.stringify(name)}:${stringifyExactly(item)}`,
  )
  return `{${members.join(",")}}`
}

function holdsExactNumbers(value: Value): boolean {
  if (typeof value === "bigint" || value instanceof Decimal) return true
  if (value === null || typeof value !== "object") return false
  return Object.values(value).some(holdsExactNumbers)
}
