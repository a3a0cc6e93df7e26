import type { PercentilesSketch } from "../../../definition/index.ts"
import { stateColumn } from "../../rollup/level-columns.ts"
import {
  type DistinctSketch,
  distinctResult,
  distinctSketch,
  percentileResult,
  percentileSketch,
  type SketchKind,
  type SketchValue,
} from "../../rollup/sketch.ts"
import type { BlockColumn } from "../columns/block-column.ts"
import { GivenUp } from "../columns/dictionary.ts"
import type { ValueType } from "../plan.ts"
import { type Accumulator, guarded } from "./accumulator.ts"
import type { Cell } from "./cell.ts"
import type { Code } from "./code.ts"

/** A sketch of each group: of values, or of the sketches of a level. */
abstract class Sketches<S> implements Accumulator {
  readonly #sketches: (S | undefined)[] = []
  readonly #column: string
  readonly #kind: SketchKind<S>
  readonly #part: "distinct" | "percentile"

  constructor(column: string, part: "distinct" | "percentile", kind: SketchKind<S>) {
    this.#column = column
    this.#part = part
    this.#kind = kind
  }

  reserve(): void {}

  init(group: number): void {
    this.#sketches[group] = undefined
  }

  initSource(code: Code): string {
    return `${code.bind(this.#sketches)}[g]=undefined;`
  }

  updateSource(code: Code, columns: ReadonlyMap<string, BlockColumn>): string {
    const sketches = this.#sketches
    const kind = this.#kind
    const ofLevel = columns.get(stateColumn(this.#part, this.#column))
    if (ofLevel?.kind === "codes") {
      const { values } = ofLevel.dictionary
      const merge = (group: number, coded: number): void => {
        sketches[group] = kind.merge(sketches[group] ?? kind.create(), kind.decode(String(values[coded])))
      }
      return `{const x=${code.bind(ofLevel.codes)}[r];if(x!==0)${code.bind(merge)}(g,x)}`
    }
    const add = (group: number, value: SketchValue): void => {
      sketches[group] = kind.add(sketches[group] ?? kind.create(), value)
    }
    const column = columns.get(this.#column)
    if (column?.kind === "codes") {
      const { values } = column.dictionary
      const addCoded = (group: number, coded: number): void => add(group, values[coded] as SketchValue)
      return `{const x=${code.bind(column.codes)}[r];if(x!==0)${code.bind(addCoded)}(g,x)}`
    }
    if (column === undefined) throw new GivenUp("an approximation of what is no column")
    const nulls = column.nulls === undefined ? [] : [column.nulls]
    return guarded(code, nulls, `${code.bind(add)}(g,${code.bind(column.values)}[r]);`)
  }

  result(group: number): Cell {
    return this.of(this.#sketches[group])
  }

  protected abstract of(sketch: S | undefined): Cell
}

/** How many different values there are, about. */
export class DistinctSketches extends Sketches<DistinctSketch> {
  /** @param column of the block that holds the values */
  constructor(column: string) {
    super(column, "distinct", distinctSketch)
  }

  protected of(sketch: DistinctSketch | undefined): Cell {
    return sketch === undefined ? 0 : distinctResult(sketch)
  }
}

/** A value below which a share of the values lies, about. */
export class QuantileSketches extends Sketches<PercentilesSketch> {
  readonly #type: ValueType
  readonly #share: number

  constructor(column: string, type: ValueType, share: number) {
    super(column, "percentile", percentileSketch)
    this.#type = type
    this.#share = share
  }

  protected of(sketch: PercentilesSketch | undefined): Cell {
    const value = sketch === undefined ? null : percentileResult(sketch, this.#share)
    if (value === null) return null
    // Decimals are unscaled in blocks and in cells alike.
    return this.#type === "double" || this.#type === "float" ? value : Math.round(value)
  }
}
