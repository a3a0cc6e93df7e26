import type { ColumnSpec } from "../../definition/table-spec.ts"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import { NO_COUNTS } from "../ingest/batch.ts"
import type { ColumnBatch, ColumnVector } from "../ingest/column.ts"
import { type DecodedRows, decodeParquet } from "../segment/decode.ts"
import { type SegmentPointer, segmentKey } from "../segment/segment-key.ts"
import { fillColumn, type LogColumns } from "./fill-columns.ts"
import type { MaintainPorts } from "./replace-segments.ts"

/** A segment's file, checked. Throws `StorageError` (`corrupt`). */
export async function readSegmentFile(
  ports: Pick<MaintainPorts, "objects" | "clock">,
  tableId: string,
  partition: number,
  pointer: SegmentPointer,
): Promise<Uint8Array> {
  const key = segmentKey(tableId, partition, pointer)
  const body = (await readAgain(ports, () => ports.objects.get(key)))?.body
  if (body?.length === pointer.sizeBytes && crc32c(body) === pointer.crc32c) return body
  throw new StorageError("corrupt", `segment ${key} is ${body === undefined ? "missing" : "damaged"}`)
}

/** Decodes the columns that a file and `columns` have in common, under the names and types of the file. */
export async function decodeHeld(
  body: Uint8Array,
  held: readonly ColumnSpec[],
  columns: readonly ColumnSpec[],
): Promise<DecodedRows & { readonly specs: readonly ColumnSpec[] }> {
  const wanted = new Set(columns.map(({ name }) => name))
  const specs = held.filter(({ name }) => wanted.has(name))
  return { ...(await decodeParquet(body, specs)), specs }
}

/** A file's rows under the columns of a newer schema. */
export function withSchema(
  { rows, offsets, columns, specs }: DecodedRows & { readonly specs: readonly ColumnSpec[] },
  wanted: readonly ColumnSpec[],
  { base, next }: Pick<SegmentPointer, "base" | "next">,
  log: LogColumns,
): ColumnBatch {
  const held = new Map(specs.map(({ name }, index) => [name, columns[index]!]))
  return {
    base,
    next,
    rows,
    offsets,
    columns: wanted.map(column => {
      const vector = held.get(column.name)
      return vector === undefined ? fillColumn(log, column, offsets) : widened(vector, column)
    }),
    decodedBytes: 0,
    maxTimestamp: 0,
    counts: NO_COUNTS,
  }
}

/** As the type that it has now, which holds every value of the one that it had. */
export function widened(vector: ColumnVector, { name, type }: ColumnSpec): ColumnVector {
  // A list becomes no other one without the table being built anew.
  if (vector.type === type || (vector.type === "list" && vector.element === type)) return vector
  const { nulls, nullCount } = vector
  if (vector.type === "int" && type === "long") {
    return { type, nulls, nullCount, values: BigInt64Array.from(vector.values, BigInt) }
  }
  if (vector.type === "int" && type === "double") {
    return { type, nulls, nullCount, values: Float64Array.from(vector.values) }
  }
  if (vector.type === "float" && type === "double") return { ...vector, type }
  throw new StorageError("corrupt", `column ${name} is stored as ${vector.type}, and is of type ${type} now`)
}
