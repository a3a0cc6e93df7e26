import { COMPARED, DELETED, ENTRY_LANES, flagsAt, KNOWN, offsetAt, setOffset } from "./entry.ts"
import type { RowFolder } from "./row-folder.ts"
import type { Run } from "./run.ts"

/**
 * A run without the merged rows that erasures take: their keys are deleted, and the comparison values stand. The run itself
 * where there are none. Throws `StorageError` (`corrupt`).
 * @param folder knows the erasures
 */
export function withoutErased(run: Run, folder: RowFolder): Run {
  const { images, entries } = run
  if (images === undefined) return run
  const erased: number[] = []
  for (let at = 0; at < entries; at++) {
    const image = images[at]
    if (image !== undefined && folder.takes(image, offsetAt(run.lanes, at * ENTRY_LANES))) erased.push(at)
  }
  if (erased.length === 0) return run
  const lanes = run.lanes.slice()
  const left = images.slice()
  for (const entry of erased) {
    const at = entry * ENTRY_LANES
    setOffset(lanes, at, offsetAt(lanes, at), KNOWN | DELETED | (flagsAt(lanes, at) & COMPARED))
    left[entry] = undefined
  }
  return { lanes, entries, images: left }
}
