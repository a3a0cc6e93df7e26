import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll } from "vitest"
import { DuckdbEngine } from "../../../shared/serving/duckdb/engine.ts"
import type { SqlEngine } from "../../../shared/serving/sql/engine.ts"

/** DuckDB for a test file: each `run` has fresh copies, as after a start, though the process goes on. */
export function sharedDuckdb(): SqlEngine {
  const parent = mkdtempSync(join(tmpdir(), "scan-"))
  const engine = new DuckdbEngine({ folder: join(parent, "scratch"), children: 1 })
  afterAll(async () => {
    await engine.close()
    rmSync(parent, { recursive: true, force: true })
  })
  return engine
}
