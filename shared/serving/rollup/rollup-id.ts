import { canonicalJson } from "../../definition/canonical.ts"
import type { ColumnSpec, RollupSpec, TableSpec } from "../../definition/table-spec.ts"
import { crc32c } from "../../log/records/index.ts"
import type { SegmentPointer } from "../segment/segment-key.ts"
import { LEAF_ROWS_DEFAULT } from "./level.ts"

const HEX_DIGITS = 8

/** Queries ask for those of their table again and again. */
const ids = new WeakMap<RollupSpec, string>()

/**
 * A rollup by what its levels mean: dimensions are named by their place, so that levels of an earlier definition of the
 * same name must not be taken for those of the present one.
 */
export function rollupId(rollup: RollupSpec): string {
  const known = ids.get(rollup)
  if (known !== undefined) return known
  const { name, dimensions, aggregates } = rollup
  const meaning = crc32c(Buffer.from(canonicalJson({ dimensions, aggregates })))
  const id = `${name}@${meaning.toString(16).padStart(HEX_DIGITS, "0")}`
  ids.set(rollup, id)
  return id
}

/** The rollups for which a segment's rows are looked at: its file has their columns, and more rows than a leaf. */
export function wantedRollups(
  { rollups = [] }: Pick<TableSpec, "rollups">,
  columns: readonly ColumnSpec[],
  rows: number,
): readonly RollupSpec[] {
  const names = new Set(columns.map(({ name }) => name))
  return rollups.filter(({ dimensions, aggregates, leafRows = LEAF_ROWS_DEFAULT }) => {
    const read = [...dimensions, ...aggregates.flatMap(({ column }) => column ?? [])]
    return rows > leafRows && read.every(name => names.has(name))
  })
}

/** Whether the table has a rollup that was not asked of a segment's rows yet. */
export function lacksRollups(
  { rows, rolled = [] }: SegmentPointer,
  columns: readonly ColumnSpec[],
  spec: Pick<TableSpec, "rollups">,
): boolean {
  return wantedRollups(spec, columns, rows).some(rollup => !rolled.includes(rollupId(rollup)))
}
