export type JobErrorCode =
  | "unknown_job"
  | "job_exists"
  /** Another change of the job is being carried through. */
  | "job_changing"
  | "unknown_savepoint"
  | "savepoint_exists"
  /** The savepoint's state does not fit the job as it is now. */
  | "savepoint_misfit"
  /** The job's state does not allow it. */
  | "wrong_state"
  /** The write may or may not have been applied. */
  | "outcome_unknown"

/** A change of a job that cannot be made. */
export class JobError extends Error {
  override readonly name = "JobError"
  readonly code: JobErrorCode

  constructor(code: JobErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
