import type { JobFigures } from "../environment.ts"

/**
 * Where a function says what happened: lines in its log. Never handed headers, keys, bodies or secrets.
 */
export interface Report {
  info(message: string, facts?: Readonly<Record<string, unknown>>): void
  warn(message: string, facts?: Readonly<Record<string, unknown>>): void
  error(message: string, cause: Error): void
}

/** Counted only when something happened: an idle deployment has no metric of its own, and pays for none. */
export type MetricName =
  /** Rows that `build` moved into segments. */
  | "RowsBuilt"
  /** Records that jobs took in. */
  | "RecordsProcessed"
  /** Tasks of jobs that failed or do not get on, as the tick found them. */
  | "TasksStuck"
  /** Wakes of `build` and `process` that `dispatch` or the tick could not hand over. */
  | "WakesLost"
  /** Journal entries appended to the log. */
  | "JournalAppended"
  /** Journal entries of topics that are deleted. */
  | "JournalDropped"
  /** Journal entries that can never be appended, set aside. */
  | "JournalSetAside"
  /** Dead letters that were tried again, and failed again. */
  | "RedriveFailed"

export interface Meter {
  /** Adds to what this invocation tells; zero tells nothing. */
  count(name: MetricName, value: number): void
  /** Tells at once what a job did. @param at when that was, epoch ms */
  tellJob(job: string, figures: JobFigures, at: number): Promise<void>
}

/** Any thrown value as an error. */
export function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown))
}
