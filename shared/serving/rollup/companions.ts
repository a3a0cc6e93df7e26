import { crc32c } from "../../log/records/index.ts"
import type { Random } from "../../storage/time.ts"
import type { MakeCompanions, StoredBody } from "../segment/companions.ts"
import { companionKey, type LevelPointer } from "../segment/segment-key.ts"
import { schemaVersionOf } from "../tables/table-item.ts"
import { encodeLevel } from "./encode.ts"
import { buildLevels } from "./level.ts"
import { rollupId, wantedRollups } from "./rollup-id.ts"

/** Makes the levels of a table's rollups, of a segment's rows: for flushes and merges alike. */
export function rollupCompanions(random: Random): MakeCompanions {
  return ({ table, partition, columns, batch }) => {
    const pointers: LevelPointer[] = []
    const objects: StoredBody[] = []
    const identity = { tableId: table.id, partition, schemaVersion: schemaVersionOf(table) }
    for (const rollup of wantedRollups(table.spec, columns, batch.rows)) {
      for (const level of buildLevels(columns, batch, rollup)) {
        const body = encodeLevel(level, rollup, identity)
        if (body === undefined) continue
        const id = random.id()
        objects.push({ key: companionKey(table.id, partition, "rollup", id), body })
        pointers.push({
          id,
          rollup: rollupId(rollup),
          dimensions: level.kept,
          rows: level.rows,
          sizeBytes: body.length,
          crc32c: crc32c(body),
        })
      }
    }
    const rolled = wantedRollups(table.spec, columns, batch.rows).map(rollupId)
    // What an earlier definition had is named no longer.
    const isConcerned = rolled.length > 0 || (table.spec.rollups ?? []).length > 0
    return { pointer: isConcerned ? { rollups: pointers, rolled } : {}, objects }
  }
}
