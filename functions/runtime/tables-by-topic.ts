import { decodeTable, TABLES_PK } from "../../shared/serving/tables/table-item.ts"
import { queryItems } from "../../shared/storage/query-items.ts"
import { readAgain } from "../../shared/storage/settle.ts"
import type { Ports } from "../../shared/storage/time.ts"

/** A new table's first wake may be this late; the tick comes for it anyway. */
const REREAD_MS = 60_000

export interface TableOfTopic {
  readonly name: string
  readonly id: string
}

/** Which tables are over a topic, as of up to a minute ago. */
export class TablesByTopic {
  readonly #ports: Pick<Ports, "meta" | "clock">
  #tables: ReadonlyMap<string, readonly TableOfTopic[]> = new Map()
  #readAt = Number.NEGATIVE_INFINITY

  constructor(ports: Pick<Ports, "meta" | "clock">) {
    this.#ports = ports
  }

  /** Throws `StorageError`. */
  async tablesOf(topicId: string): Promise<readonly TableOfTopic[]> {
    const now = this.#ports.clock.elapsed()
    if (now - this.#readAt >= REREAD_MS) {
      this.#tables = await this.#read()
      this.#readAt = now
    }
    return this.#tables.get(topicId) ?? []
  }

  async #read(): Promise<ReadonlyMap<string, readonly TableOfTopic[]>> {
    const { items } = await readAgain(this.#ports, () =>
      queryItems(this.#ports.meta, "meta", { pk: TABLES_PK }),
    )
    const tables = items.map(decodeTable).filter(({ state, attached }) => state === "open" && attached)
    return Map.groupBy(
      tables.map(({ topicId, id, spec }) => ({ topicId, id, name: spec.name })),
      ({ topicId }) => topicId,
    )
  }
}
