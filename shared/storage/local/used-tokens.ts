import { StorageError } from "../errors.ts"
import { TOKEN_TTL_MS } from "../transaction-token.ts"
import type { MetaDatabase } from "./meta-database.ts"

const DATE_BYTES = 8

interface UsedToken {
  readonly date: number
  readonly digest: string
}

/**
 * Which transactions were committed within the last ten minutes, also before a restart. The database alone says so,
 * since a transaction may fail at its end; the list in memory only tells what to forget next.
 */
export class UsedTokens {
  readonly #database: MetaDatabase
  readonly #oldestFirst: { readonly token: string; readonly date: number }[] = []

  constructor(database: MetaDatabase) {
    this.#database = database
    for (const { key, value } of database.tokens.getRange({})) {
      this.#oldestFirst.push({ token: key.toString("utf8"), date: decode(value).date })
    }
    this.#oldestFirst.sort((a, b) => a.date - b.date)
  }

  /** Throws `StorageError` `invalid` when the token stands for another transaction. */
  check(token: string, digest: string, date: number): void {
    const used = this.#fresh(token, date)
    if (used === undefined || used.digest === digest) return
    throw new StorageError("invalid", "token: used already for a different transaction")
  }

  isUsed(token: string, date: number): boolean {
    return this.#fresh(token, date) !== undefined
  }

  #fresh(token: string, date: number): UsedToken | undefined {
    const stored = this.#database.tokens.getBinary(Buffer.from(token))
    const used = stored && decode(stored)
    return used !== undefined && date - used.date < TOKEN_TTL_MS ? used : undefined
  }

  /** Inside a transaction: remembers the token and forgets those whose time is over. */
  use(token: string, digest: string, date: number): void {
    let over = 0
    for (const old of this.#oldestFirst) {
      if (date - old.date < TOKEN_TTL_MS) break
      this.#database.tokens.remove(Buffer.from(old.token))
      over++
    }
    this.#oldestFirst.splice(0, over)
    this.#oldestFirst.push({ token, date })
    this.#database.tokens.put(Buffer.from(token), encode({ date, digest }))
  }
}

function encode(used: UsedToken): Buffer {
  const value = Buffer.alloc(DATE_BYTES + Buffer.byteLength(used.digest))
  value.writeDoubleBE(used.date)
  value.write(used.digest, DATE_BYTES)
  return value
}

function decode(value: Buffer): UsedToken {
  return { date: value.readDoubleBE(0), digest: value.toString("utf8", DATE_BYTES) }
}
