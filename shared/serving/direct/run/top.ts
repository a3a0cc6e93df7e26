import type { QueryLimits } from "../../types.ts"
import type { DirectPlan, Order } from "../plan.ts"
import type { Cell } from "./cell.ts"
import { compareCells } from "./evaluate.ts"

/** An entry of an order: what it is sorted by, and which row it is. */
export interface Ranked<T> {
  readonly keys: readonly Cell[]
  readonly item: T
}

/** Entries kept beyond those that are wanted, so that sorting is rare. */
const SLACK = 4_096

/** Entries that an answer needs: those that it skips, too, and at most one more than a reply may hold. */
export function wantedOf({ skip, limit }: DirectPlan, { rowsMax }: QueryLimits): number {
  return skip + Math.min(limit, rowsMax + 1)
}

function comparator(order: readonly Order[]): (a: Ranked<unknown>, b: Ranked<unknown>) => number {
  const directions = order.map(({ descending }) => (descending ? -1 : 1))
  const ofNulls = order.map(({ nullsFirst }) => (nullsFirst ? -1 : 1))
  return ({ keys: a }, { keys: b }) => {
    for (let at = 0; at < directions.length; at++) {
      const x = a[at]!
      const y = b[at]!
      if (x === y) continue
      if (x === null) return ofNulls[at]!
      if (y === null) return -ofNulls[at]!
      const difference = compareCells(x, y)
      if (difference !== 0) return difference * directions[at]!
    }
    return 0
  }
}

/** The first of many entries in an order; of equal ones those that came first. */
export class Top<T> {
  readonly #wanted: number
  readonly #compare: (a: Ranked<unknown>, b: Ranked<unknown>) => number
  #entries: Ranked<T>[] = []
  #last: Ranked<T> | undefined

  constructor(order: readonly Order[], wanted: number) {
    this.#wanted = wanted
    this.#compare = comparator(order)
  }

  add(entry: Ranked<T>): void {
    if (this.#last !== undefined && this.#compare(entry, this.#last) >= 0) return
    this.#entries.push(entry)
    if (this.#entries.length >= this.#wanted + SLACK) this.#cut()
  }

  #cut(): void {
    this.#entries.sort(this.#compare)
    this.#entries.length = Math.min(this.#entries.length, this.#wanted)
    if (this.#entries.length === this.#wanted) this.#last = this.#entries.at(-1)
  }

  /** In order. */
  entries(): readonly Ranked<T>[] {
    this.#cut()
    return this.#entries
  }
}
