import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"
import { KEYED_BREAKS } from "../serving/upsert/breaks.ts"

/** A broken line has to be noticed within these. */
const BREAK_SEEDS = 200

test("each deliberate break of the rules of tables with a key is noticed", async () => {
  const child = join(import.meta.dirname, "../serving/upsert/breaks-child.ts")
  const { stdout } = await promisify(execFile)(process.execPath, [child, String(BREAK_SEEDS)])
  const noticed = JSON.parse(stdout) as Record<string, number | null>
  expect(Object.keys(noticed)).toEqual(KEYED_BREAKS.map(({ name }) => name))
  for (const [name, seed] of Object.entries(noticed)) expect(seed, name).not.toBe(null)
})
