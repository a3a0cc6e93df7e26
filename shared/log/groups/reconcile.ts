import { HANDOVER_HEARTBEAT_MS, HEARTBEAT_MS, HEARTBEATS_A_SESSION } from "./limits.ts"
import type { Member } from "./member-item.ts"
import { common, type PartitionSet, setSize, union, without } from "./partition-set.ts"

// What a heartbeat makes of a member: pure.

export interface Told {
  readonly epoch: number
  /** What it is to read. */
  readonly target: PartitionSet
  /** What it says that it reads. */
  readonly owned: PartitionSet
  /** Of the store, epoch ms. */
  readonly date: number
  readonly sessionMs: number
  readonly rebalanceMs: number
  readonly looked: number
}

/**
 * The member after a heartbeat. All that it is to read is `assigned` from here on, before any partition names it as its owner;
 * what it still reads of what it had and is to have no longer is `giving`, all the rest is given up.
 */
export function afterHeartbeat(before: Member, told: Told): Member {
  const { epoch, target, owned, date, sessionMs, rebalanceMs, looked } = told
  const held = common(union(before.assigned, before.giving), owned)
  const giving = without(held, target)
  // Who gives up what it was to give up first has its time anew for the rest.
  const still = before.giveUpBy !== undefined && common(before.giving, giving).size > 0
  const giveUpBy = giving.size === 0 ? undefined : still ? before.giveUpBy : date + rebalanceMs
  return {
    joined: before.joined,
    epoch,
    deadline: date + sessionMs,
    sessionMs,
    rebalanceMs,
    assigned: target,
    giving,
    ...(giveUpBy === undefined ? {} : { giveUpBy }),
    owned,
    looked,
  }
}

/**
 * What of its target a member is known to own: it was to have it before, and says that it reads it, which it does only
 * once it was told that the partition names it as the owner.
 */
export function confirmed(before: Member, told: Pick<Told, "target" | "owned">): PartitionSet {
  return common(common(before.assigned, told.owned), told.target)
}

/** How long until the next heartbeat, ms. */
export function heartbeatInterval(member: Member, waiting: boolean): number {
  const idle = Math.min(HEARTBEAT_MS, Math.floor(member.sessionMs / HEARTBEATS_A_SESSION))
  return waiting || setSize(member.giving) > 0 ? Math.min(HANDOVER_HEARTBEAT_MS, idle) : idle
}
