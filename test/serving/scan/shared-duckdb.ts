import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import type { SqlEngine } from "../../../shared/serving/sql/engine.ts"

/** A start of a child on a busy machine. */
const START_MS_MAX = 60_000

/** DuckDB for a test file, started: no query of a test waits for a process. */
export async function sharedDuckdb(): Promise<SqlEngine> {
  const parent = mkdtempSync(join(tmpdir(), "scan-"))
  const engine = new DuckdbEngine({ folder: join(parent, "scratch"), children: 1 })
  afterAll(async () => {
    await engine.close()
    rmSync(parent, { recursive: true, force: true })
  })
  await engine.analyze("SELECT 1", START_MS_MAX)
  return engine
}
