import type { ColumnSpec } from "../../../definition/table-spec.ts"
import type { ReadMeter } from "../../read/types.ts"
import type { TableFile } from "../../types.ts"
import type { BlockColumn } from "./block-column.ts"
import type { Dictionary } from "./dictionary.ts"

/** Makes a block's column, with the dictionary of its table's column where it is coded. Throws `GivenUp`. */
export type EncodeColumn = (dictionary: () => Dictionary<string>) => BlockColumn

/** Columns of one row group by name; a column that the file lacks is not in it. */
export type LoadedGroup = ReadonlyMap<string, EncodeColumn>

/** Where the columns of a file come from. `$offset` is a column too. */
export interface BlockSource {
  /** Rows of each row group, in the file's order. */
  shape(file: TableFile, meter: ReadMeter): Promise<readonly number[]>
  /**
   * @param columns with the types that the file has them in
   * @param groups indexes of row groups
   */
  load(
    file: TableFile,
    columns: readonly ColumnSpec[],
    groups: readonly number[],
    meter: ReadMeter,
  ): Promise<readonly LoadedGroup[]>
}
