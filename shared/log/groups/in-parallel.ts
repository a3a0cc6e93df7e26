import { fewAtOnce } from "../few-at-once.ts"
import { CALLS_MAX } from "./limits.ts"

/** Works on all, `CALLS_MAX` at a time; results in their order. */
export function inParallel<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  return fewAtOnce(all, CALLS_MAX, work)
}
