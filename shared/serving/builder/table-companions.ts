import type { Random } from "../../storage/time.ts"
import { lacksIndexes } from "../index/build.ts"
import { indexCompanions } from "../index/companions.ts"
import { placementCompanions } from "../index/placement.ts"
import { rollupCompanions } from "../rollup/companions.ts"
import { lacksRollups } from "../rollup/rollup-id.ts"
import { allCompanions, type MakeCompanions } from "../segment/companions.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { columnsAt } from "../tail/pinned-files.ts"

/** Everything that a table's definition asks for beside its segments: of flushes, merges and rewrites alike. */
export function tableCompanions(random: Random): MakeCompanions {
  return allCompanions(indexCompanions(random), placementCompanions, rollupCompanions(random))
}

/** Whether the definition asks for something beside a segment that is not there: it was added to the table later. */
export function lacksCompanions(table: TableInfo, segment: SegmentPointer): boolean {
  const columns = columnsAt(table, segment.schemaVersion)
  return lacksIndexes(segment, columns, table.spec) || lacksRollups(segment, columns, table.spec)
}
