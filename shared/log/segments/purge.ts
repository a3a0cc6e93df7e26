import { ITEM_DELETES_MAX } from "../../storage/meta-store.ts"
import { readAgain } from "../../storage/settle.ts"
import { LogError } from "../errors.ts"
import { Rivals } from "../rivals.ts"
import { partitionKey, readSlot, slotKey } from "../slot.ts"
import { PartitionView } from "../view.ts"
import { deleteFolder } from "./collect.ts"
import type { PartitionRef } from "./index-store.ts"
import type { KeepContext } from "./roll-up.ts"

/**
 * Deletes what a closed partition holds but for its closing slot and last snapshot: nobody can append after those, and a
 * writer that has been away learns from them that the topic is gone. Throws `LogError`, `StorageError`; done again it does
 * what is left.
 */
export async function purgePartition(
  { ports, options, indexes }: KeepContext,
  at: PartitionRef,
): Promise<void> {
  const pk = partitionKey(at.topicId, at.partition)
  let tickets = 0
  const rivals = new Rivals(ports, "", 0)
  const view = new PartitionView(ports, options, at.topicId, at.partition, rivals, () => ++tickets)
  await view.catchUp()
  const { state } = view
  if (state?.closed !== true) throw new LogError("log_damaged", `${pk}: its topic is closed, and it is not`)
  await view.snapshot()
  const read = await indexes.read(at)
  const { end } = state
  const empty = { start: end, end, segments: [], rolled: [], cleaned: [] }
  const isPurged = read.index.start === end && read.index.segments.length === 0
  if (!isPurged && (await indexes.replace(at, read, empty)) !== "committed") {
    throw new LogError("outcome_unknown", `${pk}: its segments may or may not be purged`)
  }
  await deleteFolder(ports, at)
  const query = { pk, from: slotKey(0), to: slotKey(end), limit: ITEM_DELETES_MAX }
  for (let after: string | undefined; ; ) {
    const page = await readAgain(ports, () => ports.meta.queryPage("log", query, after))
    const slots = page.items.map(readSlot).filter(({ base, next }) => next > base)
    if (slots.length > 0) {
      const keys = slots.map(({ base }) => ({ pk, sk: slotKey(base) }))
      const gone = await ports.meta.deleteMany("log", keys)
      if (gone.outcome !== "committed") {
        throw new LogError("outcome_unknown", `${pk}: some slots may be left`)
      }
    }
    after = page.next
    if (after === undefined) return
  }
}
