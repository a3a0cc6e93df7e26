import { OBJECT_DELETES_MAX } from "../../storage/object-store.ts"
import type { Ports } from "../../storage/time.ts"
import { LogError } from "../errors.ts"
import type { PartitionRef, SegmentIndexes } from "./index-store.ts"
import { type Segment, segmentKey } from "./segment.ts"
import type { SegmentIndex } from "./segment-index.ts"

/** Others change an index at the same time now and then, not again and again. */
const CUT_TRIES = 10

/** An index whose log begins at `start`: what lies wholly below is no part of it any more. */
export function cutIndex(index: SegmentIndex, start: number): SegmentIndex {
  if (start <= index.start) return index
  return { ...index, start, segments: index.segments.filter(({ next }) => next > start) }
}

/** Segments that the one index names and the other does not: none reads them any more, once the other stands. */
export function droppedSegments(before: SegmentIndex, after: SegmentIndex): readonly Segment[] {
  const named = new Set(after.segments.map(({ id }) => id))
  return before.segments.filter(({ id }) => id !== "" && !named.has(id))
}

/** Deletes the objects of segments that no index names. What is not deleted now is found as an orphan later. */
export async function deleteSegments(
  ports: Pick<Ports, "objects">,
  { topicId, partition }: PartitionRef,
  segments: readonly Segment[],
): Promise<void> {
  const keys = segments.filter(({ id }) => id !== "").map(segment => segmentKey(topicId, partition, segment))
  for (let from = 0; from < keys.length; from += OBJECT_DELETES_MAX) {
    await ports.objects.deleteMany(keys.slice(from, from + OBJECT_DELETES_MAX))
  }
}

/**
 * Moves a partition's log start up to `before`: what is below can no longer be read. The objects are orphans then, which
 * others collect: who cuts need not have the right to delete. Returns the start, which may lie higher already. Throws
 * `outcome_unknown`, `StorageError`.
 */
export async function cutBefore(indexes: SegmentIndexes, at: PartitionRef, before: number): Promise<number> {
  for (let tries = 0; tries < CUT_TRIES; tries++) {
    const read = await indexes.read(at)
    const next = cutIndex(read.index, before)
    if (next === read.index) return next.start
    if ((await indexes.replace(at, read, next)) === "committed") return next.start
  }
  throw new LogError("outcome_unknown", `records before ${before} may or may not be deleted; try again`)
}
