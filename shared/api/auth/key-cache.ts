import { LRUCache } from "lru-cache"
import type { Clock } from "../../storage/time.ts"
import { hashOf } from "./key-item.ts"
import { keyLimits } from "./key-limits.ts"
import { isKeyLike } from "./keys.ts"
import { KEY_KEPT_MS, KEYS_KEPT_MAX, WRONG_KEY_KEPT_MS, WRONG_KEYS_KEPT_MAX } from "./limits.ts"
import { type Moment, moment, passedMs } from "./moment.ts"
import type { Caller, KeyStore } from "./types.ts"

interface Known {
  readonly id: string
  readonly caller: Caller
  readonly asked: Moment
}

/**
 * Whose a key is, as of at most a minute ago, held by the keys' hashes. A wrong key costs one read; what is remembered
 * of wrong keys is apart, so that trying many of them pushes no right one out.
 */
export class KeyCache {
  readonly #keys: KeyStore
  readonly #clock: Clock
  readonly #right = new LRUCache<string, Known>({ max: KEYS_KEPT_MAX })
  readonly #wrong = new LRUCache<string, Moment>({ max: WRONG_KEYS_KEPT_MAX })
  /** Requests that come together with one key ask once. */
  readonly #underWay = new Map<string, Promise<Caller | undefined>>()

  constructor(keys: KeyStore, clock: Clock) {
    this.#keys = keys
    this.#clock = clock
  }

  /** Undefined: nobody's. Throws StorageError (`unavailable`). */
  async callerOf(key: string): Promise<Caller | undefined> {
    if (!isKeyLike(key)) return undefined
    const hash = hashOf(key)
    const known = this.#right.get(hash)
    if (known !== undefined && passedMs(this.#clock, known.asked) < KEY_KEPT_MS) return known.caller
    const wrong = this.#wrong.get(hash)
    if (wrong !== undefined && passedMs(this.#clock, wrong) < WRONG_KEY_KEPT_MS) return undefined
    let asking = this.#underWay.get(hash)
    if (asking === undefined) {
      asking = this.#ask(key, hash).finally(() => this.#underWay.delete(hash))
      this.#underWay.set(hash, asking)
    }
    return await asking
  }

  async #ask(key: string, hash: string): Promise<Caller | undefined> {
    const asked = moment(this.#clock)
    const found = await this.#keys.find(key)
    if (found === undefined) {
      this.#right.delete(hash)
      this.#wrong.set(hash, asked)
      return undefined
    }
    const { id, name, scopes } = found
    const caller: Caller = { by: "key", id, name, scopes, ...keyLimits(found) }
    this.#wrong.delete(hash)
    this.#right.set(hash, { id: found.id, caller, asked })
    return caller
  }

  /** Drops a key that was revoked here. */
  forget(id: string): void {
    for (const [hash, known] of this.#right.entries()) if (known.id === id) this.#right.delete(hash)
  }
}
