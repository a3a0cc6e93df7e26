import { NAME_EXPECTED, NAME_PATTERN } from "../../definition/names.ts"
import { StorageError } from "../../storage/errors.ts"
import type { ItemRead } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { queryItems } from "../../storage/query-items.ts"
import { Pause, READ_TRIES, readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { ApiError } from "../errors.ts"
import {
  decodeKey,
  encodeKey,
  equalHashes,
  hashOf,
  KEYS_PK,
  keyId,
  keyInfo,
  type StoredKey,
} from "./key-item.ts"
import { keyLimits } from "./key-limits.ts"
import { keyLimitsFault } from "./key-limits-fault.ts"
import { KEY_LENGTH_MAX, KEY_LENGTH_MIN, KEY_SCOPES_MAX, KEYS_MAX } from "./limits.ts"
import { scopeFault } from "./scopes.ts"
import type { KeyStore } from "./types.ts"

export type KeyPorts = Pick<Ports, "meta" | "clock" | "random">

/** Tells a key of ours from other secrets, for people and for scanners of leaked ones. */
const KEY_PREFIX = "mr_"

/** What a Bearer token may hold (RFC 6750 §2.1). */
const keyPattern = new RegExp(`^[A-Za-z0-9._~+/=-]{${KEY_LENGTH_MIN},${KEY_LENGTH_MAX}}$`)

/** Whether a text can be a key at all. */
export const isKeyLike = (text: string) => keyPattern.test(text)

/**
 * The keys of a deployment, in its meta store. Their 256 bits are two of `random`'s ids, which therefore must come from
 * a cryptographic source.
 */
export function keyStore(ports: KeyPorts): KeyStore {
  return {
    async create(name, scopes, limits = {}) {
      checkName(name)
      checkScopes(scopes)
      const fault = keyLimitsFault(limits, scopes)
      if (fault !== undefined) throw new ApiError("invalid", fault)
      const { keys, date } = await readAll(ports)
      if (keys.length >= KEYS_MAX) {
        throw new ApiError(
          "too_many_keys",
          `There are ${keys.length} keys, expected fewer than ${KEYS_MAX}; revoke some.`,
          { max: KEYS_MAX },
        )
      }
      const { random } = ports
      const key = KEY_PREFIX + Buffer.from(random.id() + random.id(), "hex").toString("base64url")
      const standing = { ensured: false, revoked: false, ...keyLimits(limits) }
      const made = { ...madeOf(key, name, scopes, date), ...standing }
      const stored = await store(ports, made, date)
      return { ...keyInfo(stored), key }
    },
    list: async () => (await readAll(ports)).keys.map(keyInfo),
    revoke: id => revoke(ports, id),
    async ensure(key, name, scopes) {
      if (!isKeyLike(key)) {
        const expected = `${KEY_LENGTH_MIN} to ${KEY_LENGTH_MAX} of A-Z a-z 0-9 . _ ~ + / = -`
        throw new ApiError("invalid", `key: expected ${expected}, got ${key.length} characters`)
      }
      checkName(name)
      checkScopes(scopes)
      const { keys, revoked, date } = await readAll(ports)
      const made = { ...madeOf(key, name, scopes, date), ensured: true, revoked: false }
      const isRevoked = revoked.some(({ hash }) => hash === made.hash)
      if (!isRevoked && !keys.some(standing => isSame(standing, made))) await store(ports, made, date)
      const former = keys.filter(other => other.ensured && other.name === name && other.id !== made.id)
      for (const { id } of former) await remove(ports, id)
      return !isRevoked
    },
    async find(key) {
      if (!isKeyLike(key)) return undefined
      const hash = hashOf(key)
      const { item } = await read(ports, keyId(hash))
      if (item === undefined) return undefined
      const stored = decodeKey(item)
      return equalHashes(stored.hash, hash) && !stored.revoked ? keyInfo(stored) : undefined
    },
  }
}

function checkName(name: string): void {
  if (NAME_PATTERN.test(name)) return
  throw new ApiError("invalid", `name: expected ${NAME_EXPECTED}, got ${JSON.stringify(name.slice(0, 200))}`)
}

function checkScopes(scopes: readonly string[]): void {
  if (scopes.length === 0 || scopes.length > KEY_SCOPES_MAX) {
    throw new ApiError("invalid", `scopes: expected 1 to ${KEY_SCOPES_MAX} scopes, got ${scopes.length}`)
  }
  const faults = scopes.flatMap((scope, at) => {
    const fault = scopeFault(scope)
    return fault === undefined ? [] : [`scopes.${at}: ${fault}`]
  })
  if (faults.length > 0) throw new ApiError("invalid", faults.join("; "))
}

function madeOf(key: string, name: string, scopes: readonly string[], created: number) {
  const hash = hashOf(key)
  return { id: keyId(hash), hash, name, scopes: [...new Set(scopes)], created }
}

function isSame(standing: StoredKey, made: StoredKey): boolean {
  return (
    standing.ensured &&
    standing.hash === made.hash &&
    standing.name === made.name &&
    standing.scopes.join(" ") === made.scopes.join(" ")
  )
}

interface AllKeys {
  readonly keys: readonly StoredKey[]
  /** What is left of ensured ones. */
  readonly revoked: readonly StoredKey[]
  readonly date: number
}

async function readAll(ports: KeyPorts): Promise<AllKeys> {
  const { items, date } = await readAgain(ports, () => queryItems(ports.meta, "meta", { pk: KEYS_PK }))
  const stored = items.map(decodeKey)
  return { keys: stored.filter(key => !key.revoked), revoked: stored.filter(key => key.revoked), date }
}

function read(ports: KeyPorts, id: string): Promise<ItemRead> {
  return readAgain(ports, () => ports.meta.get("meta", { pk: KEYS_PK, sk: id }))
}

/** A fresh key's place is free but by a miracle; one that is ensured replaces what it was before. */
async function store(ports: KeyPorts, key: StoredKey, date: number): Promise<StoredKey> {
  const item = encodeKey(key, ports.random.id())
  const condition = key.ensured ? undefined : ({ absent: true } as const)
  const settled = await settlePut(ports, "meta", item, { condition, notAfter: notAfter(date) })
  if (settled.outcome === "committed") return key
  throw new StorageError(
    "unavailable",
    `the key ${key.name} may be stored or not: list the keys, and try again`,
  )
}

/**
 * Revokes a key; false where there is none. Of an ensured one its hash stays: whoever chose it says again and again what
 * it is, and does not know that it is revoked.
 */
async function revoke(ports: KeyPorts, id: string): Promise<boolean> {
  const { item, date } = await read(ports, id)
  const standing = item === undefined ? undefined : decodeKey(item)
  if (item === undefined || standing === undefined || standing.revoked) return false
  if (!standing.ensured) return remove(ports, id)
  const left = encodeKey({ ...standing, scopes: [], revoked: true }, ports.random.id())
  const condition = { version: item.version }
  const settled = await settlePut(ports, "meta", left, { condition, notAfter: notAfter(date) })
  if (settled.outcome === "committed") return true
  throw uncertain(id)
}

const uncertain = (id: string) =>
  new StorageError("unavailable", `the key ${id} may be revoked or not: try again`)

/**
 * Deletes a key until the store says that it is gone; false where it was from the start. Only the version that was read
 * is deleted: a late delete must not meet the same key made again.
 */
async function remove(ports: KeyPorts, id: string): Promise<boolean> {
  const pause = new Pause(ports.clock)
  for (let tries = 1; ; tries++) {
    const { item, date } = await read(ports, id)
    if (item === undefined) return tries > 1
    const condition = { version: item.version }
    const options = { condition, notAfter: notAfter(date) }
    const answer = await ports.meta.delete("meta", { pk: KEYS_PK, sk: id }, options)
    if (answer.outcome === "committed") return true
    if (tries >= READ_TRIES) throw uncertain(id)
    await pause.wait()
  }
}
