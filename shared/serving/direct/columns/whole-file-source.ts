import type { ColumnSpec } from "../../../definition/table-spec.ts"
import type { ColumnVector } from "../../ingest/column.ts"
import type { ReadMeter } from "../../read/types.ts"
import { decodeParquet } from "../../segment/decode.ts"
import { OFFSET_COLUMN } from "../../segment/parquet.ts"
import type { TableFile } from "../../types.ts"
import { numberColumn } from "./block-column.ts"
import type { BlockSource, EncodeColumn, LoadedGroup } from "./block-source.ts"
import { encodeVector } from "./encode.ts"

/** Rows of a block: few enough that their codes lie in a core's cache, many enough that a block's overhead is nothing. */
export const BLOCK_ROWS = 65_536

interface Rows {
  readonly offsets: Float64Array
  readonly column: (name: string) => ColumnVector | undefined
}

/** A file as a whole: a tail's decoded batch as it stands, or all of a segment's bytes. */
export class WholeFileSource implements BlockSource {
  async shape({ rows }: TableFile): Promise<readonly number[]> {
    const count = Math.ceil(rows / BLOCK_ROWS)
    return Array.from({ length: count }, (_, at) => Math.min(BLOCK_ROWS, rows - at * BLOCK_ROWS))
  }

  async load(
    file: TableFile,
    columns: readonly ColumnSpec[],
    groups: readonly number[],
    meter: ReadMeter,
  ): Promise<readonly LoadedGroup[]> {
    const { offsets, column } = await this.#rows(file, columns, meter)
    return groups.map(group => {
      const from = group * BLOCK_ROWS
      const end = Math.min(from + BLOCK_ROWS, file.rows)
      const loaded = new Map<string, EncodeColumn>()
      for (const { name } of columns) {
        const vector = column(name)
        if (vector !== undefined) loaded.set(name, dictionary => encodeVector(vector, from, end, dictionary))
      }
      loaded.set(OFFSET_COLUMN, () => numberColumn(offsets.subarray(from, end), undefined))
      return loaded
    })
  }

  async #rows(file: TableFile, columns: readonly ColumnSpec[], meter: ReadMeter): Promise<Rows> {
    const { batch } = file
    if (batch !== undefined) {
      const names = (file.columns ?? columns).map(({ name }) => name)
      return { offsets: batch.offsets, column: name => batch.columns[names.indexOf(name)] }
    }
    const bytes = await file.read()
    meter.requests++
    meter.rounds++
    meter.bytesFetched += bytes.length
    const held = columns.filter(({ name }) => name !== OFFSET_COLUMN)
    const decoded = await decodeParquet(bytes, held)
    const names = held.map(({ name }) => name)
    return { offsets: decoded.offsets, column: name => decoded.columns[names.indexOf(name)] }
  }
}
