import type { ColumnSpec, RollupSpec } from "../../definition/table-spec.ts"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { companionKey, type LevelPointer } from "../segment/segment-key.ts"
import type { PinnedSegment, TableFile } from "../types.ts"
import type { ChosenLevel } from "./choose-levels.ts"
import { levelColumns } from "./level-columns.ts"

/**
 * A level of a pinned segment as a file, read whole: levels are small, and what was decoded of them is kept.
 * @param columns of the segment's file: the level was made of them
 */
export function levelFile(
  ports: Pick<Ports, "objects" | "clock">,
  columns: readonly ColumnSpec[],
  { tableId, partition }: PinnedSegment,
  level: LevelPointer,
  rollup: RollupSpec,
): TableFile {
  const key = companionKey(tableId, partition, "rollup", level.id)
  return {
    id: key,
    rows: level.rows,
    sizeBytes: level.sizeBytes,
    columns: levelColumns(columns, rollup, level.dimensions),
    read: async () => {
      const body = (await readAgain(ports, () => ports.objects.get(key)))?.body
      if (body?.length === level.sizeBytes && crc32c(body) === level.crc32c) return body
      throw new StorageError("corrupt", `level ${key} is ${body === undefined ? "missing" : "damaged"}`)
    },
  }
}

/** Opens levels that were chosen for a query. */
export function levelOpener(
  ports: Pick<Ports, "objects" | "clock">,
): (file: TableFile, chosen: ChosenLevel) => TableFile {
  return ({ segment, columns = [] }, { level, rollup }) => {
    if (segment === undefined) throw new TypeError("expected a segment's file: tails have no levels")
    return levelFile(ports, columns, segment, level, rollup)
  }
}
