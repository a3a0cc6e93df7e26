import type { Item, ItemKey } from "../../storage/meta-store.ts"
import { checkFormat, groupPk } from "./group-item.ts"
import type { TopicPartition } from "./partition-set.ts"

export const OFFSET_FORMAT = 1
const PREFIX = "o#"

/** What stands of one partition in a group. */
export interface OffsetRecord {
  /** The next offset to read; undefined: none was committed. */
  readonly offset?: number
  readonly metadata: string
  /** Store time of the commit, epoch ms. */
  readonly committed: number
  /** The member that may read it … */
  readonly owner?: string
  /** … and the group's epoch when it took it over. */
  readonly epoch: number
}

export function offsetKey(group: string, { topicId, partition }: TopicPartition): ItemKey {
  return { pk: groupPk(group), sk: `${PREFIX}${topicId}#${String(partition).padStart(5, "0")}` }
}

/** Sort keys of all offsets, of one topic's, or of a part of its partitions'. */
export function offsetsRange(
  topicId?: string,
  first = 0,
  last = 99_999,
): { readonly from: string; readonly to: string } {
  if (topicId === undefined) return { from: PREFIX, to: `${PREFIX}\x7f` }
  const at = (partition: number) => `${PREFIX}${topicId}#${String(partition).padStart(5, "0")}`
  return { from: at(first), to: at(last) }
}

export function partitionOfKey({ sk }: ItemKey): TopicPartition {
  const at = sk.lastIndexOf("#")
  return { topicId: sk.slice(PREFIX.length, at), partition: Number(sk.slice(at + 1)) }
}

export function offsetItem(group: string, at: TopicPartition, record: OffsetRecord, version: string): Item {
  const { offset, metadata, committed, owner, epoch } = record
  const fields = {
    v: OFFSET_FORMAT,
    epoch,
    committed,
    ...(offset === undefined ? {} : { offset }),
    ...(metadata === "" ? {} : { metadata }),
    ...(owner === undefined ? {} : { owner }),
  }
  return { ...offsetKey(group, at), version, fields }
}

export function readOffset(item: Item): OffsetRecord {
  const { fields } = item
  checkFormat(`${item.pk} ${item.sk}`, fields.v, OFFSET_FORMAT)
  return {
    ...(fields.offset === undefined ? {} : { offset: fields.offset as number }),
    metadata: (fields.metadata as string | undefined) ?? "",
    committed: fields.committed as number,
    ...(fields.owner === undefined ? {} : { owner: fields.owner as string }),
    epoch: fields.epoch as number,
  }
}
