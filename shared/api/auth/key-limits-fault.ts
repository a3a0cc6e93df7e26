import { checkExpression } from "../../serving/expression/check.ts"
import { KEY_RATES, type KeyLimits } from "./key-limits.ts"
import { ALL, parseScope } from "./scopes.ts"

/** Longer conditions belong into a table of their own. */
export const ROW_FILTER_CHARS_MAX = 1_000

/** No process answers more; a key that needs no limit is not given one. */
export const REQUESTS_PER_SECOND_MAX = 100_000

/** No process takes in or gives more: 100 Gbit/s. */
export const BYTES_PER_SECOND_MAX = 12_500_000_000

const rateMax = (name: string) => (name.includes("Bytes") ? BYTES_PER_SECOND_MAX : REQUESTS_PER_SECOND_MAX)

/** What two readers of SQL might take for different things: comments, other quotes, ends of statements. */
const AMBIGUOUS = /--|\/\*|[;\\$\0]/

function rowFilterFault(filter: string, scopes: readonly string[]): string | undefined {
  if (filter.length > ROW_FILTER_CHARS_MAX) {
    return `rowFilter: expected at most ${ROW_FILTER_CHARS_MAX} characters, got ${filter.length}`
  }
  const ambiguous = AMBIGUOUS.exec(filter)?.[0]
  if (ambiguous !== undefined) return `rowFilter: expected a condition without ${JSON.stringify(ambiguous)}`
  const fault = checkExpression(filter, [], "condition")
  if (fault !== undefined) return `rowFilter: ${fault}`
  // Who administers a table sees all of it.
  const tooMuch = scopes.find(scope => {
    const parsed = parseScope(scope)
    return (
      scope === ALL || (typeof parsed !== "string" && parsed.kind !== "topic" && parsed.action === "admin")
    )
  })
  if (tooMuch !== undefined) {
    return `rowFilter: the scope ${tooMuch} sees all rows: expected table scopes that end in :query`
  }
  const queries = scopes.some(scope => scope.startsWith("table:"))
  return queries ? undefined : "rowFilter: expected a scope that ends in :query, for the filter to restrict"
}

/** What is wrong with the limits of a key of these scopes, else undefined. */
export function keyLimitsFault(
  { rowFilter, ...limits }: KeyLimits,
  scopes: readonly string[],
): string | undefined {
  for (const name of KEY_RATES) {
    const rate = limits[name]
    if (rate !== undefined && !(rate > 0 && rate <= rateMax(name))) {
      return `${name}: expected more than 0 and at most ${rateMax(name)}, got ${rate}`
    }
  }
  return rowFilter === undefined ? undefined : rowFilterFault(rowFilter, scopes)
}
