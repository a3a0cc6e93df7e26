import type { Mark } from "./segment-index.ts"

/** Marks kept of one kind: those within a bucket share one, so that a day has this many. */
const MARKS_PER_SPAN = 24

/**
 * Adds that `offset` was reached at `date`. Marks of the same part of `spanMs` become one, whose date is the later: what
 * waits for it waits longer, never less. Of those older than the span only the last is kept, since all of them are.
 */
export function addMark(marks: readonly Mark[], mark: Mark, spanMs: number): Mark[] {
  const bucketMs = Math.max(1, Math.ceil(spanMs / MARKS_PER_SPAN))
  const bucketOf = ({ date }: Mark) => Math.floor(date / bucketMs)
  const past = marks.filter(({ date }) => mark.date - date > spanMs + bucketMs)
  const kept = marks.slice(Math.max(0, past.length - 1))
  const last = kept[kept.length - 1]
  if (last !== undefined && bucketOf(last) === bucketOf(mark)) kept.pop()
  return [...kept, mark]
}

/** The highest offset that was reached at least `ageMs` before `date`; 0: none. */
export function reachedBefore(marks: readonly Mark[], date: number, ageMs: number): number {
  let offset = 0
  for (const mark of marks) if (date - mark.date >= ageMs) offset = mark.offset
  return offset
}
