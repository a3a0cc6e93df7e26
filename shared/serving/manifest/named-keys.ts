import { companionKey, listKey, type SegmentPointer, segmentKey } from "../segment/segment-key.ts"
import type { Manifest } from "./manifest.ts"

/** Keys of the objects that a manifest's item names by itself. */
export function keysOfItem({
  tableId,
  partition,
  lists,
  vectors,
  runs,
  segments,
  letters,
}: Manifest): readonly string[] {
  return [
    ...lists.map(list => listKey(tableId, partition, list)),
    ...vectors.map(({ id }) => companionKey(tableId, partition, "dead", id)),
    ...runs.map(({ id }) => companionKey(tableId, partition, "keys", id)),
    ...(letters?.pending === undefined
      ? []
      : [companionKey(tableId, partition, "letters", letters.pending.id)]),
    ...keysOfSegments(tableId, partition, segments),
  ]
}

/** Keys of segments and of what stands beside them. */
export function keysOfSegments(
  tableId: string,
  partition: number,
  segments: readonly SegmentPointer[],
): readonly string[] {
  return segments.flatMap(segment => [
    segmentKey(tableId, partition, segment),
    ...(segment.sidecar === undefined ? [] : [companionKey(tableId, partition, "index", segment.sidecar.id)]),
    ...(segment.rollups ?? []).map(({ id }) => companionKey(tableId, partition, "rollup", id)),
  ])
}
