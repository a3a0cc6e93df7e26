import type { PercentilesSketch } from "../../definition/index.ts"
import type { RollupAggregate } from "../../definition/table-spec.ts"
import type { ColumnVector } from "../ingest/column.ts"
import type { Grouping } from "./group-rows.ts"
import {
  type DistinctSketch,
  distinctSketch,
  percentileSketch,
  type SketchKind,
  type SketchValue,
} from "./sketch.ts"

export type SketchFn = "distinct" | "percentile"
type Sketch = DistinctSketch | PercentilesSketch

/** Sketches of a column by group: of rows, the values that are still to be put into one. */
export interface SketchState {
  readonly column: string
  readonly fn: SketchFn
  /** Undefined where there is no value. */
  readonly values?: readonly (SketchValue | undefined)[]
  readonly sketches?: readonly (Sketch | undefined)[]
}

/** The sketches that a rollup's aggregates ask for, each once. */
export function wantedSketches(
  aggregates: readonly RollupAggregate[],
): readonly { readonly column: string; readonly fn: SketchFn }[] {
  const wanted = new Map<string, { readonly column: string; readonly fn: SketchFn }>()
  for (const { fn, column } of aggregates) {
    if (column === undefined || (fn !== "distinct" && fn !== "percentile")) continue
    wanted.set(`${fn} ${column}`, { column, fn })
  }
  return [...wanted.values()]
}

/** Undefined: a value is none that the sketch takes (no finite number). */
export function sketchesOfRows(vector: ColumnVector, column: string, fn: SketchFn): SketchState | undefined {
  const cells = vector.values as ArrayLike<unknown>
  const values = Array.from(vector.nulls, (isNull, row) =>
    isNull === 1 ? undefined : sketchValue(cells[row]),
  )
  const isWrong = fn === "percentile" && values.some(value => value !== undefined && !Number.isFinite(value))
  return isWrong ? undefined : { column, fn, values }
}

/** Whole numbers are numbers, whatever they are stored as; beyond 2^53 they are their digits. */
function sketchValue(cell: unknown): SketchValue {
  if (typeof cell === "number" || typeof cell === "string") return cell
  if (typeof cell !== "bigint") return Buffer.from(cell as Uint8Array).toString("hex")
  const number = Number(cell)
  return Number.isSafeInteger(number) ? number : String(cell)
}

export const kindOf = (fn: SketchFn): SketchKind<Sketch> =>
  (fn === "distinct" ? distinctSketch : percentileSketch) as SketchKind<Sketch>

/** The sketches of groups of groups. */
export function mergeSketches(state: SketchState, { groups, groupOf }: Grouping): SketchState {
  const { column, fn, values, sketches = [] } = state
  const kind = kindOf(fn)
  const merged = new Array<Sketch | undefined>(groups).fill(undefined)
  for (let row = 0; row < groupOf.length; row++) {
    const group = groupOf[row]!
    const value = values?.[row]
    const sketch = sketches[row]
    if (value !== undefined) merged[group] = kind.add(merged[group] ?? kind.create(), value)
    else if (sketch !== undefined) merged[group] = kind.merge(merged[group] ?? kind.create(), sketch)
  }
  return { column, fn, sketches: merged }
}
