import { settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { GroupStore, OffsetRead, Read } from "./group-store.ts"
import { inParallel } from "./in-parallel.ts"
import { TAKEN_OVER_MAX } from "./limits.ts"
import { isGone, type Member } from "./member-item.ts"
import { type OffsetRecord, offsetItem } from "./offset-item.ts"
import { type PartitionSet, setHas, type TopicPartition } from "./partition-set.ts"

export interface TakenOver extends TopicPartition {
  readonly offset?: number
}

export interface TakeOver {
  readonly taken: readonly TakenOver[]
  /** Some of what was wanted is still another's, or comes with the next heartbeat. */
  readonly waiting: boolean
  /** An owner is gone, and still a member. */
  readonly ownerGone: boolean
}

export interface Taker {
  readonly group: string
  readonly member: string
  /** The group's epoch when it joined. */
  readonly joined: number
  /** The group's epoch that says that the partitions are this member's. */
  readonly epoch: number
  /** Store time after which the member is gone: none is taken over for it any more. */
  readonly notAfter: number
}

/**
 * Makes a member the owner of partitions that no member may be reading. The order matters: the partition's item is read
 * first, its owner's after it, and the put demands the version that was read. A former owner that is to have the partition again
 * says so in its own item before it puts its name into the partition's, so that one of the two finds the other.
 */
export async function takeOver(
  ports: Pick<Ports, "meta" | "clock" | "random">,
  store: GroupStore,
  taker: Taker,
  wanted: PartitionSet,
): Promise<TakeOver> {
  const { offsets } = await store.offsets(taker.group, wanted)
  const owners = await ownersOf(store, taker, offsets)
  const isFree = ({ topicId, partition, value }: OffsetRead) => {
    const owner = value?.owner === undefined ? undefined : owners.get(value.owner)?.value
    if (owner === undefined) return true
    return !setHas(owner.assigned, topicId, partition) && !setHas(owner.giving, topicId, partition)
  }
  const isTaken = ({ value }: OffsetRead) => value?.owner === taker.member && value.epoch === taker.epoch
  const free = offsets.filter(read => !isTaken(read) && isFree(read)).slice(0, TAKEN_OVER_MAX)
  const put = await inParallel(free, read => stamp(ports, taker, read))
  const taken = [...offsets.filter(isTaken), ...free.filter((_, index) => put[index])]
  return {
    taken: taken.map(({ topicId, partition, value }) => ({ topicId, partition, offset: value?.offset })),
    waiting: taken.length < offsets.length,
    ownerGone: [...owners.values()].some(({ value, date }) => value !== undefined && isGone(value, date)),
  }
}

/** The items of other members that own partitions, read after these. */
async function ownersOf(
  store: GroupStore,
  taker: Taker,
  offsets: readonly OffsetRead[],
): Promise<ReadonlyMap<string, Read<Member>>> {
  const names = new Set<string>()
  for (const { value } of offsets) {
    if (value?.owner !== undefined && value.owner !== taker.member) names.add(value.owner)
  }
  const reads = await inParallel([...names], name => store.member(taker.group, name))
  return new Map([...names].map((name, index) => [name, reads[index]]))
}

/** Whether the partition now names the member as its owner. */
async function stamp(
  ports: Pick<Ports, "meta" | "clock" | "random">,
  taker: Taker,
  read: OffsetRead,
): Promise<boolean> {
  const { group, member, joined, notAfter } = taker
  const before: OffsetRecord = read.value ?? { metadata: "", committed: 0, epoch: 0 }
  // It may be reading it all the while, and not have heard of the epoch: the new version keeps out whom the old one let in.
  const epoch = before.owner === member && before.epoch >= joined ? before.epoch : taker.epoch
  const item = offsetItem(group, read, { ...before, owner: member, epoch }, ports.random.id())
  const condition = read.version === undefined ? ({ absent: true } as const) : { version: read.version }
  return (await settlePut(ports, "meta", item, { condition, notAfter })).outcome === "committed"
}
