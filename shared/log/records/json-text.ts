import { JsonFault } from "./json-scanner.ts"

const BACKSLASH = 92
/** Enough of a wrong value to recognise it by. */
const FOUND_BYTES_MAX = 40
const text = new TextDecoder()

const SIMPLE_ESCAPES: Readonly<Record<string, number>> = { b: 8, f: 12, n: 10, r: 13, t: 9 }

/** Whether a string's bytes hold an escape. */
export const hasEscape = (bytes: Uint8Array, start: number, end: number): boolean => {
  for (let i = start; i < end; i++) if (bytes[i] === BACKSLASH) return true
  return false
}

const hex4 = (bytes: Uint8Array, at: number): number =>
  Number.parseInt(String.fromCharCode(bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!), 16)

/**
 * Writes the text of a scanned JSON string (`bytes[start, end)`, without its quotes) as UTF-8 to `out` at `at` and
 * returns the index after it; the text is never longer than the string. Throws `JsonFault` where half a surrogate
 * pair has no UTF-8.
 */
export function unescapeString(
  bytes: Uint8Array,
  start: number,
  end: number,
  out: Uint8Array,
  at: number,
): number {
  let to = at
  for (let i = start; i < end; ) {
    const byte = bytes[i++]!
    if (byte !== BACKSLASH) {
      out[to++] = byte
      continue
    }
    const escaped = bytes[i++]!
    if (escaped !== 117) {
      out[to++] = SIMPLE_ESCAPES[String.fromCharCode(escaped)] ?? escaped
      continue
    }
    let code = hex4(bytes, i)
    i += 4
    if (code >= 0xd800 && code <= 0xdfff) {
      const pairs = code < 0xdc00 && bytes[i] === BACKSLASH && bytes[i + 1] === 117 && i + 6 <= end
      const low = pairs ? hex4(bytes, i + 2) : 0
      if (low < 0xdc00 || low > 0xdfff) throw new JsonFault(i - 6, "both halves of a surrogate pair")
      code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00)
      i += 6
    }
    to = writeUtf8(out, to, code)
  }
  return to
}

function writeUtf8(out: Uint8Array, at: number, code: number): number {
  if (code < 0x80) {
    out[at] = code
    return at + 1
  }
  if (code < 0x800) {
    out[at] = 0xc0 | (code >> 6)
    out[at + 1] = 0x80 | (code & 0x3f)
    return at + 2
  }
  if (code < 0x10000) {
    out[at] = 0xe0 | (code >> 12)
    out[at + 1] = 0x80 | ((code >> 6) & 0x3f)
    out[at + 2] = 0x80 | (code & 0x3f)
    return at + 3
  }
  out[at] = 0xf0 | (code >> 18)
  out[at + 1] = 0x80 | ((code >> 12) & 0x3f)
  out[at + 2] = 0x80 | ((code >> 6) & 0x3f)
  out[at + 3] = 0x80 | (code & 0x3f)
  return at + 4
}

/** Whether a scanned name (`bytes[start, end)`, escapes and all) is `name`, of which `nameUtf8` are the bytes. */
export function nameEquals(bytes: Uint8Array, start: number, end: number, nameUtf8: Uint8Array): boolean {
  const length = end - start
  if (length === nameUtf8.length) {
    let i = 0
    while (i < length && bytes[start + i] === nameUtf8[i]) i++
    if (i === length) return true
  }
  // A name spelled with escapes is longer than what it says.
  if (length <= nameUtf8.length || !hasEscape(bytes, start, end)) return false
  return nameText(bytes, start, end) === text.decode(nameUtf8)
}

/** A scanned name (`bytes[start, end)`, escapes and all) as text. */
export const nameText = (bytes: Uint8Array, start: number, end: number): string =>
  JSON.parse(`"${text.decode(bytes.subarray(start, end))}"`)

/** The beginning of a value, for a message. */
export function excerpt(bytes: Uint8Array, start: number, end: number): string {
  const shown = text.decode(bytes.subarray(start, Math.min(end, start + FOUND_BYTES_MAX)))
  return end - start > FOUND_BYTES_MAX ? `${shown}…` : shown
}
