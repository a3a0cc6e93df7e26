import type { ColumnSpec, TableSpec } from "../../shared/definition/table-spec.ts"
import { createBatchBuilder, patchBaseOffset } from "../../shared/log/records/index.ts"
import type { ColumnBatch } from "../../shared/serving/ingest/column.ts"
import { ingest } from "../../shared/serving/ingest/ingest.ts"
import { type CompiledSchema, compileSchema } from "../../shared/serving/ingest/schema.ts"

/** A stored batch of values given as text; null is a tombstone. Timestamps count up from `timestamp`. */
export function batchOf(
  values: readonly (string | Uint8Array | null)[],
  baseOffset = 0,
  timestamp = 1_000,
): Uint8Array {
  const builder = createBatchBuilder()
  for (const [index, value] of values.entries()) {
    const bytes = value === null ? new Uint8Array(0) : typeof value === "string" ? Buffer.from(value) : value
    builder.add(bytes, -1, -1, value === null ? -1 : 0, value === null ? -1 : bytes.length, timestamp + index)
  }
  const { bytes } = builder.finish({})
  const copy = Uint8Array.from(bytes)
  patchBaseOffset(copy, baseOffset)
  return copy
}

export function schemaOf(columns: readonly ColumnSpec[], rest: Partial<TableSpec> = {}): CompiledSchema {
  const schema = compileSchema({ columns, ...rest })
  if ("length" in schema) throw new Error(JSON.stringify(schema))
  return schema
}

/** Ingests values, one record each, as one batch from offset 0. */
export function ingestValues(
  columns: readonly ColumnSpec[],
  values: readonly (string | Uint8Array | null)[],
  rest: Partial<TableSpec> = {},
): ColumnBatch {
  return ingest(schemaOf(columns, rest), [{ bytes: batchOf(values) }], { base: 0, next: values.length })
}

/** A column's values with nulls in place. */
export function cellsOf(batch: ColumnBatch, index = 0): unknown[] {
  const column = batch.columns[index]!
  return Array.from(column.values as ArrayLike<unknown>, (value, row) =>
    column.nulls[row] === 1 ? null : value,
  )
}
