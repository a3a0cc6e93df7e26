import { QueryError } from "../errors.ts"
import { DEADLINE_MS_MAX } from "./limits.ts"

/** What a request asks for beside its statement. */
export interface QueryOptions {
  readonly timeoutMs?: number
  /** Pinot's answers where they differ from SQL's. Default: where a table asks for them. */
  readonly pinotCompat?: boolean
  /** Under `pinotCompat`: nulls are SQL's. */
  readonly nullHandling?: boolean
  /** Pinot's name for the request, by which it can be cancelled. */
  readonly clientQueryId?: string
  /** The engine that must answer. */
  readonly engine?: "direct" | "duckdb"
  /** False: rows are read even where a rollup holds the answer. */
  readonly useRollups?: boolean
  /** False: the answer is computed, even where an earlier one of the same state is kept. */
  readonly resultCache?: boolean
}

type Reading = QueryOptions | string

type Flag = "pinotCompat" | "nullHandling" | "resultCache" | "useRollups"

function flag(name: Flag | undefined): (value: string) => Reading {
  return value => {
    const word = value.toLowerCase()
    if (word !== "true" && word !== "false") return `expected true or false, found '${value}'`
    return name === undefined ? {} : { [name]: word === "true" }
  }
}

function timeout(value: string): Reading {
  const ms = Number(value)
  return Number.isInteger(ms) && ms >= 1 && ms <= DEADLINE_MS_MAX
    ? { timeoutMs: ms }
    : `expected whole milliseconds, 1 to ${DEADLINE_MS_MAX}, found '${value}'`
}

/** Characters of a name that a client chooses. */
const CLIENT_ID_CHARS_MAX = 128

function clientQueryId(value: string): Reading {
  return value.length <= CLIENT_ID_CHARS_MAX
    ? { clientQueryId: value }
    : `expected at most ${CLIENT_ID_CHARS_MAX} characters, found ${value.length}`
}

function engine(value: string): Reading {
  const word = value.toLowerCase()
  return word === "direct" || word === "duckdb"
    ? { engine: word }
    : `expected direct or duckdb, found '${value}'`
}

/** By Pinot's names in lower case. */
const readers: Readonly<Record<string, (value: string) => Reading>> = {
  timeoutms: timeout,
  pinotcompat: flag("pinotCompat"),
  enablenullhandling: flag("nullHandling"),
  // There is one engine to the outside, which does what both of Pinot's do.
  usemultistageengine: flag(undefined),
  clientqueryid: clientQueryId,
  // Pinot's rollups are star-trees.
  usestartree: flag("useRollups"),
  engine,
  resultcache: flag("resultCache"),
}

/**
 * Reads the options of a request and, which win, those of the statement. Unknown ones are ignored, as Pinot's broker does:
 * clients send many. Faults: `query_validation`, naming the option.
 */
export function readOptions(
  requested: Readonly<Record<string, string>>,
  written: ReadonlyMap<string, string>,
): QueryOptions | QueryError {
  let read: QueryOptions = {}
  for (const [name, value] of [...Object.entries(requested), ...written]) {
    const key = name.toLowerCase()
    const reading = Object.hasOwn(readers, key) ? (readers[key]?.(value) ?? {}) : {}
    if (typeof reading === "string") {
      return new QueryError("query_validation", `Query option ${name}: ${reading}`)
    }
    read = { ...read, ...reading }
  }
  if (read.nullHandling === false && read.pinotCompat !== true) {
    const expected = "expected true: only with pinotCompat=true nulls are Pinot's default values"
    return new QueryError("query_validation", `Query option enableNullHandling: ${expected}`)
  }
  return read
}
