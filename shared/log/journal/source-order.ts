import { comparePositions } from "../../storage/journal.ts"

/** A position within a shard, as the fold keeps it. */
export interface ShardPosition {
  readonly sequence: string
  readonly index: number
}

/** Whether `position` is one that a partition has whose last of that shard is `last`. */
export function isAtOrBelow(position: ShardPosition, last: ShardPosition | undefined): boolean {
  if (last === undefined) return false
  return (comparePositions(position, last) || position.index - last.index) <= 0
}
