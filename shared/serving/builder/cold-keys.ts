import type { Manifest } from "../manifest/manifest.ts"
import type { TailState } from "../tail/tail-state.ts"
import { KeyMap } from "../upsert/key-map.ts"
import { weightOfRuns } from "../upsert/weight.ts"

/** What a query that holds no key index may have to look up. */
export interface ColdKeys {
  /** Keys of a tail: a query looks each of them up. */
  readonly keysMax: number
  /** A query loads an index that weighs no more whole: its tails may be longer. */
  readonly entriesMax: number
}

/** Some five hundred look-ups are two rounds of reads; the index of half a million keys is 16 MB. */
export const COLD_KEYS: ColdKeys = { keysMax: 500, entriesMax: 500_000 }

/** Whether a tail has so many keys that a query which has to look them up would suffer. */
export function isTooCold(
  tail: TailState,
  { runs }: Pick<Manifest, "runs">,
  cold: ColdKeys | undefined,
): boolean {
  if (cold === undefined || weightOfRuns(runs) <= cold.entriesMax) return false
  const keys = new KeyMap()
  for (const { batch } of tail.chunks) {
    const { hashes } = batch.keys ?? { hashes: [] }
    if (!(hashes instanceof Uint32Array)) return false
    for (let row = 0; row < batch.rows && keys.size < cold.keysMax; row++) keys.findOrAdd(hashes, row * 4)
  }
  return keys.size >= cold.keysMax
}
