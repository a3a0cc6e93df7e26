import { HANDOVER_HEARTBEAT_MS, HEARTBEAT_MS, HEARTBEATS_A_SESSION } from "./limits.ts"
import type { Member } from "./member-item.ts"
import { common, type PartitionSet, setSize, union, without } from "./partition-set.ts"

// What a heartbeat makes of a member: pure.

export interface Told {
  /** The epoch of the last reply that the member has heard. */
  readonly heard: number
  /** The group's. */
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
 * The member after a heartbeat. All that it is to read is `assigned` from here on, before any partition names it as its owner.
 * What it had and is to have no longer is `giving`, until a heartbeat that has heard of it leaves it out of `owned`: one that was
 * under way for long, or twice, tells of a time before, when the member may not have begun to read it.
 */
export function afterHeartbeat(before: Member, told: Told): Member {
  const { heard, epoch, target, owned, date, sessionMs, rebalanceMs, looked } = told
  const still = heard >= before.epoch ? common(before.giving, owned) : before.giving
  const giving = without(union(before.assigned, still), target)
  // Who gives up what it was to give up first has its time anew for the rest.
  const goesOn = before.giveUpBy !== undefined && common(before.giving, giving).size > 0
  const giveUpBy = giving.size === 0 ? undefined : goesOn ? before.giveUpBy : date + rebalanceMs
  return {
    joined: before.joined,
    epoch,
    deadline: date + sessionMs,
    sessionMs,
    rebalanceMs,
    assigned: target,
    giving,
    ...(giveUpBy === undefined ? {} : { giveUpBy }),
    // Nothing of what is not its own: that has no bounds.
    owned: common(owned, union(target, giving)),
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
