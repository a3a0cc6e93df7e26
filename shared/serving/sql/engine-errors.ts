import type { QueryErrorCode } from "../errors.ts"
import { textPosition } from "./text-position.ts"

/** A fault in a form that crosses a process boundary. */
export interface Fault {
  readonly code: QueryErrorCode
  readonly message: string
  /** The database is unusable from here on: its process must be replaced. */
  readonly fatal?: boolean
}

/** DuckDB's error, as `errors_as_json` writes it. */
interface DuckdbError {
  readonly exception_type: string
  readonly exception_message: string
  readonly error_subtype?: string
  readonly type?: string
  readonly name?: string
  readonly position?: string
}

/** What the system's limit looks like, whichever part of DuckDB or Node met it. */
export const OUT_OF_MEMORY = /bad_alloc|failed to allocate|cannot allocate memory/i

export const outOfMemory: Fault = {
  code: "resource_limit",
  message: "Out of memory: the query needed more than a query may use",
}

/** DuckDB's candidates and hints can run to kilobytes; a message is for people. */
const MESSAGE_CHARS_MAX = 1000

function isDuckdbError(value: unknown): value is DuckdbError {
  return (
    typeof value === "object" && value !== null && "exception_type" in value && "exception_message" in value
  )
}

/** What DuckDB said, without advice to change settings, which nobody can change here. */
export function shortMessage(message: string): string {
  return message
    .replace(/ ?Use "SET [^"]*"[^.]*\./, "")
    .slice(0, MESSAGE_CHARS_MAX)
    .trimEnd()
}

function readError(message: string): DuckdbError {
  const start = message.indexOf("{")
  if (start >= 0) {
    try {
      const parsed: unknown = JSON.parse(message.slice(start))
      if (isDuckdbError(parsed)) return parsed
    } catch {
      // Not every message is JSON: those of the binding and of an interrupt are plain text.
    }
  }
  const type = /^([A-Za-z ]+) Error: ?/.exec(message)
  return {
    exception_type: type?.[1] ?? "",
    exception_message: type === null ? message : message.slice(type[0].length),
  }
}

const codeByType: Readonly<Record<string, QueryErrorCode>> = {
  Parser: "sql_parsing",
  Syntax: "sql_parsing",
  Binder: "query_validation",
  Catalog: "query_validation",
  "Not implemented": "query_validation",
  Permission: "query_validation",
  "Parameter Not Allowed": "query_validation",
  "Out of Memory": "resource_limit",
  INTERRUPT: "timeout",
}

function missingColumn(error: DuckdbError): string | undefined {
  return error.error_subtype === "COLUMN_NOT_FOUND"
    ? error.name
    : /does not have a column named "([^"]*)"/.exec(error.exception_message)?.[1]
}

function faultOf(error: DuckdbError, where: string): Fault {
  const message = shortMessage(error.exception_message)
  const column = error.exception_type === "Binder" ? missingColumn(error) : undefined
  if (column !== undefined) {
    return {
      code: "unknown_column",
      message: `UnknownColumnError: Unknown columnName '${column}' found in the query`,
    }
  }
  if (error.error_subtype === "MISSING_ENTRY" && error.type?.includes("Function") === true) {
    return { code: "query_validation", message: `Unsupported function: ${error.name}` }
  }
  const code = codeByType[error.exception_type] ?? "query_execution"
  if (code === "sql_parsing") return { code, message: `SQLParsingError: ${where}${message}` }
  if (code === "timeout") return { code, message: "The query ran past its deadline and was stopped" }
  // DuckDB goes on to advise settings that nobody can change here.
  if (code === "resource_limit") return { code, message: `Out of memory: ${message.split("\n")[0]}` }
  return { code, message: `${where}${message}` }
}

/**
 * Says in the words of Pinot's clients what DuckDB said.
 * @param message a DuckDB error's message, in JSON (`errors_as_json`) or as plain text
 * @param sql the text it speaks of, for line and column
 * @param before bytes that stood before `sql` in what DuckDB was given
 */
export function faultFromDuckdb(message: string, sql: string, before = 0): Fault {
  if (OUT_OF_MEMORY.test(message)) return outOfMemory
  const error = readError(message)
  const position =
    error.position === undefined
      ? undefined
      : textPosition(
          sql,
          Number(error.position) - before,
          error.exception_type === "Parser" ? "character" : "byte",
        )
  const fault = faultOf(error, position === undefined ? "" : `${position}: `)
  return /^(?:FATAL|INTERNAL)$/i.test(error.exception_type) ? { ...fault, fatal: true } : fault
}
