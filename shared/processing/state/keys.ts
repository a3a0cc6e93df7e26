import type { KeySelector } from "../../definition/job/graph.ts"
import { murmur2 } from "../../log/records/index.ts"
import { ProcessingError } from "../errors.ts"
import { KEY_GROUPS } from "../operator.ts"

/** What one part of a key may be. */
export type KeyPart = string | number | boolean | null

/** A key as maps hold it: the part itself where there is one, else the text of its canonical bytes. */
export type KeyId = KeyPart

const encoder = new TextEncoder()
const decoder = new TextDecoder()

/** How one operator reads keys. */
export interface KeyReader {
  /** Throws `ProcessingError` `bad_key`. */
  idOf(record: unknown): KeyId
  /** The parts that an id stands for, in the order of the fields. */
  partsOf(id: KeyId): readonly KeyPart[]
  /** The parts that an id stands for as a JSON array: the canonical text. */
  textOf(id: KeyId): string
  /** The canonical bytes of the parts that an id stands for. */
  bytesOf(id: KeyId): Uint8Array
  /** The names of the parts in results. */
  readonly names: readonly string[]
  /** Of keys of several fields: one part of a record's key. Throws `ProcessingError` `bad_key`. */
  readonly partOf?: (record: unknown, index: number) => KeyPart
}

export function keyReader(selector: KeySelector): KeyReader {
  if (!("fields" in selector)) {
    const select = selector.select as (record: unknown) => unknown
    const idOf = (record: unknown) => keyPart(select(record), "key")
    return { idOf, partsOf: id => [id], textOf, bytesOf: id => encoder.encode(textOf(id)), names: ["key"] }
  }
  const { fields } = selector
  const [field] = fields
  if (fields.length === 1 && field !== undefined) {
    return {
      idOf: record => keyPart((record as Record<string, unknown>)[field], field),
      partsOf: id => [id],
      textOf,
      bytesOf: id => encoder.encode(textOf(id)),
      names: fields,
    }
  }
  return {
    idOf: record => partsId(record as Record<string, unknown>, fields),
    partsOf: id => JSON.parse(String(id)) as KeyPart[],
    // The id is the canonical text already.
    textOf: String,
    bytesOf: id => encoder.encode(String(id)),
    names: fields,
    partOf(record, index) {
      const name = fields[index] as string
      return keyPart((record as Record<string, unknown>)[name], name)
    },
  }
}

/** Of a key of one part. */
function textOf(id: KeyId): string {
  return typeof id === "string" ? `[${JSON.stringify(id)}]` : `[${id}]`
}

/** What JSON.stringify makes of the parts; numbers and booleans are their own text. */
function partsId(record: Record<string, unknown>, fields: readonly string[]): string {
  let id = "["
  for (let index = 0; index < fields.length; index++) {
    const name = fields[index] as string
    const part = keyPart(record[name], name)
    if (index > 0) id += ","
    id += typeof part === "string" ? JSON.stringify(part) : part
  }
  return `${id}]`
}

function keyPart(value: unknown, name: string): KeyPart {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value
    case "number":
      if (Number.isFinite(value)) return value === 0 ? 0 : value // −0 is 0
      break
    case "undefined":
      return null
    default:
      if (value === null) return null
  }
  const got = typeof value === "number" ? String(value) : typeof value
  throw new ProcessingError(
    "bad_key",
    `${name}: expected text, a finite number, a boolean or null, got ${got}`,
  )
}

/**
 * The canonical bytes of a key: its parts as a JSON array. They are stored and decide the key's group, so they never
 * change.
 */
export function keyBytes(parts: readonly KeyPart[]): Uint8Array {
  return encoder.encode(JSON.stringify(parts))
}

export function keyParts(bytes: Uint8Array): KeyPart[] {
  return JSON.parse(decoder.decode(bytes)) as KeyPart[]
}

/** The group of a key, 0 to `KEY_GROUPS` − 1: murmur2 as Kafka's partitioner takes it. */
export function keyGroup(bytes: Uint8Array): number {
  return (murmur2(bytes) & 0x7fffffff) % KEY_GROUPS
}
