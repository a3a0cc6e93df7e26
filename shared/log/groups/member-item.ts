import type { Item, ItemKey } from "../../storage/meta-store.ts"
import { checkFormat, groupPk } from "./group-item.ts"
import { type PartitionSet, readSet, sameSet, setText } from "./partition-set.ts"

export const MEMBER_FORMAT = 1
const PREFIX = "m#"

/** What stands of one member; written at each of its heartbeats. */
export interface Member {
  /** The group's epoch when it joined: older ones are of a namesake before it. */
  readonly joined: number
  /** The group's epoch at its last heartbeat. */
  readonly epoch: number
  /** Store time after which it is gone, epoch ms. */
  readonly deadline: number
  readonly sessionMs: number
  readonly rebalanceMs: number
  /** What is to be its own: it may be reading any of these that name it as their owner. */
  readonly assigned: PartitionSet
  /** What it is to give up and still reads. */
  readonly giving: PartitionSet
  /** Store time until which it may hold `giving`, epoch ms. */
  readonly giveUpBy?: number
  /** As it told at its last heartbeat. */
  readonly owned: PartitionSet
  /** Store time when it last looked whether the group's topics have changed. */
  readonly looked: number
}

export function memberKey(group: string, member: string): ItemKey {
  return { pk: groupPk(group), sk: `${PREFIX}${member}` }
}

export function memberOfKey({ sk }: ItemKey): string {
  return sk.slice(PREFIX.length)
}

/** Sort keys of all members. */
export const MEMBERS_RANGE = { from: PREFIX, to: `${PREFIX}\x7f` } as const

export function memberItem(group: string, name: string, member: Member, version: string): Item {
  const { joined, epoch, deadline, sessionMs, rebalanceMs, looked, giveUpBy } = member
  const [assigned, giving] = [setText(member.assigned), setText(member.giving)]
  const fields = {
    v: MEMBER_FORMAT,
    joined,
    epoch,
    deadline,
    sessionMs,
    rebalanceMs,
    looked,
    assigned,
    ...(giving === "" ? {} : { giving }),
    ...(giveUpBy === undefined ? {} : { giveUpBy }),
    // Absent: what is assigned. So it is but for a moment.
    ...(sameSet(member.owned, member.assigned) ? {} : { owned: setText(member.owned) }),
  }
  return { ...memberKey(group, name), version, fields }
}

export function readMember(item: Item): Member {
  const { fields } = item
  checkFormat(`${item.pk} ${item.sk}`, fields.v, MEMBER_FORMAT)
  const assigned = readSet(fields.assigned as string)
  return {
    joined: fields.joined as number,
    epoch: fields.epoch as number,
    deadline: fields.deadline as number,
    sessionMs: fields.sessionMs as number,
    rebalanceMs: fields.rebalanceMs as number,
    looked: fields.looked as number,
    assigned,
    giving: readSet((fields.giving as string | undefined) ?? ""),
    ...(fields.giveUpBy === undefined ? {} : { giveUpBy: fields.giveUpBy as number }),
    owned: fields.owned === undefined ? assigned : readSet(fields.owned as string),
  }
}

/** Whether a member is gone, by a date of the store. */
export function isGone(member: Member, date: number): boolean {
  return date > member.deadline || (member.giveUpBy !== undefined && date > member.giveUpBy)
}
