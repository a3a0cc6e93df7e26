import { QueryError } from "../../errors.ts"
import { jsonBytes } from "../../sql/json-bytes.ts"
import type { QueryLimits, SqlColumn, SqlValue } from "../../types.ts"
import type { DirectPlan, ValueType } from "../plan.ts"
import type { Cell } from "./cell.ts"
import { type Rendering, renderingOf, settleWide } from "./render.ts"

/** The rows of an answer as they come in, within a request's limits. */
export class Answer {
  readonly rows: SqlValue[][] = []
  readonly #columns: SqlColumn[]
  readonly #renderings: readonly Rendering[]
  readonly #types: readonly ValueType[]
  readonly #limits: QueryLimits
  #bytes = 0

  constructor({ outputs }: DirectPlan, limits: QueryLimits) {
    this.#types = outputs.map(({ value }) => value.type)
    this.#renderings = this.#types.map(renderingOf)
    this.#columns = outputs.map(({ name }, at) => ({ name, type: this.#renderings[at]!.type }))
    this.#limits = limits
  }

  /**
   * A row, of what each output comes to for it. Throws `QueryError` (`resource_limit`).
   * @param cell of an output, by its index
   */
  add(cell: (at: number) => Cell): void {
    if (this.rows.length >= this.#limits.rowsMax) {
      throw new QueryError(
        "resource_limit",
        `The answer has more than ${this.#limits.rowsMax} rows: add a smaller LIMIT`,
      )
    }
    const renderings = this.#renderings
    const row: SqlValue[] = []
    for (let at = 0; at < renderings.length; at++) {
      const value = cell(at)
      const rendered = value === null ? null : renderings[at]!.render(value)
      this.#bytes += jsonBytes(rendered)
      row.push(rendered)
    }
    if (this.#bytes > this.#limits.resultBytesMax) {
      throw new QueryError(
        "resource_limit",
        `The answer is larger than ${this.#limits.resultBytesMax} bytes: add a smaller LIMIT`,
      )
    }
    this.rows.push(row)
  }

  finish(): { readonly columns: readonly SqlColumn[]; readonly rows: readonly SqlValue[][] } {
    for (const [at, type] of this.#types.entries()) {
      if (type === "huge") settleWide(this.#columns, this.rows, at)
    }
    return { columns: this.#columns, rows: this.rows }
  }
}
