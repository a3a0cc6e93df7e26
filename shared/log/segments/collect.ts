import { OBJECT_DELETES_MAX } from "../../storage/object-store.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { partitionKey } from "../slot.ts"
import { SNAPSHOT_KEY } from "../snapshot.ts"
import type { PartitionRef, SegmentIndexes } from "./index-store.ts"
import { ORPHAN_AGE_MS, WAL_GRACE_MS } from "./life-limits.ts"
import { segmentFolder, segmentKey } from "./segment.ts"

const WAL_DIGITS = "0123456789abcdef"

/** The hour in a flush object's key, epoch ms; undefined: it is no such key. */
export function walHour(key: string): number | undefined {
  const hour = Date.parse(`${key.split("/")[2]}:00:00Z`)
  return Number.isNaN(hour) ? undefined : hour
}

/**
 * Deletes flush objects whose hour is a day below the boundary: no slot that is not rolled up names them. No references
 * are counted. The boundary never goes back, so that an old one is safe too. Returns how many; throws `StorageError`.
 * @param boundary the least commit time of a slot that is not rolled up, of all partitions, epoch ms
 */
export async function collectWal(
  ports: Pick<Ports, "objects" | "clock">,
  boundary: number,
  hasTime: () => boolean,
): Promise<number> {
  let deleted = 0
  for (const digit of WAL_DIGITS) {
    for (let after: string | undefined; hasTime(); ) {
      const page = await readAgain(ports, () => ports.objects.list(`wal/${digit}/`, { after }))
      const old = page.objects.filter(({ key }) => (walHour(key) ?? boundary) + WAL_GRACE_MS <= boundary)
      if (old.length > 0) await ports.objects.deleteMany(old.map(({ key }) => key))
      deleted += old.length
      // Keys are in the order of their hours.
      if (old.length < page.objects.length || page.next === undefined) break
      after = page.next
    }
  }
  return deleted
}

/** What of a folder's objects was looked at: the key to go on after; undefined: all. */
export interface CollectStep {
  readonly next: string | undefined
  readonly deleted: number
}

/**
 * Looks through a page of segments and indexes (`seg/`) or snapshots (`snap/`) and deletes those that nothing names and that
 * are a day old: whoever uploaded them cannot name them any more. Listed first, read after: what is named then is kept.
 */
export async function collectOrphans(
  ports: Pick<Ports, "objects" | "meta" | "clock">,
  indexes: SegmentIndexes,
  prefix: "seg/" | "snap/",
  after: string | undefined,
): Promise<CollectStep> {
  const page = await readAgain(ports, () => ports.objects.list(prefix, { after, limit: OBJECT_DELETES_MAX }))
  const byPartition = new Map<string, string[]>()
  for (const { key, modified } of page.objects) {
    if (page.date - modified < ORPHAN_AGE_MS) continue
    const [, topicId, partition] = key.split("/")
    const folder = `${topicId}/${partition}`
    byPartition.set(folder, [...(byPartition.get(folder) ?? []), key])
  }
  let deleted = 0
  for (const [folder, keys] of byPartition) {
    const [topicId, partition] = folder.split("/")
    const at = { topicId, partition: Number(partition) }
    const named = prefix === "seg/" ? await namedSegments(indexes, at) : await namedSnapshots(ports, at)
    const orphans = keys.filter(key => !named.has(key))
    if (orphans.length === 0) continue
    await ports.objects.deleteMany(orphans)
    deleted += orphans.length
  }
  return { next: page.next, deleted }
}

async function namedSegments(indexes: SegmentIndexes, at: PartitionRef): Promise<Set<string>> {
  const { index, object } = await indexes.read(at)
  const keys = index.segments.map(segment => segmentKey(at.topicId, at.partition, segment))
  return new Set(object === undefined ? keys : [...keys, object])
}

async function namedSnapshots(
  ports: Pick<Ports, "meta" | "clock">,
  { topicId, partition }: PartitionRef,
): Promise<Set<string>> {
  const key = { pk: partitionKey(topicId, partition), sk: SNAPSHOT_KEY }
  const { item } = await readAgain(ports, () => ports.meta.get("meta", key))
  const object = item?.fields.o
  return new Set(typeof object === "string" ? [object] : [])
}

/** Deletes all objects of a partition's segments, a page after the other. */
export async function deleteFolder(
  ports: Pick<Ports, "objects" | "clock">,
  { topicId, partition }: PartitionRef,
): Promise<void> {
  for (;;) {
    const folder = segmentFolder(topicId, partition)
    const page = await readAgain(ports, () => ports.objects.list(folder, { limit: OBJECT_DELETES_MAX }))
    if (page.objects.length === 0) return
    const gone = await ports.objects.deleteMany(page.objects.map(({ key }) => key))
    if (gone.outcome !== "committed" || page.next === undefined) return
  }
}
