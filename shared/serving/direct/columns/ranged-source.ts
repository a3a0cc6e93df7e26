import type { ColumnSpec } from "../../../definition/table-spec.ts"
import type { ReadMeter, SegmentReader } from "../../read/types.ts"
import type { TableFile } from "../../types.ts"
import type { BlockSource, EncodeColumn, LoadedGroup } from "./block-source.ts"
import { encodeDecoded } from "./encode.ts"

/** Columns of segments by ranges: only those that are asked for are read and decoded. */
export class RangedSource implements BlockSource {
  readonly #reader: SegmentReader

  constructor(reader: SegmentReader) {
    this.#reader = reader
  }

  async shape({ segment }: TableFile, meter: ReadMeter): Promise<readonly number[]> {
    return (await this.#reader.shape(segment!, meter)).groupRows
  }

  async load(
    { segment }: TableFile,
    columns: readonly ColumnSpec[],
    groups: readonly number[],
    meter: ReadMeter,
  ): Promise<readonly LoadedGroup[]> {
    const names = columns.map(({ name }) => name)
    const decoded = await this.#reader.readColumns(segment!, names, groups, meter)
    return decoded.map(group => {
      const columnsOf = [...group.columns].map(([name, column]): readonly [string, EncodeColumn] => [
        name,
        dictionary => encodeDecoded(column, dictionary),
      ])
      return new Map(columnsOf)
    })
  }
}
