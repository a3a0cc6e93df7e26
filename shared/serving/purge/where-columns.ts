import type { Predicate } from "../direct/plan.ts"

/** The columns that a predicate names. */
export function columnsOf(predicate: Predicate): ReadonlySet<string> {
  const columns = new Set<string>()
  const add = (part: Predicate): void => {
    if ("parts" in part) part.parts.forEach(add)
    else if ("part" in part) add(part.part)
    else if ("column" in part) columns.add(part.column)
  }
  add(predicate)
  return columns
}
