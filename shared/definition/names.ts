/** Names are identities: a rename is a removal plus an addition. */
export const NAME_PATTERN = /^[a-zA-Z0-9._-]{1,100}$/
export const NAME_EXPECTED = "1 to 100 of the characters a-z A-Z 0-9 . _ -"

/** Tables are written in SQL without quotes, hence lower case. */
export const TABLE_NAME_PATTERN = /^[a-z_][a-z0-9_]{0,99}$/
export const TABLE_NAME_EXPECTED = "a lower-case letter or _, then up to 99 of a-z 0-9 _"

export const COLUMN_NAME_PATTERN = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/
export const COLUMN_NAME_EXPECTED = "a letter or _, then up to 99 of a-z A-Z 0-9 _"

/** Columns and tables beginning with this are kept for the engine's own. */
export const RESERVED_PREFIX = "__"

// DuckDB 1.5: `select keyword_name from duckdb_keywords() where keyword_category = 'reserved'`.
const RESERVED_WORDS = new Set(
  `all analyse analyze and any array as asc asymmetric both case cast check collate column constraint create default
  deferrable desc describe distinct do else end except false fetch for foreign from group having in initially intersect
  into lambda lateral leading limit not null offset on only or order pivot pivot_longer pivot_wider placing primary
  qualify references returning select show some summarize symmetric table then to trailing true union unique unpivot
  using variadic when where window with`.split(/\s+/),
)

/** What is wrong with a topic's or an app's name, else undefined. */
export function nameFault(name: unknown): string | undefined {
  if (typeof name !== "string" || !NAME_PATTERN.test(name)) return `expected ${NAME_EXPECTED}`
  return name === "." || name === ".." ? "expected a name other than . and .." : undefined
}

/** What is wrong with a table's name, else undefined. */
export function tableNameFault(name: unknown): string | undefined {
  if (typeof name !== "string" || !TABLE_NAME_PATTERN.test(name)) return `expected ${TABLE_NAME_EXPECTED}`
  return sqlNameFault(name)
}

/** What is wrong with a column's name, else undefined. */
export function columnNameFault(name: string): string | undefined {
  if (!COLUMN_NAME_PATTERN.test(name)) return `expected ${COLUMN_NAME_EXPECTED}`
  return sqlNameFault(name)
}

function sqlNameFault(name: string): string | undefined {
  if (RESERVED_WORDS.has(name.toLowerCase())) return "is a reserved word of SQL: choose another name"
  if (name.startsWith(RESERVED_PREFIX)) return `names beginning with ${RESERVED_PREFIX} are reserved`
  return undefined
}
