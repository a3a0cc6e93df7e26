import type { QueryLimits, SqlAnswer } from "../../types.ts"
import type { BlockColumn } from "../columns/block-column.ts"
import type { Block } from "../columns/column-store.ts"
import type { DirectPlan } from "../plan.ts"
import { Answer } from "./answer.ts"
import type { Cell } from "./cell.ts"
import { evaluator, type Row } from "./evaluate.ts"
import type { Selection } from "./selection.ts"
import { Top, wantedOf } from "./top.ts"

interface Place {
  readonly block: Block
  readonly row: number
}

function cellAt(column: BlockColumn | undefined, row: number): Cell {
  if (column === undefined) throw new RangeError("a block without a column")
  if (column.kind === "codes") {
    const code = column.codes[row]!
    return code === 0 ? null : column.dictionary.values[code]!
  }
  return column.nulls?.[row] === 1 ? null : column.values[row]!
}

class PlaceRow implements Row {
  block: Block | undefined
  row = 0

  column(name: string): Cell {
    return cellAt(this.block?.columns.get(name), this.row)
  }

  group(index: number): Cell {
    throw new RangeError(`a group beside rows: ${index}`)
  }

  aggregate(index: number): Cell {
    throw new RangeError(`an aggregate beside rows: ${index}`)
  }
}

/** Rows as they are, in order and within a limit. */
export class RowCollector {
  readonly #plan: DirectPlan
  readonly #limits: QueryLimits
  readonly #wanted: number
  readonly #top: Top<Place>
  readonly #keys: readonly ((row: Row) => Cell)[]
  readonly #row = new PlaceRow()
  #taken = 0

  constructor(plan: DirectPlan, limits: QueryLimits) {
    this.#plan = plan
    this.#limits = limits
    this.#wanted = wantedOf(plan, limits)
    this.#top = new Top(plan.order, this.#wanted)
    this.#keys = plan.order.map(({ by }) => evaluator(by))
  }

  /** No further row can be in the answer. */
  get isFull(): boolean {
    return this.#keys.length === 0 && this.#taken >= this.#wanted
  }

  add(block: Block, { all, count, rows }: Selection): void {
    this.#row.block = block
    for (let at = 0; at < count && !this.isFull; at++) {
      const row = all ? at : rows[at]!
      this.#row.row = row
      this.#taken++
      this.#top.add({ keys: this.#keys.map(key => key(this.#row)), item: { block, row } })
    }
  }

  /** Throws `QueryError`. */
  finish(): Pick<SqlAnswer, "columns" | "rows"> {
    const answer = new Answer(this.#plan, this.#limits)
    const outputs = this.#plan.outputs.map(({ value }) => evaluator(value))
    const cell = (at: number): Cell => outputs[at]!(this.#row)
    for (const { item } of this.#top.entries().slice(this.#plan.skip, this.#wanted)) {
      this.#row.block = item.block
      this.#row.row = item.row
      answer.add(cell)
    }
    return answer.finish()
  }
}
