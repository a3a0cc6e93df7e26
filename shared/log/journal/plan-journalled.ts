import type { PartitionState } from "../fold.ts"
import type { Journalled, PendingAppend } from "../pending.ts"
import type { SourcePosition } from "../slot.ts"
import type { SlotDraft } from "../slot-draft.ts"
import { groupBatches } from "./batch-groups.ts"
import { isAtOrBelow, type ShardPosition } from "./source-order.ts"

/**
 * Plans the appends of journals for one slot: judges each batch against the last position of its shard, as the state
 * has it and as the appends planned before will leave it.
 */
export class JournalledPlan {
  /** For each shard, the first position that the slot stores. */
  readonly sources: SourcePosition[] = []
  readonly #state: PartitionState
  readonly #draft: SlotDraft
  /** The last positions planned. */
  readonly #planned = new Map<string, ShardPosition>()
  /** Shards of which something has to wait: what follows it waits too. */
  readonly #held = new Set<string>()

  constructor(state: PartitionState, draft: SlotDraft) {
    this.#state = state
    this.#draft = draft
  }

  /**
   * Adds what the partition does not have yet, or answers at once if it has everything.
   *
   * @param entriesMax entries that the slot has room for
   * @returns false if the append has to wait for a later slot
   */
  add(append: PendingAppend, { shard, batches }: Journalled, entriesMax: number): boolean {
    if (this.#held.has(shard)) return false
    const draft = this.#draft
    const planned = this.#planned.get(shard)
    const last = planned ?? this.#state.sources.get(shard)
    let known = 0
    while (known < batches.length && isAtOrBelow(batches[known], last)) known++
    const fresh = known === 0 ? batches : batches.slice(known)
    const groups = groupBatches(fresh)
    if (groups.length > entriesMax) {
      this.#held.add(shard)
      return false
    }
    append.taken = fresh.length
    if (fresh.length === 0 && planned === undefined) {
      append.commit(this.#state.end)
      return true
    }
    draft.placed.push({ append, at: draft.count })
    if (fresh.length === 0) return true
    for (const group of groups) draft.addGroup(group, shard)
    if (planned === undefined) this.sources.push({ shard, ...positionOf(fresh[0]) })
    this.#planned.set(shard, positionOf(fresh[fresh.length - 1]))
    return true
  }
}

function positionOf({ sequence, index }: ShardPosition): ShardPosition {
  return { sequence, index }
}
