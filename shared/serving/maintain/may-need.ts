import type { Log } from "../../log/types.ts"
import type { Ports } from "../../storage/time.ts"
import type { Manifest } from "../manifest/manifest.ts"
import { segmentsOf } from "../manifest/manifest-store.ts"
import { openPurges } from "../manifest/open-purges.ts"
import { NO_OFFSETS } from "../segment/offset-set.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { type PlanOptions, planStep } from "./plan-step.ts"
import { logStartFor } from "./rewrite.ts"

interface MayNeedContext {
  readonly ports: Pick<Ports, "objects" | "meta" | "clock">
  readonly log: Pick<Log, "offsets">
}

/**
 * Whether a partition has something for a maintainer to do, as far as its manifest tells: what is dead is not counted.
 * @param date the store's, epoch ms
 * @param lists whether to look into lists, too: each is a read
 *
 * Throws `StorageError`, `LogError`.
 */
export async function mayNeed(
  { ports, log }: MayNeedContext,
  table: TableInfo,
  manifest: Manifest,
  date: number,
  lists: boolean,
  options: PlanOptions = {},
): Promise<boolean> {
  if (manifest.closed) return false
  const segments = lists ? await segmentsOf(ports, manifest) : manifest.segments
  const purges = openPurges(table, manifest) ?? []
  const logStart = await logStartFor(log, table, manifest.partition, segments)
  return (
    planStep({ table, manifest, segments, dead: NO_OFFSETS, purges, date, logStart }, options) !== undefined
  )
}
