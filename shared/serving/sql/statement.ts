import { QueryError } from "../errors.ts"
import { splitStatements } from "./split-statements.ts"

/**
 * Bytes of one statement. The syntax tree takes some fifty times the text, in the child that parses it; what people
 * and dashboards write stays far below.
 */
export const SQL_BYTES_MAX = 256 * 1024

/** A request's text, taken apart. */
export interface Statement {
  /** The statement at its original position: what stood before it is blanked, so that positions in errors hold. */
  readonly text: string
  readonly options: ReadonlyMap<string, string>
  /** EXPLAIN, or Pinot's EXPLAIN PLAN FOR, stood before it: it is blanked in `text`. */
  readonly isExplained: boolean
}

const setPattern = /^set\s+([A-Za-z_][\w.]*)\s*=\s*(?:'((?:[^']|'')*)'|([^\s';]+))$/i

/** Pinot's older form, at a statement's end: `OPTION(timeoutMs=5000, …)`. */
const optionPattern = /\boption\s*\(((?:\s*[A-Za-z_][\w.]*\s*=\s*(?:'[^']*'|[^\s,'()]+)\s*(?:,|(?=\))))+)\)$/i

/** MySQL's and Pinot's `LIMIT offset, count` at a statement's end; nothing else that is SQL ends like this. */
const limitPattern = /\blimit\s{1,100}(\d{1,18})\s{0,100},\s{0,100}(\d{1,18})$/i

function faultOfText(sql: string): QueryError | undefined {
  const zero = sql.indexOf("\0")
  if (zero >= 0)
    return new QueryError("sql_parsing", `SQLParsingError: a NUL character at position ${zero + 1}`)
  if (!sql.isWellFormed()) {
    return new QueryError(
      "sql_parsing",
      "SQLParsingError: the text holds half of a surrogate pair: expected Unicode",
    )
  }
  const bytes = Buffer.byteLength(sql)
  return bytes > SQL_BYTES_MAX
    ? new QueryError(
        "query_validation",
        `The statement is ${bytes} bytes long: expected at most ${SQL_BYTES_MAX}`,
      )
    : undefined
}

const explainPattern = /^explain\s+(?:plan\s+for\s+)?(?=\S)/i

const blank = (text: string) => text.replace(/[^\n]/g, " ")

/** Where suffixes are looked for: at the end of a statement, as far as a dozen options reach. */
const OPTION_CHARS_MAX = 2_000
/** Suffixes of one statement; Pinot's clients add one to what a person wrote. */
const SUFFIXES_MAX = 4

/** The statement without its OPTION suffixes, whose options are put into `options`; what SET said before wins. */
function withoutSuffix(query: string, options: Map<string, string>): string {
  let rest = query
  for (let suffixes = 0; suffixes < SUFFIXES_MAX; suffixes++) {
    const from = Math.max(0, rest.length - OPTION_CHARS_MAX)
    const found = optionPattern.exec(rest.slice(from))
    if (found === null) break
    for (const [, name = "", value = ""] of (found[1] ?? "").matchAll(/([\w.]+)\s*=\s*('[^']*'|[^\s,]+)/g)) {
      if (!options.has(name)) options.set(name, value.replace(/^'(.*)'$/s, "$1"))
    }
    rest = rest.slice(0, from + found.index).trimEnd()
  }
  return rest
}

/**
 * Takes Pinot's `SET k=v;` statements, which may stand before and after the statement proper, and an `OPTION(k=v)` at its
 * end off a text. Faults: `sql_parsing` (no statement, not a text), `query_validation` (two statements, too long).
 */
export function readStatement(sql: string): Statement | QueryError {
  const fault = faultOfText(sql)
  if (fault !== undefined) return fault
  const options = new Map<string, string>()
  const queries: { start: number; end: number }[] = []
  for (const span of splitStatements(sql)) {
    const set = setPattern.exec(sql.slice(span.start, span.end))
    if (set === null) queries.push(span)
    else options.set(set[1] ?? "", set[2]?.replaceAll("''", "'") ?? set[3] ?? "")
  }
  const [query, second] = queries
  if (query === undefined) {
    return new QueryError("sql_parsing", "SQLParsingError: there is no statement: expected one SELECT")
  }
  if (second !== undefined) {
    return new QueryError(
      "query_validation",
      `Expected one SELECT statement, found ${queries.length} statements`,
    )
  }
  const proper = withoutSuffix(sql.slice(query.start, query.end), options).replace(
    limitPattern,
    "LIMIT $2 OFFSET $1",
  )
  const explain = explainPattern.exec(proper)?.[0] ?? ""
  const before = blank(sql.slice(0, query.start)) + blank(explain)
  return { text: before + proper.slice(explain.length), options, isExplained: explain !== "" }
}
