import type { Dimension } from "./dimension.ts"
import { groupRows } from "./group-rows.ts"

/** Rows that are looked at to tell how many groups all of them make. */
const SAMPLE_ROWS = 32_768

/** Tells how many combinations of dimensions rows have, about, from some of them at even distances. */
export class GroupSample {
  readonly #dimensions: readonly Dimension[]
  readonly #sampled: number
  readonly #rows: number

  constructor(dimensions: readonly Dimension[], rows: number) {
    this.#rows = rows
    this.#sampled = Math.min(rows, SAMPLE_ROWS)
    const stride = rows / this.#sampled
    this.#dimensions = dimensions.map(dimension => ({
      ...dimension,
      ids: Uint32Array.from({ length: this.#sampled }, (_, at) => dimension.ids[Math.floor(at * stride)]!),
    }))
  }

  /**
   * Chao's lower bound (1984): groups that were seen, and f1² / 2 f2 that were not, where f1 groups were seen once and f2
   * twice. Exact where all rows are in the sample.
   * @param kept indexes of dimensions
   */
  estimate(kept: readonly number[]): number {
    const { groups, groupOf } = groupRows(
      kept.map(index => this.#dimensions[index]!),
      this.#sampled,
    )
    if (this.#sampled === this.#rows) return groups
    const counts = new Uint32Array(groups)
    for (const group of groupOf) counts[group]!++
    let once = 0
    let twice = 0
    for (const count of counts) {
      if (count === 1) once++
      else if (count === 2) twice++
    }
    return Math.min(this.#rows, groups + (once * (once - 1)) / (2 * (twice + 1)))
  }
}
