/** Bytes of `text` in UTF-8. */
export function utf8Length(text: string): number {
  return Buffer.byteLength(text, "utf8")
}

/** Compares as the UTF-8 bytes compare, which is not how JavaScript compares: it orders by UTF-16 code units. */
export function compareUtf8(left: string, right: string): number {
  if (left === right) return 0
  const length = Math.min(left.length, right.length)
  for (let at = 0; at < length; at++) {
    const a = left.charCodeAt(at)
    const b = right.charCodeAt(at)
    if (a !== b) return codePointRank(a) - codePointRank(b)
  }
  return left.length - right.length
}

/**
 * Surrogates stand for code points above U+FFFF, so they come after U+E000–U+FFFF although their units are lower.
 * Source: RFC 2781 and the fix-up in ICU's `u_strCompareCodePointOrder`.
 */
function codePointRank(unit: number): number {
  if (unit < 0xd800) return unit
  return unit < 0xe000 ? unit + 0x2000 : unit - 0x800
}
