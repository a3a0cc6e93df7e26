import type { SqlValue } from "../types.ts"

/** Text that JSON writes as it is, a byte a character. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** Bytes of a value in a reply's JSON, comma included. */
export function jsonBytes(value: SqlValue): number {
  if (value === null) return 5
  if (typeof value === "string") {
    return plain.test(value) ? value.length + 3 : Buffer.byteLength(JSON.stringify(value)) + 1
  }
  if (typeof value === "object") {
    let bytes = 3
    for (const item of value) bytes += jsonBytes(item)
    return bytes
  }
  // A number may be written with `.0` or as a quoted word.
  return String(value).length + 3
}
