import { QueryError } from "../errors.ts"
import { DEADLINE_MS_MAX } from "./limits.ts"

/** What a request asks for beside its statement. */
export interface QueryOptions {
  readonly timeoutMs?: number
}

type Reading = { readonly timeoutMs?: number } | string

const flag =
  (...accepted: string[]) =>
  (value: string): Reading =>
    accepted.includes(value.toLowerCase()) ? {} : `expected ${accepted.join(" or ")}, found '${value}'`

function timeout(value: string): Reading {
  const ms = Number(value)
  return Number.isInteger(ms) && ms >= 1 && ms <= DEADLINE_MS_MAX
    ? { timeoutMs: ms }
    : `expected whole milliseconds, 1 to ${DEADLINE_MS_MAX}, found '${value}'`
}

/** By Pinot's names in lower case. The flags are accepted where they ask for what happens anyway. */
const readers: Readonly<Record<string, (value: string) => Reading>> = {
  timeoutms: timeout,
  usemultistageengine: flag("true", "false"),
  enablenullhandling: flag("true"),
}

/**
 * Reads the options of a request and, which win, those of `SET` statements. An unknown one of a request is ignored, as
 * Pinot's broker does, since its clients send many; what a person wrote with SET is refused, and so is
 * `pinotCompat`, which would change the answer. Faults: `query_validation`, naming the option.
 */
export function readOptions(
  requested: Readonly<Record<string, string>>,
  written: ReadonlyMap<string, string>,
): QueryOptions | QueryError {
  let read: QueryOptions = {}
  for (const [name, value] of [...Object.entries(requested), ...written]) {
    const reader = readers[name.toLowerCase()]
    const isRefused = written.has(name) || name.toLowerCase() === "pinotcompat"
    if (reader === undefined && isRefused) {
      return new QueryError("query_validation", `Unsupported query option '${name}': expected timeoutMs`)
    }
    const reading = reader?.(value) ?? {}
    if (typeof reading === "string") {
      return new QueryError("query_validation", `Query option ${name}: ${reading}`)
    }
    read = { ...read, ...reading }
  }
  return read
}
