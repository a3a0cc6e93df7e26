import type { SqlValue } from "../types.ts"

const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** Whether JSON writes the text as it is, a byte a character. */
export function isPlainText(value: string): boolean {
  return plain.test(value)
}

/** With comma, and the `.0` that an integer of a DOUBLE column has. */
function numberBytes(value: number): number {
  if (!Number.isInteger(value) || Math.abs(value) >= 1e15) return String(value).length + 5
  // To write an integer only to count its digits would take as long as to write the reply.
  let bytes = value < 0 ? 5 : 4
  for (let rest = Math.abs(value); rest >= 10; rest /= 10) bytes++
  return bytes
}

/** Bytes that a value takes in a reply's JSON at most, comma included: exact for text. */
export function jsonBytes(value: SqlValue): number {
  if (value === null) return 5
  if (typeof value === "string") {
    return isPlainText(value) ? value.length + 3 : Buffer.byteLength(JSON.stringify(value)) + 1
  }
  if (typeof value === "object") {
    let bytes = 3
    for (const item of value) bytes += jsonBytes(item)
    return bytes
  }
  if (typeof value === "boolean") return 6
  if (typeof value === "bigint") return String(value).length + 1
  return numberBytes(value)
}
