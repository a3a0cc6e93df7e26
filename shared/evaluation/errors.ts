export type EvaluationErrorCode =
  /** There is no such file. */
  | "not_found"
  /** It threw, does not parse, or imports what is not there. */
  | "load_failed"
  /** This Node does not strip types. */
  | "old_node"
  | "timeout"
  | "too_large"
  /** Its process ended before it was loaded. */
  | "crashed"
  /** Two evaluations gave different definitions. */
  | "not_deterministic"

/** An app file that cannot be evaluated. `message` begins with its place: `/…/app.ts:12:3: …`. */
export class EvaluationError extends Error {
  override readonly name = "EvaluationError"
  readonly code: EvaluationErrorCode
  /** Absolute path of the app file. */
  readonly file: string

  constructor(
    code: EvaluationErrorCode,
    message: string,
    where: { readonly file: string; readonly at?: string },
  ) {
    super(`${where.at ?? where.file}: ${message}`)
    this.code = code
    this.file = where.file
  }
}
