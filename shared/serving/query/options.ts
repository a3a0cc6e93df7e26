import { QueryError } from "../errors.ts"
import { deadlineMsMax } from "./limits.ts"

/** What a request asks for beside its statement. */
export interface QueryOptions {
  readonly timeoutMs?: number
}

type Reading = { readonly timeoutMs?: number } | string

const flag =
  (...accepted: string[]) =>
  (value: string): Reading =>
    accepted.includes(value.toLowerCase()) ? {} : `expected ${accepted.join(" or ")}, found '${value}'`

const timeout = (value: string): Reading => {
  const ms = Number(value)
  return Number.isInteger(ms) && ms >= 1 && ms <= deadlineMsMax
    ? { timeoutMs: ms }
    : `expected whole milliseconds, 1 to ${deadlineMsMax}, found '${value}'`
}

/** By Pinot's names in lower case. The flags are accepted where they ask for what happens anyway. */
const readers: Readonly<Record<string, (value: string) => Reading>> = {
  timeoutms: timeout,
  usemultistageengine: flag("true", "false"),
  enablenullhandling: flag("true"),
}

/** Reads options from `SET` statements and the request; a fault is `query_validation` and names the option. */
export const readOptions = (options: Iterable<readonly [string, string]>): QueryOptions | QueryError => {
  let read: QueryOptions = {}
  for (const [name, value] of options) {
    const reader = readers[name.toLowerCase()]
    if (reader === undefined) {
      return new QueryError("query_validation", `Unsupported query option '${name}': expected timeoutMs`)
    }
    const reading = reader(value)
    if (typeof reading === "string")
      return new QueryError("query_validation", `Query option ${name}: ${reading}`)
    read = { ...read, ...reading }
  }
  return read
}

/** Takes Pinot's `queryOptions` text, `k=v;k=v`, apart. */
export const splitOptions = (text: string): (readonly [string, string])[] =>
  text
    .split(";")
    .filter(part => part.trim() !== "")
    .map(part => {
      const at = part.indexOf("=")
      return at < 0 ? [part.trim(), ""] : [part.slice(0, at).trim(), part.slice(at + 1).trim()]
    })
