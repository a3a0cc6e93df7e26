import { crc32c } from "../../log/records/index.ts"
import type { Random } from "../../storage/time.ts"
import { footerBytes } from "../read/footer.ts"
import type { Companions, MakeCompanions } from "../segment/companions.ts"
import { companionKey } from "../segment/segment-key.ts"
import { schemaVersionOf } from "../tables/table-item.ts"
import { buildIndexes } from "./build.ts"

/** Makes the sidecar and the zones of a segment: for flushes, merges and indexes that come later alike. */
export function indexCompanions(random: Random): MakeCompanions {
  return ({ table, partition, columns, batch, bytes }): Companions => {
    const footer = footerBytes(bytes)
    if (footer === undefined) throw new RangeError("expected a whole Parquet file")
    const identity = { tableId: table.id, partition, schemaVersion: schemaVersionOf(table) }
    const { sidecar, zones } = buildIndexes(columns, batch, table.spec, identity, footer)
    const zoned = Object.keys(zones).length === 0 ? {} : { zones }
    if (sidecar === undefined) return { pointer: zoned, objects: [] }
    const id = random.id()
    return {
      pointer: {
        ...zoned,
        sidecar: {
          id,
          sizeBytes: sidecar.bytes.length,
          crc32c: crc32c(sidecar.bytes),
          directoryBytes: sidecar.directoryBytes,
          blobs: sidecar.blobs,
        },
      },
      objects: [{ key: companionKey(table.id, partition, "index", id), body: sidecar.bytes }],
    }
  }
}
