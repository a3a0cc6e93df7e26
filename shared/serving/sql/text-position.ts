/**
 * Where a byte of the UTF-8 form of a text lies, as people count: `line 1, column 8`.
 * Undefined when the position is not known (DuckDB writes 2^64 − 1) or lies outside.
 */
export function textPosition(text: string, byteOffset: number): string | undefined {
  const bytes = Buffer.from(text)
  if (!Number.isInteger(byteOffset) || byteOffset < 0 || byteOffset > bytes.length) return undefined
  const before = bytes.subarray(0, byteOffset).toString()
  const line = before.split("\n").length
  return `line ${line}, column ${before.length - before.lastIndexOf("\n")}`
}
