import type { ItemKey } from "../meta-store.ts"

const LENGTH_BYTES = 2
/** No byte of UTF-8 text is 0xff, so this ends every range of sort keys. */
const PAST_ALL = 0xff

/**
 * An item's key in LMDB: the partition key's length (two bytes), the partition key, the sort key. It tells every pair
 * of keys apart, keeps a partition's items together and orders them by their sort keys' UTF-8 bytes.
 */
export function encodeKey(key: ItemKey): Buffer {
  return encode(key.pk, key.sk, 0)
}

/** The first key after every key of the partition. */
export function partitionEnd(pk: string): Buffer {
  const end = encode(pk, "", 1)
  end[end.length - 1] = PAST_ALL
  return end
}

/** The first possible key after this one. */
export function keyAfter(pk: string, sk: string): Buffer {
  return encode(pk, sk, 1)
}

export function decodeSortKey(encoded: Buffer): string {
  return encoded.toString("utf8", LENGTH_BYTES + encoded.readUInt16BE(0))
}

function encode(pk: string, sk: string, spareBytes: number): Buffer {
  const pkBytes = Buffer.byteLength(pk)
  const encoded = Buffer.allocUnsafe(LENGTH_BYTES + pkBytes + Buffer.byteLength(sk) + spareBytes)
  encoded.writeUInt16BE(pkBytes, 0)
  encoded.write(pk, LENGTH_BYTES)
  encoded.write(sk, LENGTH_BYTES + pkBytes)
  if (spareBytes > 0) encoded[encoded.length - 1] = 0
  return encoded
}
