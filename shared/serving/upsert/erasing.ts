import type { Manifest } from "../manifest/manifest.ts"
import { openPurges } from "../manifest/open-purges.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { PinnedPurge } from "../types.ts"

/** Rows below `end` that are no part of a table any more: nothing is merged into them. */
export type Erasing = Pick<PinnedPurge, "end" | "where">

/**
 * What merged rows are judged by: open erasures, and retention's cut. Undefined: an erasure names a column that the table's
 * item did not have when it was read.
 */
export function erasingOf(table: TableInfo, manifest: Manifest): readonly Erasing[] | undefined {
  const purges = openPurges(table, manifest)
  const { time } = table.spec
  const { cutBefore } = manifest
  if (purges === undefined || cutBefore === undefined || time === undefined) return purges
  const least = BigInt(Math.ceil(cutBefore))
  const isCut = { kind: "compare", op: "<", column: time, value: least } as const
  return [...purges, { end: Number.POSITIVE_INFINITY, where: isCut }]
}
