/** DuckDB's parser counts characters (code points), its binder and its syntax tree bytes of UTF-8. */
export type PositionUnit = "character" | "byte"

function textBefore(text: string, offset: number, unit: PositionUnit): string | undefined {
  if (!Number.isInteger(offset) || offset < 0) return undefined
  if (unit === "byte") {
    const bytes = Buffer.from(text)
    return offset > bytes.length ? undefined : bytes.subarray(0, offset).toString()
  }
  const characters = [...text]
  return offset > characters.length ? undefined : characters.slice(0, offset).join("")
}

/**
 * Where an offset lies, as people count: `line 1, column 8`. Undefined when the position is not known (DuckDB
 * writes 2^64 − 1) or lies outside.
 */
export function textPosition(text: string, offset: number, unit: PositionUnit): string | undefined {
  const before = textBefore(text, offset, unit)
  if (before === undefined) return undefined
  return `line ${before.split("\n").length}, column ${before.length - before.lastIndexOf("\n")}`
}
