import { CommanderError } from "commander"
import { exitCodes, Failure } from "./failure.ts"
import { endQuietlyOnClosedPipe, sayError } from "./output.ts"
import { program } from "./program.ts"

/** Reports a failure and says which status it ends with. */
function report(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.usage
  if (error instanceof Failure) {
    sayError(error.message)
    return error.exitCode
  }
  sayError(error instanceof Error ? (error.stack ?? error.message) : String(error))
  return exitCodes.failed
}

/**
 * Runs one command.
 * @param argv the arguments after the program's name
 */
export async function main(argv: readonly string[]): Promise<void> {
  endQuietlyOnClosedPipe()
  try {
    await program().parseAsync(argv, { from: "user" })
  } catch (error) {
    process.exitCode = report(error)
  }
}
