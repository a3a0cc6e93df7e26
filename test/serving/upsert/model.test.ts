import { expect, test } from "vitest"
import { runKeyedSeed } from "./keyed-run.ts"

const SEEDS = 500

test(`${SEEDS} seeds: whatever order, duplicates, deletions, restarts and lost writes, a table is its model`, async () => {
  const only = process.env.UPSERT_SEED
  const sum = { flushes: 0, merges: 0, pins: 0, deaths: 0, purges: 0 }
  for (let seed = 1; seed <= SEEDS; seed++) {
    if (only !== undefined && Number(only) !== seed) continue
    const done = await runKeyedSeed(seed).catch((error: Error) => {
      throw new Error(`seed ${seed} (UPSERT_SEED=${seed} replays it): ${error.message}`, { cause: error })
    })
    for (const key of Object.keys(sum) as (keyof typeof sum)[]) sum[key] += done[key]
  }
  if (only !== undefined) return
  expect(sum.flushes).toBeGreaterThan(SEEDS)
  expect(sum.merges).toBeGreaterThan(SEEDS / 10)
  expect(sum.pins).toBeGreaterThan(2 * SEEDS)
  expect(sum.purges).toBeGreaterThan(SEEDS / 3)
  expect(sum.deaths).toBeGreaterThan(SEEDS / 25)
}, 120_000)
