import type { Item } from "../../shared/storage/meta-store.ts"

/** A store time that no test reaches. */
export const FAR_AHEAD = Date.UTC(2200, 0, 1)

let items = 0

/** An item with a fresh version; its fields are those that a test does not care about, unless given. */
export function makeItem(pk: string, sk: string, fields: Item["fields"] = { v: 1 }): Item {
  return { pk, sk, version: `version-${items++}`, fields }
}

export const absent = { condition: { absent: true }, notAfter: FAR_AHEAD } as const

export function bytes(length: number, first = 0): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (first + at * 31) & 0xff)
}
