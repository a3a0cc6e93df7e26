import { ITEM_DELETES_MAX } from "../../storage/meta-store.ts"
import { queryItems } from "../../storage/query-items.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LAST_SLOT_KEY, partitionKey, readSlot, type Slot, slotKey } from "../slot.ts"
import { SNAPSHOT_KEY } from "../snapshot.ts"
import type { PartitionRef } from "./index-store.ts"
import { SLOT_GRACE_MS, SLOTS_DELETED_MAX } from "./life-limits.ts"
import { reachedBefore } from "./marks.ts"
import type { SegmentIndex } from "./segment-index.ts"

/**
 * Below what slots may go: what was rolled up a day ago, and the newest snapshot holds. Pure.
 * @param date store time, epoch ms
 */
export function slotBoundary(index: Pick<SegmentIndex, "rolled">, snapshotEnd: number, date: number): number {
  return Math.min(reachedBefore(index.rolled, date, SLOT_GRACE_MS), snapshotEnd)
}

/** The slots to delete: those that end at or below the boundary, but never the partition's last. Pure. */
export function deletableSlots(slots: readonly Slot[], boundary: number, lastBase: number): readonly Slot[] {
  return slots.filter(({ base, next }) => next > base && next <= boundary && base < lastBase)
}

/**
 * Deletes slots whose records lie in segments. Nothing looks at them any more but who has been frozen for a day, and what
 * that one writes the store refuses. Returns how many; throws `StorageError`.
 */
export async function deleteSlots(
  ports: Pick<Ports, "meta" | "clock">,
  at: PartitionRef,
  index: SegmentIndex,
  date: number,
): Promise<number> {
  // Without a boundary nothing is read at all.
  const rolled = slotBoundary(index, Number.POSITIVE_INFINITY, date)
  if (rolled === 0) return 0
  const { meta } = ports
  const pk = partitionKey(at.topicId, at.partition)
  const range = { pk, from: slotKey(0), to: LAST_SLOT_KEY }
  const first = await readAgain(ports, () => queryItems(meta, "log", { ...range, limit: 2 }))
  // A lone one is the last.
  if (first.items.length < 2 || readSlot(first.items[0]).next > rolled) return 0
  const snapshot = await readAgain(ports, () => meta.get("meta", { pk, sk: SNAPSHOT_KEY }))
  const boundary = slotBoundary(index, Number(snapshot.item?.fields.end ?? 0), date)
  const last = { ...range, descending: true, limit: 1 }
  const newest = await readAgain(ports, () => queryItems(meta, "log", last))
  return deleteBelow(ports, pk, boundary, readSlot(newest.items[0]).base)
}

async function deleteBelow(
  ports: Pick<Ports, "meta" | "clock">,
  pk: string,
  boundary: number,
  lastBase: number,
): Promise<number> {
  if (boundary === 0) return 0
  const query = { pk, from: slotKey(0), to: slotKey(boundary), limit: ITEM_DELETES_MAX }
  let deleted = 0
  for (let after: string | undefined; deleted < SLOTS_DELETED_MAX; ) {
    const page = await readAgain(ports, () => ports.meta.queryPage("log", query, after))
    const slots = deletableSlots(page.items.map(readSlot), boundary, lastBase)
    if (slots.length > 0) {
      const gone = await ports.meta.deleteMany(
        "log",
        slots.map(({ base }) => ({ pk, sk: slotKey(base) })),
      )
      // Some may be left: the next round finds them.
      if (gone.outcome !== "committed") return deleted
      deleted += slots.length
    }
    after = page.next
    if (after === undefined) break
  }
  return deleted
}
