import type { Resolution } from "../definition/resolve.ts"

/** What the child is told, as its only argument. */
export interface EvaluationTask {
  /** Absolute path of the app file. */
  readonly file: string
  readonly stage: string
}

/** Why an app file could not be loaded. */
export interface LoadFailure {
  readonly message: string
  /** `/…/app.ts:12:3`, where it is known. */
  readonly at?: string
}

/** What the child writes to `REPORT_FD`, as JSON. */
export interface EvaluationReport {
  readonly resolution?: Resolution
  readonly failure?: LoadFailure
  /** The files that were loaded or asked for, packages left out: absolute paths. */
  readonly imports: readonly string[]
}

/** Standard output and error belong to the app file. */
export const REPORT_FD = 3
