import { Packr } from "msgpackr"
import { StorageError } from "../errors.ts"
import type { Fields, FieldValue, Item, ItemKey } from "../meta-store.ts"

/** The version of the stored form: MessagePack of [format, item's version, fields]. */
const FORMAT = 1

const packr = new Packr({ useRecords: false, mapsAsObjects: true })

export function encodeItem(item: Item): Buffer {
  return packr.pack([FORMAT, item.version, plainFields(item.fields)])
}

/** No store keeps the sign of a zero. */
function plainFields(fields: Fields): Fields {
  for (const name in fields) {
    if (Object.is(fields[name], -0)) {
      return Object.fromEntries(Object.entries(fields).map(([key, value]) => [key, value === 0 ? 0 : value]))
    }
  }
  return fields
}

/** Throws `StorageError` `unknown_format` or `corrupt`. */
export function decodeItem(key: ItemKey, encoded: Buffer): Item {
  const [, version, fields] = unpack(key, encoded)
  for (const name in fields) {
    const value = fields[name]
    if (value instanceof Uint8Array) {
      fields[name] = new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
    }
  }
  return { pk: key.pk, sk: key.sk, version, fields }
}

function unpack(key: ItemKey, encoded: Buffer): [number, string, Record<string, FieldValue>] {
  const where = `item ${key.pk} / ${key.sk}`
  let parts: unknown
  try {
    parts = packr.unpack(encoded)
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: not readable`, { cause })
  }
  if (!Array.isArray(parts)) throw new StorageError("corrupt", `${where}: not an item`)
  if (parts[0] !== FORMAT) {
    throw new StorageError("unknown_format", `${where}: expected format ${FORMAT}, got ${parts[0]}`)
  }
  if (parts.length !== 3 || typeof parts[1] !== "string" || typeof parts[2] !== "object") {
    throw new StorageError("corrupt", `${where}: not an item`)
  }
  return parts as [number, string, Record<string, FieldValue>]
}
