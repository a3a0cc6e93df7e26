import { parseWhere } from "../purge/where.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { PinnedPurge } from "../types.ts"
import type { Manifest } from "./manifest.ts"

/**
 * The erasures that a partition's manifest holds, ready to be applied; undefined: one names a column that the table's
 * item did not have when it was read.
 */
export function openPurges(
  { spec }: TableInfo,
  { partition, purges }: Manifest,
): readonly PinnedPurge[] | undefined {
  const { columns } = spec
  const open: PinnedPurge[] = []
  for (const { where: sql, end, done } of purges) {
    const where = parseWhere(sql, columns)
    if ("fault" in where) return undefined
    open.push({ partition, end, done, where, columns })
  }
  return open
}
