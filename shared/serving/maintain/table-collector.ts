import { LogError } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import type { Ports } from "../../storage/time.ts"
import { keptPurges, keptPurgesPk } from "../purge/kept-purges.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import { collectDropped, droppedTables } from "./collect-dropped.ts"
import { type CollectProgress, collectTable } from "./collect-table.ts"

/** Pages of one table in one round: ten thousand objects. */
const STEPS_MAX = 10
/** Its objects are looked through again after this: lost ones are few, and are a day old before they may go. */
const REST_MS = 6 * 3_600_000

type CollectPorts = Pick<Ports, "meta" | "objects" | "clock">

interface Progress {
  /** Undefined: from the beginning. */
  readonly at: CollectProgress | undefined
  /** Own clock, elapsed ms. */
  readonly notBefore: number
}

/** Deletes, round by round, what tables no longer need. What it remembers only saves it looks. */
export class TableCollector {
  readonly #ports: CollectPorts
  readonly #registry: TableRegistry
  readonly #log: Pick<Log, "offsets">
  readonly #tables = new Map<string, Progress>()

  constructor(ports: CollectPorts, registry: TableRegistry, log: Pick<Log, "offsets">) {
    this.#ports = ports
    this.#registry = registry
    this.#log = log
  }

  /**
   * Some steps for each table, and for each that was dropped; objects deleted. Throws `LogError`, `StorageError`; what it has not
   * come to then is for the next round.
   */
  async round(hasTime: () => boolean): Promise<number> {
    let deleted = 0
    const tables = await this.#registry.listBuilt()
    for (const table of tables) if (hasTime()) deleted += await this.#table(table, hasTime)
    const ids = new Set(tables.map(({ id }) => id))
    for (const id of this.#tables.keys()) if (!ids.has(id)) this.#tables.delete(id)
    const { tables: dropped, date } = await droppedTables(this.#ports)
    for (const table of dropped) {
      for (let steps = 0; steps < STEPS_MAX && hasTime(); steps++) {
        if ((await collectDropped(this.#ports, table, date)) !== "more") break
      }
    }
    return deleted
  }

  async #table(table: TableInfo, hasTime: () => boolean): Promise<number> {
    const { clock } = this.#ports
    const before = this.#tables.get(table.id) ?? { at: undefined, notBefore: Number.NEGATIVE_INFINITY }
    if (clock.elapsed() < before.notBefore) return 0
    let deleted = 0
    let at = before.at
    for (let steps = 0; steps < STEPS_MAX && hasTime(); steps++) {
      const step = await collectTable(this.#ports, table, at)
      deleted += step.deleted
      at = step.next
      if (step.waiting || at === undefined) break
    }
    if (at === undefined) await this.#forgetPurges(table)
    this.#tables.set(table.id, { at, notBefore: at === undefined ? clock.elapsed() + REST_MS : 0 })
    return deleted
  }

  /** Erasures are kept while the log holds what they are to erase: a rebuild would read it again. */
  async #forgetPurges({ id, topicId }: TableInfo): Promise<void> {
    const kept = await keptPurges(this.#ports, id)
    if (kept.length === 0) return
    const starts = await Promise.all(kept[0]!.ends.map((_, partition) => this.#start(topicId, partition)))
    const past = kept.filter(({ ends }) => ends.every((end, partition) => end <= (starts[partition] ?? 0)))
    if (past.length === 0) return
    const keys = past.map(purge => ({ pk: keptPurgesPk(id), sk: purge.id }))
    await this.#ports.meta.deleteMany("meta", keys)
  }

  async #start(topicId: string, partition: number): Promise<number> {
    try {
      return (await this.#log.offsets(topicId, partition)).beginningOffset
    } catch (error) {
      // No table can be built of it anew.
      if (error instanceof LogError && error.code === "topic_deleted") return Number.POSITIVE_INFINITY
      throw error
    }
  }
}
