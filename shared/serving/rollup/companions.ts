import { crc32c } from "../../log/records/index.ts"
import type { Random } from "../../storage/time.ts"
import type { MakeCompanions, StoredBody } from "../segment/companions.ts"
import { companionKey, type LevelPointer } from "../segment/segment-key.ts"
import { schemaVersionOf } from "../tables/table-item.ts"
import { encodeLevel } from "./encode.ts"
import { buildLevels } from "./level.ts"

/** Makes the levels of a table's rollups, of a segment's rows: for flushes and merges alike. */
export function rollupCompanions(random: Random): MakeCompanions {
  return ({ table, partition, columns, batch }) => {
    const pointers: LevelPointer[] = []
    const objects: StoredBody[] = []
    const identity = { tableId: table.id, partition, schemaVersion: schemaVersionOf(table) }
    for (const rollup of table.spec.rollups ?? []) {
      for (const level of buildLevels(columns, batch, rollup)) {
        const body = encodeLevel(level, rollup, identity)
        if (body === undefined) continue
        const id = random.id()
        objects.push({ key: companionKey(table.id, partition, "rollup", id), body })
        pointers.push({
          id,
          rollup: rollup.name,
          dimensions: level.kept,
          rows: level.rows,
          sizeBytes: body.length,
          crc32c: crc32c(body),
        })
      }
    }
    return { pointer: pointers.length === 0 ? {} : { rollups: pointers }, objects }
  }
}
