import { Packr } from "msgpackr"

/**
 * Values of state as bytes: MessagePack, with msgpackr's extensions for Map, Set, Date and typed arrays. Objects are
 * records that carry their own field names, which tells them from Maps; bigints are 64-bit integers, which no number is.
 */
const packr = new Packr({ useRecords: true, moreTypes: true, int64AsType: "bigint" })

export function packState(value: unknown): Uint8Array {
  // `pack` hands out a view of a buffer that it goes on filling, but never overwrites.
  return packr.pack(value)
}

export function unpackState(bytes: Uint8Array): unknown {
  return packr.unpack(bytes)
}
