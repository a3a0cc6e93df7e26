import type { Condition } from "./interval.ts"
import { RowBitmap } from "./row-bitmap.ts"

/** Rows of which a condition may be true: `all` of a segment, `none`, or these. */
export type Rows = "all" | "none" | RowBitmap

export interface Verdict {
  readonly rows: Rows
  /** It is true for each of them. */
  readonly exact: boolean
}

export const NONE: Verdict = { rows: "none", exact: true }
export const ANY: Verdict = { rows: "all", exact: false }
export const EVERY: Verdict = { rows: "all", exact: true }

export const verdictOf = (rows: RowBitmap, exact: boolean): Verdict =>
  rows.size === 0 ? NONE : { rows, exact }

/** What is known of a condition over one column. */
export type Judge = (condition: Extract<Condition, { column: string }>) => Verdict

/** What follows for a condition from what is known of its columns. Pure. */
export function judge(condition: Condition, known: Judge): Verdict {
  switch (condition.kind) {
    case "constant":
      return condition.value ? EVERY : NONE
    case "unknown":
      return ANY
    case "and": {
      let verdict = EVERY
      for (const part of condition.parts) {
        verdict = both(verdict, judge(part, known))
        if (verdict.rows === "none") return NONE
      }
      return verdict
    }
    case "or": {
      const parts: Verdict[] = []
      for (const part of condition.parts) {
        const verdict = judge(part, known)
        if (verdict.rows === "all" && verdict.exact) return EVERY
        if (verdict.rows !== "none") parts.push(verdict)
      }
      return either(parts)
    }
    default:
      return known(condition)
  }
}

/** Where both conditions may be true. */
export function both(a: Verdict, b: Verdict): Verdict {
  if (a.rows === "none" || b.rows === "none") return NONE
  const exact = a.exact && b.exact
  if (a.rows === "all") return { rows: b.rows, exact }
  if (b.rows === "all") return { rows: a.rows, exact }
  return verdictOf(a.rows.and(b.rows), exact)
}

function either(parts: readonly Verdict[]): Verdict {
  if (parts.length === 0) return NONE
  if (parts.some(({ rows }) => rows === "all")) return ANY
  return verdictOf(
    RowBitmap.union(parts.map(({ rows }) => rows as RowBitmap)),
    parts.every(({ exact }) => exact),
  )
}
