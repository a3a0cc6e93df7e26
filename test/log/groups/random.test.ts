import { expect, test } from "vitest"
import { play } from "./random-life.ts"

const SEEDS = 80

test(`${SEEDS} random lives of groups: one reader for each partition, no commit over a later owner's, none unread for long`, async () => {
  for (let seed = 0; seed < SEEDS; seed++) {
    expect(await play(seed), `seed ${seed}`).toEqual([])
  }
})
