import type { Random } from "../../storage/time.ts"
import { indexCompanions } from "../index/companions.ts"
import { rollupCompanions } from "../rollup/companions.ts"
import { allCompanions, type MakeCompanions } from "../segment/companions.ts"

/** Everything that a table's definition asks for beside its segments: of flushes, merges and rewrites alike. */
export function tableCompanions(random: Random): MakeCompanions {
  return allCompanions(indexCompanions(random), rollupCompanions(random))
}
