import { LogError } from "../../shared/log/errors.ts"
import { LogKeeper } from "../../shared/log/segments/log-keeper.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import type { ClientContext } from "./log-clients.ts"
import { unavailableOnly } from "./log-readers.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** Past the day after which things are rolled up, deleted, collected. */
const DAY_AND_MORE_MS = 25 * HOUR_MS
/** So little at once that partitions do not go together. */
const ROLL_BYTES_FEW = 300

/** Each process has one keeper of the log, as a home has. */
const keepers = new WeakMap<SimProcess, LogKeeper>()

function keeperOf(context: ClientContext, process: SimProcess, prng: Prng): LogKeeper {
  let keeper = keepers.get(process)
  if (keeper === undefined) {
    keeper = new LogKeeper(process.ports, {
      ...context.scenario.options,
      roundEveryMs: 0,
      choresEveryMs: prng.pick([0, 6 * HOUR_MS]),
      ...(prng.chance(0.5) && { rollBytesMax: ROLL_BYTES_FEW }),
    })
    keepers.set(process, keeper)
  }
  return keeper
}

/** One round of some process's keeper; what fails must fail for the store's not answering, or for another's being first. */
async function keepOnce(context: ClientContext, prng: Prng): Promise<void> {
  const { hosts } = context
  const host = await hosts.pick(prng)
  const called = await hosts.call(host, (_, process) => keeperOf(context, process, prng).round())
  if (called.state === "failed") {
    const fault = unavailableOnly(called.error)
    if (fault !== undefined) hosts.violated(`keeping the log: ${fault}`)
  }
  if (called.state !== "done") return
  for (const { what, error } of called.value.faults) {
    const expected =
      (error instanceof StorageError && error.code === "unavailable") ||
      (error instanceof LogError && (error.code === "overloaded" || error.code === "outcome_unknown"))
    if (!expected) hosts.violated(`keeping ${what}: ${(error as Error).stack}`)
  }
}

/** Rolls up, deletes slots and objects, purges, a day and more between rounds, while clients write and read. */
export async function runKeepers(context: ClientContext, prng: Prng): Promise<void> {
  const { hosts, scenario } = context
  for (let round = 0; round < scenario.keeping && !context.stopping(); round++) {
    await hosts.pause(prng.chance(0.3) ? prng.magnitude(MINUTE_MS, HOUR_MS) : DAY_AND_MORE_MS)
    const rounds = [keepOnce(context, prng)]
    // A tick may begin before the last one has ended.
    if (prng.chance(0.3))
      rounds.push(hosts.pause(prng.magnitude(1, 1_000)).then(() => keepOnce(context, prng)))
    await Promise.all(rounds)
  }
}
