import { lacksCompanions } from "../../shared/serving/builder/table-companions.ts"
import type { Maintainer } from "../../shared/serving/maintain/maintainer.ts"
import { MERGE_LIMITS, type MergeLimits } from "../../shared/serving/maintain/plan-merge.ts"
import type { PlanOptions } from "../../shared/serving/maintain/plan-step.ts"
import { type MaintainFault, maintainAll } from "../../shared/serving/maintain/run.ts"
import type { Home } from "./home.ts"
import { MaintainLeases } from "./maintain-leases.ts"

/** Below this nothing new is begun: the largest merge takes less on one core. */
const STEP_MS_MAX = 180_000
/** … but a short invocation uses half of its time. */
const STEP_SHARE_MAX = 0.5

/** Half of what is merged at home: `build` has 1.7 GB for it, its keys and its tails. */
const FUNCTION_MERGES: MergeLimits = {
  ...MERGE_LIMITS,
  bytesMax: MERGE_LIMITS.bytesMax / 2,
  rowsMax: MERGE_LIMITS.rowsMax / 2,
}

/** What is to be done, by who does it and by who wakes him alike: else he would be woken for nothing. */
export const MAINTENANCE: PlanOptions = {
  merge: FUNCTION_MERGES,
  lacks: ({ table }, segment) => lacksCompanions(table, segment),
}

/** Of up to four steps for each partition: what is left then is for the next wake. */
const ROUNDS_MAX = 16

/**
 * Merges, rewrites and the like, of what was built, one partition after the other: each takes much memory. It goes on until
 * nothing is to be done, or no time is left, or something failed; what others are at is left to them.
 */
export async function maintainPartitions(
  { ports, tables, report }: Pick<Home, "ports" | "tables" | "report">,
  maintainer: Maintainer,
  works: readonly { readonly table: string; readonly partition: number }[],
  leftMs: () => number,
): Promise<readonly MaintainFault[]> {
  const faults: MaintainFault[] = []
  const marginMs = Math.min(STEP_MS_MAX, leftMs() * STEP_SHARE_MAX)
  const hasTime = () => leftMs() > marginMs
  const onFault = (fault: MaintainFault) => {
    faults.push(fault)
    report.error(`table ${fault.table}/${fault.partition}`, fault.error)
  }
  const wanted = new Set(works.map(({ table, partition }) => `${table}/${partition}`))
  const only = (table: string, partition: number) => wanted.has(`${table}/${partition}`)
  const leases = new MaintainLeases(ports, leftMs)
  const step: Maintainer["step"] = (table, partition) =>
    maintainer.step(table, partition, (id, at) => leases.take(id, at))
  try {
    const round = () => maintainAll(tables, { step }, { hasTime, onFault, only })
    for (let rounds = 0; rounds < ROUNDS_MAX && hasTime() && faults.length === 0; rounds++) {
      if (!(await round())) break
    }
  } finally {
    await leases.release()
  }
  return faults
}
