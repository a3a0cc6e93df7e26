import { spawnSync } from "node:child_process"
import { extname } from "node:path"
import { fileURLToPath } from "node:url"
import type { AppDefinition } from "../../shared/definition/app-definition.ts"

/** What the program is told, as its only argument. */
export interface EntryTask {
  readonly entry: string
  readonly stage: string
}

/** What the program prints, as JSON. */
export type EntryReport =
  | { readonly definition: AppDefinition; readonly digest: string; readonly printed: string }
  | { readonly error: string; readonly printed: string }

/** A definition is at most 4 MB; what the app file prints comes on top. */
const REPORT_BYTES_MAX = 16_000_000

/** Beside this file, and source or compiled as it is. */
const PROGRAM = fileURLToPath(new URL(`evaluate-program${extname(import.meta.url)}`, import.meta.url))

/**
 * Evaluates an app file, its SQL checked, as the other homes do, but synchronously, as CDK wants it.
 *
 * @param entry path of the app file, relative to the working folder
 * @throws Error with everything that is known to be wrong with it
 */
export function evaluateEntry(entry: string, stage: string): { definition: AppDefinition; digest: string } {
  const task: EntryTask = { entry, stage }
  const run = spawnSync(process.execPath, ["--no-warnings", PROGRAM, JSON.stringify(task)], {
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: REPORT_BYTES_MAX,
  })
  if (run.status !== 0) {
    throw new Error(`${entry} could not be evaluated:\n${run.error?.message ?? run.stderr.toString()}`)
  }
  const report = JSON.parse(run.stdout.toString()) as EntryReport
  // Standard output is CDK's own.
  process.stderr.write(report.printed)
  if ("error" in report) throw new Error(report.error)
  return report
}
