import type { Maintainer } from "../../shared/serving/maintain/maintainer.ts"
import { type MaintainFault, maintainAll } from "../../shared/serving/maintain/run.ts"
import type { Home } from "./home.ts"

/** Below this nothing new is begun: the largest merge, of two million rows, takes less on one core. */
const STEP_MS_MAX = 180_000
/** … but a short invocation uses half of its time. */
const STEP_SHARE_MAX = 0.5

/** Merges, rewrites and the like, of what was built, one partition after the other: each takes much memory. */
export async function maintainPartitions(
  { tables, report }: Pick<Home, "tables" | "report">,
  maintainer: Maintainer,
  works: readonly { readonly table: string; readonly partition: number }[],
  leftMs: () => number,
): Promise<readonly MaintainFault[]> {
  const faults: MaintainFault[] = []
  const marginMs = Math.min(STEP_MS_MAX, leftMs() * STEP_SHARE_MAX)
  const onFault = (fault: MaintainFault) => {
    faults.push(fault)
    report.error(`table ${fault.table}/${fault.partition}`, fault.error)
  }
  const wanted = new Set(works.map(({ table, partition }) => `${table}/${partition}`))
  const only = (table: string, partition: number) => wanted.has(`${table}/${partition}`)
  await maintainAll(tables, maintainer, { hasTime: () => leftMs() > marginMs, onFault, only })
  return faults
}
