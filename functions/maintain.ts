import type { RedriveResult } from "../shared/api/auth/types.ts"
import { ExpiryRounds } from "../shared/log/groups/expiry-rounds.ts"
import { LogKeeper } from "../shared/log/segments/log-keeper.ts"
import { OverdueRounds } from "../shared/log/transactions/overdue-rounds.ts"
import { TableCollector } from "../shared/serving/maintain/table-collector.ts"
import type { Base } from "./runtime/base.ts"
import { endings, openHome } from "./runtime/home.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import { redriveLetters } from "./runtime/redrive-letters.ts"
import type { Settings } from "./runtime/settings.ts"
import { tick } from "./runtime/tick.ts"
import { JobMemory } from "./runtime/tick-jobs.ts"

type Wanted = "MILLRACE_BUILD_FUNCTION" | "MILLRACE_DEAD_LETTERS"

/** Rolled up at once: a quarter of the function's memory, since an upload may hold it twice. */
const ROLL_BYTES_MAX = 64 * 1024 * 1024

/** `{ redrive: { max } }`, of which 0 only counts; anything else is the tick. */
export type MaintainEvent = {
  readonly redrive?: { readonly max?: unknown }
  readonly [other: string]: unknown
} | null

/** Carries through what was left half done and wakes `build` and jobs; or tries dead letters again. */
export function createMaintain(
  base: Base<Settings<Wanted>>,
): Served<MaintainEvent, RedriveResult | undefined> {
  const home = openHome(base)
  const memory = new JobMemory()
  const collector = new TableCollector(home.ports, home.tables, home.log)
  const keeper = new LogKeeper(home.ports, { rollBytesMax: ROLL_BYTES_MAX })
  const overdue = new OverdueRounds(home.log.transactions)
  const expiry = new ExpiryRounds(home.log.groups, home.ports.clock)
  const parts = { memory, collector, keeper, overdue, expiry }
  return {
    ...endings(home),
    async handle(event, invocation) {
      const redrive = event?.redrive
      if (redrive === undefined) return void (await tick(home, invocation, parts))
      const { max } = redrive
      if (!Number.isSafeInteger(max) || Number(max) < 0) {
        throw new Error(`redrive.max: expected a number from 0 on, got ${JSON.stringify(max)}`)
      }
      return redriveLetters(home, Number(max), invocation)
    },
  }
}

export const handler = lambda(
  "maintain",
  ["MILLRACE_BUILD_FUNCTION", "MILLRACE_DEAD_LETTERS"],
  createMaintain,
)
