import { notAfter } from "../../storage/not-after.ts"
import { settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import type { Group } from "./group-item.ts"
import type { GroupStore, Read } from "./group-store.ts"
import { CHANGE_TRIES_MAX, TOPICS_LOOKED_MS } from "./limits.ts"
import { isGone, type Member, memberItem } from "./member-item.ts"
import { instanceOf, type Membership } from "./membership.ts"
import { checkGroupName, checkHeartbeat, checkMemberName } from "./names.ts"
import {
  eachPartition,
  NO_PARTITIONS,
  type PartitionSet,
  partitionSet,
  sameSet,
  union,
  without,
} from "./partition-set.ts"
import { afterHeartbeat, confirmed, heartbeatInterval } from "./reconcile.ts"
import { type TakenOver, takeOver } from "./take-over.ts"
import type { AssignedPartition, Heartbeat, HeartbeatReply, MemberStamp } from "./types.ts"

/** Answers members' heartbeats. */
export class Heartbeats {
  readonly #ports: Ports
  readonly #store: GroupStore
  readonly #membership: Membership

  constructor(ports: Ports, store: GroupStore, membership: Membership) {
    this.#ports = ports
    this.#store = store
    this.#membership = membership
  }

  async beat(beat: Heartbeat): Promise<HeartbeatReply> {
    checkHeartbeat(beat)
    for (let tries = 1; tries <= CHANGE_TRIES_MAX; tries++) {
      const reply = await this.#try(beat)
      if (reply !== undefined) return reply
      await this.#store.pause(tries)
    }
    throw new LogError("overloaded", `member ${beat.member}: too many heartbeats of it at once`)
  }

  /** Takes a member out at its own wish. */
  async leave(group: string, { member, memberEpoch }: MemberStamp): Promise<void> {
    checkGroupName(group)
    checkMemberName(member)
    const { value } = await this.#store.member(group, member)
    if (value === undefined) return
    checkEpoch({ member, memberEpoch }, value)
    await this.#membership.remove(group, member, value.joined)
  }

  /** Undefined: something changed meanwhile. */
  async #try(beat: Heartbeat): Promise<HeartbeatReply | undefined> {
    const [group, member] = await Promise.all([
      this.#store.group(beat.group),
      this.#store.member(beat.group, beat.member),
    ])
    if (member.value === undefined) {
      if (beat.memberEpoch !== 0) throw notMember(beat, group.value)
      const joined = await this.#membership.join(beat)
      if (joined === undefined) return undefined
      return this.#reply(beat, joined.group, NO_PARTITIONS, joined.member, false)
    }
    checkEpoch(beat, member.value)
    if (group.value === undefined) return undefined
    if (this.#membership.wantsElse(group.value, beat)) {
      await this.#membership.resubscribe(beat)
      return undefined
    }
    const looks = isDue(group.value, beat.member, member.value, member.date)
    if (looks && (await this.#membership.look(beat.group).catch(onlyTooLarge))) return undefined
    return this.#stay(beat, group.value, member, looks)
  }

  /** The one write of a heartbeat; undefined: another one of this member came between. */
  async #stay(
    beat: Heartbeat,
    group: Group,
    read: Read<Member>,
    looked: boolean,
  ): Promise<HeartbeatReply | undefined> {
    const [before, { date }] = [read.value!, read]
    const target = group.members.find(({ member }) => member === beat.member)?.target
    // The group was read before the member joined, or after it left.
    if (target === undefined || group.epoch < before.epoch) return undefined
    const told = {
      heard: beat.memberEpoch,
      epoch: group.epoch,
      target,
      // Who joins again knows of nothing.
      owned: beat.memberEpoch === 0 ? NO_PARTITIONS : partitionSet(beat.owned),
      date,
      sessionMs: beat.sessionTimeoutMs ?? before.sessionMs,
      rebalanceMs: beat.rebalanceTimeoutMs ?? before.rebalanceMs,
      looked: looked ? date : before.looked,
    }
    const member = afterHeartbeat(before, told)
    if (member.giveUpBy !== undefined && date > member.giveUpBy) {
      await this.#membership.remove(beat.group, beat.member, before.joined)
      throw new LogError("unknown_member", `member ${beat.member} did not give up its partitions in time`)
    }
    const item = memberItem(beat.group, beat.member, member, this.#ports.random.id())
    const options = {
      condition: { version: read.version! },
      notAfter: Math.min(notAfter(date), member.deadline),
    }
    const [settled, swept] = await Promise.all([
      settlePut(this.#ports, "meta", item, options),
      this.#watch(beat, group),
    ])
    if (settled.outcome === "unknown") {
      throw new LogError("outcome_unknown", `the heartbeat of member ${beat.member} may or may not count`)
    }
    if (settled.outcome === "refused") return undefined
    return this.#reply(beat, group, confirmed(before, told), member, swept)
  }

  /** Each member watches the one after it: one that is gone is noticed by somebody, and then all that are. Whether any was. */
  async #watch(beat: Heartbeat, group: Group): Promise<boolean> {
    if (group.members.length < 2) return false
    const place = group.members.findIndex(({ member }) => member === beat.member)
    const next = group.members[(place + 1) % group.members.length].member
    const { value, date } = await this.#store.member(beat.group, next)
    return value !== undefined && isGone(value, date) && (await this.#membership.sweep(beat.group)) > 0
  }

  /** Takes over what is free of the member's target, and tells it what is new. */
  async #reply(
    beat: Heartbeat,
    group: Group,
    known: PartitionSet,
    member: Member,
    swept: boolean,
  ): Promise<HeartbeatReply> {
    const { joined, epoch, deadline: notAfter } = member
    const taker = { group: beat.group, member: beat.member, joined, epoch, notAfter }
    const wanted = without(member.assigned, known)
    let taken: readonly TakenOver[] = []
    let waiting = swept
    if (wanted.size > 0) {
      const took = await takeOver(this.#ports, this.#store, taker, wanted)
      if (took.ownerGone) await this.#membership.sweep(beat.group)
      ;[taken, waiting] = [took.taken, waiting || took.waiting]
    }
    const allowed = union(known, takenSet(taken))
    const isNews = beat.memberEpoch === 0 || !sameSet(allowed, partitionSet(beat.owned))
    return {
      memberEpoch: member.epoch,
      heartbeatIntervalMs: heartbeatInterval(member, waiting),
      ...(isNews ? { assignment: assignment(group, known, taken) } : {}),
    }
  }
}

/** Topics that came or grew, so that the group would be too large, are left out: what it reads already, it reads on. */
function onlyTooLarge(error: unknown): boolean {
  if (error instanceof LogError && error.code === "group_too_large") return false
  throw error
}

function takenSet(taken: readonly TakenOver[]): PartitionSet {
  return partitionSet(taken.map(({ topicId, partition }) => ({ topicId, partitions: [partition] })))
}

function assignment(
  group: Group,
  known: PartitionSet,
  taken: readonly TakenOver[],
): readonly AssignedPartition[] {
  const names = new Map(group.topics.map(({ id, name }) => [id, name]))
  return [...eachPartition(known), ...taken].map(at => {
    const { topicId, partition, offset } = at as TakenOver
    return {
      topic: names.get(topicId) ?? "",
      topicId,
      partition,
      ...(offset === undefined ? {} : { offset }),
    }
  })
}

/** Whether it is this member's turn to look at the group's topics: the first one's, once in a while. */
function isDue(group: Group, name: string, member: Member, date: number): boolean {
  return group.members[0]?.member === name && date - member.looked >= TOPICS_LOOKED_MS
}

function notMember(beat: Heartbeat, group: Group | undefined): LogError {
  const now = group && instanceOf(group, beat.instanceId)
  if (now !== undefined && now.member !== beat.member) {
    const message = `instance ${beat.instanceId} is member ${now.member} now`
    return new LogError("fenced_member", message)
  }
  return new LogError("unknown_member", `${beat.member} is no member of group ${beat.group}: join again`)
}

function checkEpoch({ member, memberEpoch }: MemberStamp, { joined, epoch }: Member): void {
  if (memberEpoch === 0 || (memberEpoch >= joined && memberEpoch <= epoch)) return
  const message = `member ${member} is at epoch ${epoch}, from ${joined} on; got ${memberEpoch}`
  throw new LogError("fenced_member", message, { detail: { epoch } })
}
