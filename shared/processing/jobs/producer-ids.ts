import { RESERVED_PRODUCER_IDS } from "../../log/limits.ts"
import { PARTITIONS_MAX } from "../../log/types.ts"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { JobError } from "./job-error.ts"

const COUNTER_FORMAT = 1
const COUNTER_KEY = { pk: "counters", sk: "reserved-producers" } as const
/** Ids that one generation takes: one for each task that it can ever have. */
export const PRODUCERS_PER_GENERATION = PARTITIONS_MAX

/**
 * Reserves a generation's producer ids, which nobody is ever given again: ids that were reserved for nothing are
 * forgotten. Throws `JobError` (`outcome_unknown`).
 */
export async function reserveProducers(ports: Pick<Ports, "meta" | "clock" | "random">): Promise<number> {
  for (;;) {
    const { item, date } = await readAgain(ports, () => ports.meta.get("meta", COUNTER_KEY))
    const first = item === undefined ? RESERVED_PRODUCER_IDS : nextOf(item)
    const next: Item = {
      ...COUNTER_KEY,
      version: ports.random.id(),
      fields: { v: COUNTER_FORMAT, next: first + PRODUCERS_PER_GENERATION },
    }
    const condition = item === undefined ? ({ absent: true } as const) : { version: item.version }
    const settled = await settlePut(ports, "meta", next, { condition, notAfter: notAfter(date) })
    if (settled.outcome === "committed") return first
    if (settled.outcome === "unknown") {
      throw new JobError("outcome_unknown", "producer ids may or may not have been reserved; try again")
    }
  }
}

function nextOf(item: Item): number {
  const { v, next } = item.fields
  if (v === COUNTER_FORMAT) return next as number
  throw new StorageError("unknown_format", `reserved producers: format ${v}, expected ${COUNTER_FORMAT}`)
}
