import type { TransactionStep } from "../../storage/meta-store.ts"
import type { Ports } from "../../storage/time.ts"
import type { Log } from "../types.ts"
import { sameTopics, takenOver, withMember, withoutMembers, withTopics } from "./group-change.ts"
import { type Group, newGroup } from "./group-item.ts"
import type { GroupStore } from "./group-store.ts"
import { REBALANCE_MS_DEFAULT, REMOVED_MAX, SESSION_MS_DEFAULT } from "./limits.ts"
import { isGone, type Member, memberItem, memberKey } from "./member-item.ts"
import { NO_PARTITIONS } from "./partition-set.ts"
import { lookAtTopics } from "./topic-look.ts"
import type { Heartbeat } from "./types.ts"

export interface Joined {
  readonly group: Group
  readonly member: Member
}

/** Who is in a group, and what they want: what changes the group's item. */
export class Membership {
  readonly #ports: Pick<Ports, "random">
  readonly #log: Pick<Log, "topic" | "listTopics">
  readonly #store: GroupStore

  constructor(ports: Pick<Ports, "random">, log: Pick<Log, "topic" | "listTopics">, store: GroupStore) {
    this.#ports = ports
    this.#log = log
    this.#store = store
  }

  /** Adds a member by one transaction; undefined: it is one already. Throws `group_too_large`. */
  join(beat: Heartbeat): Promise<Joined | undefined> {
    return this.#store.change(beat.group, async ({ value, date }) => {
      const before = value ?? newGroup(date)
      if (before.members.some(({ member }) => member === beat.member)) return undefined
      const group = await this.#withJoined(before, beat)
      const { sessionTimeoutMs: sessionMs = SESSION_MS_DEFAULT } = beat
      const member: Member = {
        joined: group.epoch,
        epoch: group.epoch,
        deadline: date + sessionMs,
        sessionMs,
        rebalanceMs: beat.rebalanceTimeoutMs ?? REBALANCE_MS_DEFAULT,
        assigned: group.members.find(({ member: name }) => name === beat.member)!.target,
        giving: NO_PARTITIONS,
        owned: NO_PARTITIONS,
        looked: date,
      }
      const item = memberItem(beat.group, beat.member, member, this.#ports.random.id())
      const steps: TransactionStep[] = [{ kind: "put", table: "meta", item, condition: { absent: true } }]
      const replaced = instanceOf(before, beat.instanceId)
      if (replaced !== undefined) {
        steps.push({ kind: "delete", table: "meta", key: memberKey(beat.group, replaced.member) })
      }
      return { group, steps, result: { group, member }, notAfter: member.deadline }
    })
  }

  async #withJoined(group: Group, beat: Heartbeat): Promise<Group> {
    const { member, instanceId, assignor } = beat
    const subscription = beat.subscription!
    const wish = {
      member,
      ...(instanceId === undefined ? {} : { instanceId }),
      subscription,
      ...(assignor === undefined ? {} : { assignor }),
    }
    const replaced = instanceOf(group, instanceId)
    if (replaced === undefined) return withMember(group, wish, await this.#topics(group, beat))
    const taken = takenOver(group, replaced.member, wish)
    const same = sameText(replaced.subscription, subscription) && replaced.assignor === assignor
    return same ? taken : withMember(taken, wish, await this.#topics(taken, beat))
  }

  #topics(group: Group, beat?: Heartbeat) {
    const others = group.members.filter(({ member }) => member !== beat?.member)
    const subscriptions = others.map(({ subscription }) => subscription)
    if (beat?.subscription !== undefined) subscriptions.push(beat.subscription)
    return lookAtTopics(this.#log, subscriptions)
  }

  /** Whether a heartbeat asks for something else than what the member has. */
  wantsElse(group: Group, beat: Heartbeat): boolean {
    const mine = group.members.find(({ member }) => member === beat.member)
    if (mine === undefined) return false
    const { subscription = mine.subscription, assignor = mine.assignor } = beat
    return !sameText(subscription, mine.subscription) || assignor !== mine.assignor
  }

  /** Takes up what a member wants from now on. Throws `group_too_large`. */
  async resubscribe(beat: Heartbeat): Promise<void> {
    await this.#store.change(beat.group, async ({ value: group }) => {
      const mine = group?.members.find(({ member }) => member === beat.member)
      if (group === undefined || mine === undefined || !this.wantsElse(group, beat)) return undefined
      const { subscription = mine.subscription, assignor = mine.assignor } = beat
      const wish = { ...mine, subscription, ...(assignor === undefined ? {} : { assignor }) }
      const next = withMember(group, wish, await this.#topics(group, { ...beat, subscription }))
      return { group: next, steps: [], result: undefined }
    })
  }

  /** Takes up topics that were made, have grown or are gone. Whether there were any. Throws `group_too_large`. */
  async look(name: string): Promise<boolean> {
    const changed = await this.#store.change(name, async ({ value: group }) => {
      if (group === undefined || group.members.length === 0) return undefined
      const topics = await this.#topics(group)
      if (sameTopics(topics, group.topics)) return undefined
      return { group: withTopics(group, topics), steps: [], result: true }
    })
    return changed === true
  }

  /** Takes a member out, unless it joined anew since. */
  async remove(name: string, member: string, joined: number): Promise<void> {
    await this.#store.change(name, async ({ value: group, date }) => {
      const read = await this.#store.member(name, member)
      if (group === undefined || read.value?.joined !== joined) return undefined
      const condition = { version: read.version! }
      const steps: TransactionStep[] = [
        { kind: "delete", table: "meta", key: memberKey(name, member), condition },
      ]
      return { group: withoutMembers(group, new Set([member]), date), steps, result: undefined }
    })
  }

  /** Takes out those whose time has passed, up to `REMOVED_MAX`. How many. */
  async sweep(name: string): Promise<number> {
    const removed = await this.#store.change(name, async ({ value: group }) => {
      const { members, date } = await this.#store.everything(name)
      const gone = members.filter(({ value }) => isGone(value, date)).slice(0, REMOVED_MAX)
      if (group === undefined || gone.length === 0) return undefined
      const steps = gone.map(
        ({ member, version }): TransactionStep => ({
          kind: "delete",
          table: "meta",
          key: memberKey(name, member),
          condition: { version },
        }),
      )
      const names = new Set(gone.map(({ member }) => member))
      return { group: withoutMembers(group, names, date), steps, result: gone.length }
    })
    return removed ?? 0
  }
}

/** Who has a static member's place. */
export function instanceOf(
  group: Group,
  instanceId: string | undefined,
): Group["members"][number] | undefined {
  if (instanceId === undefined) return undefined
  return group.members.find(member => member.instanceId === instanceId)
}

function sameText(a: object, b: object): boolean {
  return JSON.stringify(a) === JSON.stringify(b)
}
