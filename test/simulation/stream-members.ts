import type { AssignedPartition, Heartbeat, TopicPartitions } from "../../shared/log/groups/types.ts"
import type { Operation, ReadRecord } from "../support/stream-checker/history.ts"
import type { Prng } from "./prng.ts"
import { ask, partitionName, rest, type StreamContext } from "./stream-context.ts"
import { type Position, pollOnce } from "./stream-readers.ts"
import type { StreamGroup } from "./stream-scenario.ts"

const SESSION_MS = 45_000
const REBALANCE_MS = 60_000
/** What a member does after a poll: mostly it goes on. */
const ENDS = [...Array<"go on">(18).fill("go on"), "die", "leave"] as const
const POLL_BYTES = [1, 300, 5_000] as const

/** One member of a group from its start to its end, as a client library acts for it. */
export class Member {
  readonly context: StreamContext
  readonly group: StreamGroup
  readonly client: string
  readonly #prng: Prng
  readonly #instanceId: string | undefined
  #member: string
  #epoch = 0
  readonly #positions = new Map<string, Position>()
  #starts = 0

  constructor(context: StreamContext, group: StreamGroup, client: string, prng: Prng) {
    this.context = context
    this.group = group
    this.client = client
    this.#prng = prng
    this.#instanceId = group.statics ? `i ${client}` : undefined
    this.#member = `${client}.0`
  }

  get stamp() {
    return { member: this.#member, memberEpoch: this.#epoch }
  }

  get positions(): readonly Position[] {
    return [...this.#positions.values()]
  }

  /** Says that it is there, and takes over what it is given. */
  async beat(): Promise<void> {
    const joining = this.#epoch === 0
    const beat: Heartbeat = {
      group: this.group.name,
      member: this.#member,
      memberEpoch: this.#epoch,
      ...(this.#instanceId !== undefined && { instanceId: this.#instanceId }),
      ...(joining && { subscription: { topics: this.group.topics }, assignor: this.group.assignor }),
      owned: joining ? [] : this.#owned(),
      sessionTimeoutMs: SESSION_MS,
      rebalanceTimeoutMs: REBALANCE_MS,
    }
    const asked = await ask(this.context, this.#prng, log => log.groups.heartbeat(beat))
    if (asked.state === "lost") return
    if (asked.state === "refused") {
      const { code, message } = asked.error
      if (code === "unknown_member" || code === "fenced_member") this.#begin()
      else this.context.hosts.violated(`heartbeat of ${this.client}: ${code}: ${message}`)
      return
    }
    this.#epoch = asked.value.memberEpoch
    if (asked.value.assignment !== undefined) await this.#take(asked.value.assignment)
  }

  /** All it had is lost: it comes back as another, or, where it is static, under its old name. */
  #begin(): void {
    this.#epoch = 0
    this.#positions.clear()
    this.#starts++
    this.#member = `${this.client}.${this.#starts}`
  }

  /** It dies without a word. */
  die(): void {
    this.#begin()
  }

  async leave(): Promise<void> {
    const { stamp } = this
    this.#begin()
    if (stamp.memberEpoch > 0)
      await ask(this.context, this.#prng, log => log.groups.leave(this.group.name, stamp))
  }

  #owned(): TopicPartitions[] {
    const byTopic = Map.groupBy(this.#positions.values(), ({ topicId }) => topicId)
    return [...byTopic].map(([topicId, held]) => ({
      topic: this.#names.get(topicId)!,
      topicId,
      partitions: held.map(({ partition }) => partition),
    }))
  }

  readonly #names = new Map<string, string>()

  async #take(assignment: readonly AssignedPartition[]): Promise<void> {
    const given = new Map(assignment.map(at => [partitionName(at.topicId, at.partition), at]))
    for (const name of this.#positions.keys()) if (!given.has(name)) this.#positions.delete(name)
    for (const [name, { topic, topicId, partition, offset }] of given) {
      this.#names.set(topicId, topic)
      if (!this.#positions.has(name)) this.#positions.set(name, { topicId, partition, offset: offset ?? 0 })
    }
  }

  /** Reads some of what it has been given; what it got is noted with the operation. */
  async poll(operation: Operation): Promise<ReadRecord[]> {
    const position = this.positions.length === 0 ? undefined : this.#prng.pick(this.positions)
    if (position === undefined) return []
    const { topicId, partition } = position
    const { stamp } = this
    const checked = await ask(this.context, this.#prng, log =>
      log.groups.checkFetch(this.group.name, stamp, [{ topicId, partition }]),
    )
    if (checked.state !== "done") {
      if (checked.state === "refused") this.#begin()
      return []
    }
    if (checked.value[0] !== undefined) {
      this.#positions.delete(partitionName(topicId, partition))
      return []
    }
    const waitMs = this.#prng.chance(0.7) ? 0 : this.#prng.magnitude(10, 5_000)
    const { event, gone } = await pollOnce(
      this.context,
      position,
      { maxBytes: this.#prng.pick(POLL_BYTES), waitMs },
      this.#prng,
    )
    if (gone === true) this.#positions.delete(partitionName(topicId, partition))
    if (event !== undefined) operation.events.push(event)
    return event === undefined ? [] : [...event.records]
  }

  /** Commits its positions. What is refused it no longer reads. */
  async commit(): Promise<void> {
    const offsets = this.offsets()
    if (offsets.length === 0) return
    const asked = await ask(this.context, this.#prng, log =>
      log.groups.commit(this.group.name, offsets, this.stamp),
    )
    if (asked.state !== "done") return
    for (const [index, { error }] of asked.value.entries()) {
      const { topicId, partition } = offsets[index]!
      if (error !== undefined && error.code !== "outcome_unknown")
        this.#positions.delete(partitionName(topicId, partition))
    }
  }

  offsets() {
    return this.positions.map(({ topicId, partition, offset }) => ({
      topic: this.#names.get(topicId)!,
      topicId,
      partition,
      offset,
    }))
  }

  /** Goes back to what is committed, as a client whose transaction was aborted does. */
  async rewind(): Promise<void> {
    const asked = await ask(this.context, this.#prng, log => log.groups.committed(this.group.name))
    if (asked.state !== "done") return this.#begin()
    for (const position of this.#positions.values()) {
      const at = asked.value.find(
        ({ topicId, partition }) => topicId === position.topicId && partition === position.partition,
      )
      position.offset = at?.offset ?? 0
    }
  }
}

/** A member that reads and commits, dies, leaves and comes back. */
export async function runMember(
  context: StreamContext,
  group: StreamGroup,
  client: string,
  prng: Prng,
): Promise<void> {
  const member = new Member(context, group, client, prng)
  for (let done = 0; done < group.polls && !context.stopping(); done++) {
    await member.beat()
    const operation = context.book.begin(client, { mode: "subscribe" })
    const records = await member.poll(operation)
    context.book.end(operation, "ok")
    noteReads(context, group.name, records)
    // Who is slow may have been replaced meanwhile, and not know it.
    if (prng.chance(0.2)) await rest(context, prng)
    if (prng.chance(0.7)) await member.commit()
    const ends = prng.pick(ENDS)
    if (ends === "die") member.die()
    else if (ends === "leave") await member.leave()
    await rest(context, prng)
  }
  if (prng.chance(0.5)) await member.leave()
}

export function noteReads(context: StreamContext, group: string, records: readonly ReadRecord[]): void {
  const read = context.groupReads.get(group) ?? new Set()
  context.groupReads.set(group, read)
  for (const { value } of records) read.add(value)
}
