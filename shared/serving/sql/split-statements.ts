/** One statement of a text, without its semicolon and without the blanks and comments before it. */
export interface StatementSpan {
  readonly start: number
  readonly end: number
}

const dollarTag = /\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/y

/** The end of a text quoted with `quote`, which stands at `at`; a doubled quote is a part of it. */
function quotedEnd(sql: string, at: number, quote: string, escapes: boolean): number {
  for (let i = at + 1; i < sql.length; i++) {
    if (escapes && sql[i] === "\\") i++
    else if (sql[i] === quote) {
      if (sql[i + 1] !== quote) return i + 1
      i++
    }
  }
  return sql.length
}

function lineCommentEnd(sql: string, at: number): number {
  const end = sql.indexOf("\n", at)
  return end < 0 ? sql.length : end + 1
}

/** −1 for a comment without an end, which is left in the statement for DuckDB to complain of. */
function blockCommentEnd(sql: string, at: number): number {
  let depth = 1
  for (let i = at + 2; i < sql.length; i++) {
    if (sql.startsWith("/*", i)) depth++
    else if (sql.startsWith("*/", i)) depth--
    else continue
    if (depth === 0) return i + 2
    i++
  }
  return -1
}

function dollarQuotedEnd(sql: string, at: number): number {
  dollarTag.lastIndex = at
  const tag = dollarTag.exec(sql)?.[0]
  if (tag === undefined) return at + 1
  const end = sql.indexOf(tag, at + tag.length)
  return end < 0 ? sql.length : end + tag.length
}

/** The end of the blank, comment, quoted text or single character at `at`. */
export function tokenEnd(sql: string, at: number): number {
  const char = sql[at]
  if (char === "-" && sql[at + 1] === "-") return lineCommentEnd(sql, at)
  if (char === "/" && sql[at + 1] === "*") return Math.max(at + 1, blockCommentEnd(sql, at))
  if (char === "'")
    return quotedEnd(sql, at, "'", /(?:^|[^\w$])[eE]$/.test(sql.slice(Math.max(0, at - 2), at)))
  if (char === '"') return quotedEnd(sql, at, '"', false)
  if (char === "$" && !/[\w$]/.test(sql[at - 1] ?? " ")) return dollarQuotedEnd(sql, at)
  return at + 1
}

function isBlank(sql: string, at: number): boolean {
  return (
    /\s/.test(sql[at] ?? "") ||
    sql.startsWith("--", at) ||
    (sql.startsWith("/*", at) && blockCommentEnd(sql, at) > 0)
  )
}

/**
 * Splits a text at its semicolons, as PostgreSQL's lexer sees them; empty statements are left out. It decides
 * nothing about safety: DuckDB's own parser must then find exactly one statement in what is run.
 */
export function splitStatements(sql: string): StatementSpan[] {
  const spans: StatementSpan[] = []
  let start = -1
  let end = -1
  for (let at = 0; at < sql.length; ) {
    const next = tokenEnd(sql, at)
    if (sql[at] === ";") {
      if (start >= 0) spans.push({ start, end })
      start = -1
    } else if (!isBlank(sql, at)) {
      if (start < 0) start = at
      end = next
    }
    at = next
  }
  if (start >= 0) spans.push({ start, end })
  return spans
}
