import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { onTestFinished } from "vitest"

export { absent, bytes, FAR_AHEAD, makeItem } from "./support-items.ts"

/** A new folder that goes when the test is over. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "millrace-storage-"))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}
