import type { Comparison } from "./plan.ts"

/** What each comparison says of the order of two values: below 0, 0, above 0. */
export const comparisons: Readonly<Record<Comparison, (order: number) => boolean>> = {
  "=": order => order === 0,
  "<>": order => order !== 0,
  "<": order => order < 0,
  "<=": order => order <= 0,
  ">": order => order > 0,
  ">=": order => order >= 0,
}
