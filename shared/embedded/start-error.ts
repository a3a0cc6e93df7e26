export type StartErrorCode =
  /** None was named, and there is no example to fall back to. */
  | "no_app"
  /** The app file's replay cannot be loaded or breaks its own promises. */
  | "bad_replay"
  /** Everybody would be asked who he is, and nobody could prove it. */
  | "no_key"

/** Why the platform does not start. The message is for a person. */
export class StartError extends Error {
  override readonly name = "StartError"
  readonly code: StartErrorCode

  constructor(code: StartErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}
