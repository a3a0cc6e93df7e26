const PADDING = 61
const NOT_BASE64 = 255

/** RFC 4648 §4: the value of each character of the standard alphabet. */
const VALUES = new Uint8Array(256).fill(NOT_BASE64)
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
for (let value = 0; value < ALPHABET.length; value++) VALUES[ALPHABET.charCodeAt(value)] = value

/** At most so many bytes does base64 of this length hold. */
export const base64BytesMax = (length: number): number => Math.ceil((length * 3) / 4)

/**
 * Decodes the standard base64 in `text[start, end)` to `out` at `at` and returns the index after the bytes, or −1
 * where it is none. The padding may be missing. `out` may be `text` where `at` ≤ `start`.
 */
export function decodeBase64(
  text: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  let last = end
  if ((last - start) % 4 === 0 && last > start && text[last - 1] === PADDING) {
    last--
    if (text[last - 1] === PADDING) last--
  }
  const tail = (last - start) % 4
  if (tail === 1) return -1
  let to = at
  let i = start
  let wrong = 0
  for (const whole = last - tail; i < whole; i += 4) {
    const a = VALUES[text[i]!]!
    const b = VALUES[text[i + 1]!]!
    const c = VALUES[text[i + 2]!]!
    const d = VALUES[text[i + 3]!]!
    // Values have six bits: a seventh one says that a character was none of the alphabet's.
    wrong |= a | b | c | d
    const word = (a << 18) | (b << 12) | (c << 6) | d
    out[to] = word >> 16
    out[to + 1] = word >> 8
    out[to + 2] = word
    to += 3
  }
  if (tail > 0) {
    const a = VALUES[text[i]!]!
    const b = VALUES[text[i + 1]!]!
    const c = tail === 3 ? VALUES[text[i + 2]!]! : 0
    wrong |= a | b | c
    out[to++] = (a << 2) | (b >> 4)
    if (tail === 3) out[to++] = (b << 4) | (c >> 2)
  }
  return (wrong & 0xc0) === 0 ? to : -1
}
