import type { LogError } from "../../../shared/log/errors.ts"
import type { Groups, Heartbeat, HeartbeatReply, OffsetCommit } from "../../../shared/log/groups/types.ts"

/** A client that keeps to the protocol. */
export class Consumer {
  groups: Groups
  readonly group: string
  readonly member: string
  readonly wish: Partial<Heartbeat>
  epoch = 0
  interval = 0
  /** `<topic id>#<partition>`, and the offset it was given with. */
  owned = new Map<string, number | undefined>()

  constructor(groups: Groups, member: string, wish: Partial<Heartbeat> = {}, group = "g") {
    this.groups = groups
    this.group = group
    this.member = member
    this.wish = { subscription: { topics: ["events"] }, ...wish }
  }

  get stamp() {
    return { member: this.member, memberEpoch: this.epoch }
  }

  beat(): Promise<HeartbeatReply> {
    return this.send().then(reply => this.take(reply))
  }

  send(): Promise<HeartbeatReply> {
    const { group, member, epoch: memberEpoch } = this
    return this.groups.heartbeat({ group, member, memberEpoch, owned: ownedTopics(this.owned), ...this.wish })
  }

  take(reply: HeartbeatReply): HeartbeatReply {
    this.epoch = reply.memberEpoch
    this.interval = reply.heartbeatIntervalMs
    if (reply.assignment !== undefined) {
      const before = this.owned
      this.owned = new Map()
      for (const { topicId, partition, offset } of reply.assignment) {
        const key = `${topicId}#${partition}`
        this.owned.set(key, before.has(key) ? before.get(key) : offset)
      }
    }
    return reply
  }

  leave(): Promise<void> {
    return this.groups.leave(this.group, this.stamp)
  }

  /** Partition numbers, of all topics together. */
  get partitions(): number[] {
    return [...this.owned.keys()].map(key => Number(key.split("#")[1])).sort((a, b) => a - b)
  }

  async commit(offsets: readonly OffsetCommit[]): Promise<(string | undefined)[]> {
    const results = await this.groups.commit(this.group, offsets, this.stamp)
    return results.map(({ error }) => error?.code)
  }

  async mayFetch(): Promise<boolean[]> {
    const at = [...this.owned.keys()].map(splitKey)
    return (await this.groups.checkFetch(this.group, this.stamp, at)).map(error => error === undefined)
  }
}

export function splitKey(key: string): { topicId: string; partition: number } {
  const [topicId, partition] = key.split("#")
  return { topicId, partition: Number(partition) }
}

function ownedTopics(owned: ReadonlyMap<string, unknown>): Heartbeat["owned"] {
  const topics = new Map<string, number[]>()
  for (const key of owned.keys()) {
    const { topicId, partition } = splitKey(key)
    topics.set(topicId, [...(topics.get(topicId) ?? []), partition])
  }
  return [...topics].map(([topicId, partitions]) => ({ topic: "", topicId, partitions }))
}

/** Heartbeats of all until none waits for anything. */
export async function settle(...consumers: Consumer[]): Promise<void> {
  for (let round = 0; round < 20; round++) {
    let news = false
    for (const consumer of consumers) {
      const { memberEpoch, assignment } = await consumer.beat()
      news ||= assignment !== undefined || consumer.interval < 10_000
      news ||= consumers.some(({ epoch }) => epoch !== memberEpoch)
    }
    if (!news) return
  }
  throw new Error("does not settle")
}

/** The code of what a call throws. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => "no error",
    (error: LogError) => error.code ?? String(error),
  )
}
