import { randomFillSync } from "node:crypto"
import type { Random } from "../time.ts"

/** Drawing in bulk costs a hundredth of drawing 16 bytes at a time. */
const POOL_BYTES = 8_192
const ID_BYTES = 16
const INTEGER_BYTES = 8
const TWO_TO_53 = 2 ** 53

/** The operating system's random numbers. */
export function localRandom(): Random {
  const pool = Buffer.alloc(POOL_BYTES)
  let at = POOL_BYTES
  const take = (bytes: number): number => {
    if (at + bytes > POOL_BYTES) {
      randomFillSync(pool)
      at = 0
    }
    at += bytes
    return at - bytes
  }
  const draw53 = (): number => {
    const from = take(INTEGER_BYTES)
    return (pool.readUInt32LE(from) & 0x1fffff) * 2 ** 32 + pool.readUInt32LE(from + 4)
  }
  return {
    integer(below) {
      if (!Number.isSafeInteger(below - 1) || below < 1) {
        throw new RangeError(`below: expected 1 to 2^53, got ${below}`)
      }
      // Numbers from the incomplete last stretch are drawn again, since they would favour the small remainders.
      const end = TWO_TO_53 - (TWO_TO_53 % below)
      let drawn = draw53()
      while (drawn >= end) drawn = draw53()
      return drawn % below
    },
    id() {
      const from = take(ID_BYTES)
      return pool.toString("hex", from, from + ID_BYTES)
    },
  }
}
