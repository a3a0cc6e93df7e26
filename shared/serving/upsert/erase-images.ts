import type { Manifest } from "../manifest/manifest.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { COMPARED, DELETED, ENTRY_LANES, flagsAt, KNOWN, offsetAt, setOffset } from "./entry.ts"
import { erasingOf } from "./erasing.ts"
import { RowFolder } from "./row-folder.ts"
import { keyRules } from "./rules.ts"
import type { Run } from "./run.ts"

/**
 * A run without the merged rows that open erasures or the cut take: their keys are deleted, and the comparison values stand.
 * The run itself where there are none. Throws `StorageError` (`corrupt`).
 */
export function withoutErased(run: Run, table: TableInfo, manifest: Manifest): Run {
  const { images, entries } = run
  const rules = images === undefined ? undefined : keyRules(table.spec)
  const erasing = rules === undefined ? [] : (erasingOf(table, manifest) ?? [])
  if (images === undefined || rules === undefined || erasing.length === 0) return run
  const folder = new RowFolder(rules, table.schemas, erasing)
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
