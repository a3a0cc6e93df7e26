import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { KEYED_BREAKS } from "./breaks.ts"
import { runKeyedSeed } from "./keyed-run.ts"

const SEEDS = 500
/** A broken line has to be noticed within these. */
const BREAK_SEEDS = 200

test(`${SEEDS} seeds: whatever order, duplicates, deletions, restarts and lost writes, a table is its model`, async () => {
  const only = process.env.UPSERT_SEED
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (only !== undefined && Number(only) !== seed) continue
    await runKeyedSeed(seed).catch((error: Error) => {
      throw new Error(`seed ${seed} (UPSERT_SEED=${seed} replays it): ${error.message}`, { cause: error })
    })
  }
}, 120_000)

test("each deliberate break of the rules is noticed", async () => {
  const child = join(import.meta.dirname, "breaks-child.ts")
  const { stdout } = await promisify(execFile)(process.execPath, [child, String(BREAK_SEEDS)])
  const noticed = JSON.parse(stdout) as Record<string, number | null>
  expect(Object.keys(noticed)).toEqual(KEYED_BREAKS.map(({ name }) => name))
  for (const [name, seed] of Object.entries(noticed)) expect(seed, name).not.toBe(null)
}, 120_000)
