import type { ColumnSpec } from "../../definition/table-spec.ts"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { Manifest } from "../manifest/manifest.ts"
import type { OffsetSet } from "../segment/offset-set.ts"
import { encodeParquet } from "../segment/parquet.ts"
import { type SegmentPointer, segmentKey } from "../segment/segment-key.ts"
import { schemaVersionOf, type TableInfo } from "../tables/table-item.ts"
import type { TableFile } from "../types.ts"
import type { DeadSlices } from "./dead-slices.ts"
import { type Hidden, withoutHidden } from "./hide-rows.ts"
import type { TailState } from "./tail-state.ts"

/** A segment as queries see it. @param dead of the whole partition */
export function segmentFile(
  ports: Pick<Ports, "objects" | "clock">,
  table: TableInfo,
  partition: number,
  pointer: SegmentPointer,
  dead: OffsetSet,
  slices: DeadSlices,
): TableFile {
  const key = segmentKey(table.id, partition, pointer)
  const own = slices.of(key, dead, pointer.base, pointer.next)
  return {
    id: key,
    rows: pointer.rows,
    sizeBytes: pointer.sizeBytes,
    columns: columnsAt(table, pointer.schemaVersion),
    segment: { tableId: table.id, partition, pointer, ...(own.offsets.length === 0 ? {} : { dead: own }) },
    read: async () => {
      const read = await readAgain(ports, () => ports.objects.get(key))
      const body = read?.body
      if (body?.length === pointer.sizeBytes && crc32c(body) === pointer.crc32c) return body
      throw new StorageError("corrupt", `segment ${key} is ${read === undefined ? "missing" : "damaged"}`)
    },
  }
}

/** A partition's tail as files, without the rows that are hidden. */
export function tailFiles(
  table: TableInfo,
  { partition, purges }: Manifest,
  tail: TailState,
  hidden: Hidden,
): readonly TableFile[] {
  const schemaVersion = schemaVersionOf(table)
  const columns = columnsAt(table, schemaVersion)
  const identity = { tableId: table.id, partition, schemaVersion }
  return tail.chunks.flatMap(chunk => {
    const { base, next } = chunk.batch
    const batch = withoutHidden(chunk.batch, columns, hidden)
    if (batch.rows === 0) return []
    const id = `tail/${table.id}/${table.version}/${partition}/${base}-${next}${chunk.mark}`
    const encode = () => encodeParquet(columns, batch, identity, { codec: "none" })
    const isWhole = batch === chunk.batch
    // Not before it is asked for: who reads the batch needs no file.
    let encoded: Uint8Array | undefined
    const bytes = (): Uint8Array => {
      encoded ??= isWhole ? chunk.file(encode) : encode()
      return encoded
    }
    const less = isWhole ? "" : `-${hidden.cut?.before ?? ""}-${purges.map(purge => purge.id).join("-")}`
    const file: TableFile = {
      id: `${id}${less}`,
      rows: batch.rows,
      get sizeBytes() {
        return bytes().length
      },
      columns,
      batch,
      read: async () => bytes(),
    }
    return [file]
  })
}

/** The columns of files written under a schema version. Throws `StorageError` (`corrupt`). */
export function columnsAt(table: TableInfo, schemaVersion: number): readonly ColumnSpec[] {
  const columns = table.schemas[schemaVersion - 1]
  if (columns !== undefined) return columns
  throw new StorageError("corrupt", `table ${table.spec.name} has no schema version ${schemaVersion}`)
}
