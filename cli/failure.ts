/** What the command's exit status says. These numbers are documented and do not change. */
export const exitCodes = {
  ok: 0,
  /** The server refused or failed, the query has exceptions, or the data is wrong. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** No server answers at the URL. */
  unreachable: 3,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

/** A failure that the command reports in one line on stderr before it exits. */
export class Failure extends Error {
  override readonly name = "Failure"
  readonly exitCode: ExitCode

  constructor(exitCode: ExitCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.exitCode = exitCode
  }
}
