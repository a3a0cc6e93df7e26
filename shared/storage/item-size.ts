import type { Fields, FieldValue, Item, ItemKey } from "./meta-store.ts"
import { utf8Length } from "./utf8.ts"

/** What the names of the attributes `pk`, `sk` and `_version` take in a stored item. */
const KEY_NAMES_BYTES = 4
const VERSION_NAME_BYTES = 8

/** Bytes of an item's key with its attribute names. */
export function keyBytes(key: ItemKey): number {
  return KEY_NAMES_BYTES + utf8Length(key.pk) + utf8Length(key.sk)
}

/**
 * An item's size by DynamoDB's rule: names and values of all attributes, keys included.
 * Source: Amazon DynamoDB Developer Guide, "DynamoDB item sizes and formats".
 */
export function itemBytes(item: Item): number {
  return keyBytes(item) + VERSION_NAME_BYTES + item.version.length + fieldsBytes(item.fields)
}

function fieldsBytes(fields: Fields): number {
  let bytes = 0
  for (const name in fields) bytes += utf8Length(name) + valueBytes(fields[name]!)
  return bytes
}

function valueBytes(value: FieldValue): number {
  if (typeof value === "string") return utf8Length(value)
  if (typeof value === "number") return numberBytes(value)
  if (typeof value === "boolean") return 1
  return value.byteLength
}

/** One byte for two significant decimal digits, one for the exponent and one for a minus sign. */
export function numberBytes(value: number): number {
  const digits = String(Math.abs(value))
    .replace(/e.*$/, "")
    .replace(".", "")
    .replace(/^0+/, "")
    .replace(/0+$/, "").length
  return Math.ceil(digits / 2) + 1 + (value < 0 ? 1 : 0)
}
