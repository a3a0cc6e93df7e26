/** Thrown inside the planner, and only there: the statement is DuckDB's. */
export class Unplanned extends Error {}

/** @param why what the direct path does not do, for people */
export function unplanned(why: string): never {
  throw new Unplanned(why)
}
