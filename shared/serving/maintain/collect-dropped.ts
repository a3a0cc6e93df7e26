import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { queryItems } from "../../storage/query-items.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { manifestPk } from "../manifest/format.ts"
import { keptPurgesPk } from "../purge/kept-purges.ts"
import { DROPPED_PK } from "../tables/drop.ts"
import { TABLE_FORMAT } from "../tables/table-item.ts"
import { deleteAll, ORPHAN_AGE_MS } from "./collect-table.ts"

type CollectPorts = Pick<Ports, "meta" | "objects" | "clock">

/** A table that was dropped, and when: store time, epoch ms. */
export interface DroppedTable {
  readonly id: string
  readonly dropped: number
}

/** Tables that were dropped and of which something may be left, and the store's date. Throws `StorageError`. */
export async function droppedTables(
  ports: CollectPorts,
): Promise<{ readonly tables: readonly DroppedTable[]; readonly date: number }> {
  const { items, date } = await readAgain(ports, () => queryItems(ports.meta, "meta", { pk: DROPPED_PK }))
  return { tables: items.map(decode), date }
}

function decode({ sk, fields }: Item): DroppedTable {
  if (fields.v !== TABLE_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `dropped table ${sk} has format ${fields.v}; expected ${TABLE_FORMAT}`,
    )
  }
  return { id: sk, dropped: Number(fields.dropped) }
}

/** Items that lie under a table's id. */
const itemsOf = [manifestPk, keptPurgesPk]

/**
 * Deletes a page of what is left of a dropped table, a day after it was dropped: whoever knew it has ended by then. First
 * its objects, then its items, at last the note that tells of it, so that a collection that is cut short is carried on.
 * `gone`: nothing is left. Throws `StorageError`.
 * @param date the store's, epoch ms
 */
export async function collectDropped(
  ports: CollectPorts,
  { id, dropped }: DroppedTable,
  date: number,
): Promise<"waiting" | "more" | "gone"> {
  if (date <= dropped + ORPHAN_AGE_MS) return "waiting"
  const page = await readAgain(ports, () => ports.objects.list(`tab/${id}/`))
  if (page.objects.length > 0) {
    await deleteAll(
      ports,
      page.objects.map(({ key }) => key),
    )
    return "more"
  }
  if (page.next !== undefined) return "more"
  for (const pkOf of itemsOf) {
    const { items } = await readAgain(ports, () => queryItems(ports.meta, "meta", { pk: pkOf(id) }))
    if (items.length > 0) {
      await ports.meta.deleteMany("meta", items.slice(0, ITEMS_AT_ONCE))
      return "more"
    }
  }
  const deleted = await ports.meta.deleteMany("meta", [{ pk: DROPPED_PK, sk: id }])
  return deleted.outcome === "committed" ? "gone" : "more"
}

/** A table has at most so many partitions and erasures that one call deletes most of its items. */
const ITEMS_AT_ONCE = 500
