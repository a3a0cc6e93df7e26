import { createHash, timingSafeEqual } from "node:crypto"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { KEY_RATES, type KeyLimits, keyLimits } from "./key-limits.ts"
import type { KeyInfo } from "./types.ts"

/*
 * A key in the meta store: pk `keys`, sk the first 16 hex digits of its SHA-256. Fields: v 1 · hash, 64 hex digits ·
 * name · scopes, a JSON array of text · created, store time, epoch ms · ensured, whether it was chosen elsewhere ·
 * revoked, only true: what is left of an ensured one, so that it is not made again · rowFilter and the rates
 * (queriesPerSecond …), only where the key has them. A key with a row filter or queriesPerSecond has v 2, with another rate
 * v 3: who knows only what was before must refuse it, not let it see or do more.
 */
export const KEY_FORMAT = 1
const KEY_FORMAT_LIMITED = 2
const KEY_FORMAT_METERED = 3
const FORMATS: readonly unknown[] = [KEY_FORMAT, KEY_FORMAT_LIMITED, KEY_FORMAT_METERED]
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
  const v = formatOf(limits)
  const fields = { v, hash, name, scopes: JSON.stringify(scopes), created, ensured, ...limits }
  return { pk: KEYS_PK, sk: id, version, fields: revoked ? { ...fields, revoked } : fields }
}

function formatOf(limits: KeyLimits): number {
  const { rowFilter: _filter, queriesPerSecond: _queries, ...rates } = limits
  if (Object.keys(rates).length > 0) return KEY_FORMAT_METERED
  return Object.keys(limits).length > 0 ? KEY_FORMAT_LIMITED : KEY_FORMAT
}

/** Throws `StorageError` (`unknown_format`). */
export function decodeKey({ sk, fields }: Item): StoredKey {
  if (!FORMATS.includes(fields.v)) {
    const expected = FORMATS.join(" or ")
    throw new StorageError("unknown_format", `key ${sk} has format ${fields.v}; expected ${expected}`)
  }
  const { rowFilter } = fields
  const rates = KEY_RATES.map(name => [name, fields[name] === undefined ? undefined : Number(fields[name])])
  return {
    id: sk,
    hash: String(fields.hash),
    name: String(fields.name),
    scopes: JSON.parse(String(fields.scopes)) as string[],
    created: Number(fields.created),
    ensured: fields.ensured === true,
    revoked: fields.revoked === true,
    ...keyLimits({
      ...(rowFilter === undefined ? {} : { rowFilter: String(rowFilter) }),
      ...(Object.fromEntries(rates) as KeyLimits),
    }),
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
