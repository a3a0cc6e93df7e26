import type { Item } from "../../shared/storage/meta-store.ts"
import { notAfter } from "../../shared/storage/not-after.ts"
import { readAgain, settlePut } from "../../shared/storage/settle.ts"
import type { Ports } from "../../shared/storage/time.ts"

const LEASE_FORMAT = 1
const LEASES_KEY = "maintaining"

interface Held {
  readonly item: Item
  readonly date: number
}

/**
 * Says who rewrites segments of a partition. It only saves double work: wakes come while a merge is under way, and each
 * would begin the same. A lease lasts as long as its invocation may.
 */
export class MaintainLeases {
  readonly #ports: Pick<Ports, "meta" | "clock" | "random">
  readonly #leftMs: () => number
  readonly #held = new Map<string, Held>()

  constructor(ports: Pick<Ports, "meta" | "clock" | "random">, leftMs: () => number) {
    this.#ports = ports
    this.#leftMs = leftMs
  }

  /** Whether it is had, now or already. Throws `StorageError`. */
  async take(tableId: string, partition: number): Promise<boolean> {
    const { meta, random } = this.#ports
    const key = { pk: LEASES_KEY, sk: `${tableId}/${String(partition).padStart(5, "0")}` }
    if (this.#held.has(key.sk)) return true
    const { item: standing, date } = await readAgain(this.#ports, () => meta.get("meta", key))
    const isHeld = standing?.fields.v === LEASE_FORMAT && Number(standing.fields.until) > date
    if (isHeld) return false
    const fields = { v: LEASE_FORMAT, until: date + this.#leftMs() }
    const item: Item = { ...key, version: random.id(), fields }
    const condition = standing === undefined ? ({ absent: true } as const) : { version: standing.version }
    const put = await settlePut(this.#ports, "meta", item, { condition, notAfter: notAfter(date) })
    if (put.outcome === "committed") this.#held.set(key.sk, { item, date: put.date })
    return put.outcome === "committed"
  }

  /** Lets all of them go. Of one that could not be, others wait until it ends. Never throws. */
  async release(): Promise<void> {
    const held = [...this.#held.values()]
    this.#held.clear()
    const { meta } = this.#ports
    await Promise.allSettled(
      held.map(({ item: { pk, sk, version }, date }) =>
        meta.delete("meta", { pk, sk }, { condition: { version }, notAfter: notAfter(date) }),
      ),
    )
  }
}
