import { createHash, timingSafeEqual } from "node:crypto"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { keyLimits } from "./key-limits.ts"
import type { KeyInfo } from "./types.ts"

/*
 * A key in the meta store: pk `keys`, sk the first 16 hex digits of its SHA-256. Fields: v 1 · hash, 64 hex digits ·
 * name · scopes, a JSON array of text · created, store time, epoch ms · ensured, whether it was chosen elsewhere ·
 * revoked, only true: what is left of an ensured one, so that it is not made again · rowFilter and queriesPerSecond,
 * only where the key has them. A key with any of these has v 2: who knows only v 1 must refuse it, not let it see more.
 */
export const KEY_FORMAT = 1
const KEY_FORMAT_LIMITED = 2
/** All keys lie under one partition key, so that listing is one query. */
export const KEYS_PK = "keys"

const ID_DIGITS = 16

/** A key as its item says. */
export interface StoredKey extends KeyInfo {
  readonly hash: string
  readonly ensured: boolean
  readonly revoked: boolean
}

/** SHA-256, 64 hex digits. A key has 256 random bits, so a plain hash tells nothing of it. */
export function hashOf(key: string): string {
  return createHash("sha256").update(key).digest("hex")
}

export const keyId = (hash: string) => hash.slice(0, ID_DIGITS)

/** Compares in a time that does not depend on where they differ. */
export function equalHashes(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one, "hex"), Buffer.from(other, "hex")]
  return a.length === b.length && timingSafeEqual(a, b)
}

export function encodeKey(key: StoredKey, version: string): Item {
  const { id, hash, name, scopes, created, ensured, revoked } = key
  const limits = keyLimits(key)
  const v = Object.keys(limits).length === 0 ? KEY_FORMAT : KEY_FORMAT_LIMITED
  const fields = { v, hash, name, scopes: JSON.stringify(scopes), created, ensured, ...limits }
  return { pk: KEYS_PK, sk: id, version, fields: revoked ? { ...fields, revoked } : fields }
}

/** Throws `StorageError` (`unknown_format`). */
export function decodeKey({ sk, fields }: Item): StoredKey {
  if (fields.v !== KEY_FORMAT && fields.v !== KEY_FORMAT_LIMITED) {
    const expected = `${KEY_FORMAT} or ${KEY_FORMAT_LIMITED}`
    throw new StorageError("unknown_format", `key ${sk} has format ${fields.v}; expected ${expected}`)
  }
  const { rowFilter, queriesPerSecond } = fields
  return {
    id: sk,
    hash: String(fields.hash),
    name: String(fields.name),
    scopes: JSON.parse(String(fields.scopes)) as string[],
    created: Number(fields.created),
    ensured: fields.ensured === true,
    revoked: fields.revoked === true,
    ...(rowFilter === undefined ? {} : { rowFilter: String(rowFilter) }),
    ...(queriesPerSecond === undefined ? {} : { queriesPerSecond: Number(queriesPerSecond) }),
  }
}

/** What may be shown of a key. */
export const keyInfo = ({ id, name, scopes, created, ...rest }: StoredKey): KeyInfo => ({
  id,
  name,
  scopes,
  created,
  ...keyLimits(rest),
})
