import { LogError } from "../errors.ts"
import type { GroupStore } from "./group-store.ts"
import { isGone } from "./member-item.ts"
import type { OffsetRecord } from "./offset-item.ts"
import { setHas, type TopicPartition } from "./partition-set.ts"
import type { MemberStamp } from "./types.ts"

/** Whether a partition's item says that this member may read it, and commit what it read. */
export function isOwner(record: OffsetRecord | undefined, stamp: MemberStamp): boolean {
  return record?.owner === stamp.member && stamp.memberEpoch >= record.epoch
}

/**
 * Whether an offset may be committed over what stands: by its owner, or by whoever subscribes to nothing where no member owns
 * the partition. One more read where a former owner is named. Undefined: it may.
 */
export async function commitFault(
  store: GroupStore,
  group: string,
  at: TopicPartition,
  record: OffsetRecord | undefined,
  stamp: MemberStamp | undefined,
): Promise<LogError | undefined> {
  if (stamp !== undefined) return isOwner(record, stamp) ? undefined : fenced(at, stamp)
  if (record?.owner === undefined) return undefined
  const { value: owner, date } = await store.member(group, record.owner)
  const { topicId, partition } = at
  const holds =
    owner !== undefined &&
    !isGone(owner, date) &&
    (setHas(owner.assigned, topicId, partition) || setHas(owner.giving, topicId, partition))
  return holds ? fenced(at) : undefined
}

export function fenced({ partition }: TopicPartition, stamp?: MemberStamp): LogError {
  const who = stamp === undefined ? "a member of the group owns it" : `member ${stamp.member} does not own it`
  return new LogError("fenced_member", `partition ${partition}: ${who}`)
}

/** What stands after a commit: a member's remains its own. */
export function committedRecord(
  record: OffsetRecord | undefined,
  stamp: MemberStamp | undefined,
  commit: { readonly offset: number; readonly metadata?: string },
  date: number,
): OffsetRecord {
  const { offset, metadata = "" } = commit
  const owner = stamp === undefined ? undefined : record?.owner
  const epoch = record?.epoch ?? 0
  return { offset, metadata, committed: date, epoch, ...(owner === undefined ? {} : { owner }) }
}
