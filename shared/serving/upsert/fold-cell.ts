import type { ColumnType, UpsertStrategy } from "../../definition/table-spec.ts"
import { compareText } from "../expression/comparison.ts"
import type { Cell } from "./row-image.ts"

const INT_MAX = 2 ** 31 - 1
const LONG_MAX = 2n ** 63n - 1n
/** DECIMAL(38,9), unscaled. */
const DECIMAL_MAX = 10n ** 38n - 1n

/**
 * A column's value after a record of a partial upsert: where one of the two is null the other one stays, as in Pinot.
 * Undefined: the column cannot hold the result.
 */
export function foldCell(
  strategy: UpsertStrategy,
  type: ColumnType,
  before: Cell,
  own: Cell,
): Cell | undefined {
  if (before === null) return own
  if (own === null) return before
  switch (strategy) {
    case "overwrite":
      return own
    case "ignore":
      return before
    case "min":
      return order(type, own, before) < 0 ? own : before
    case "max":
      return order(type, own, before) > 0 ? own : before
    case "increment":
      return sum(type, before, own)
    case "append":
      return [...listOf(before), ...listOf(own)]
    case "union":
      return distinct([...listOf(before), ...listOf(own)])
  }
}

const listOf = (cell: Cell): readonly Cell[] => (Array.isArray(cell) ? (cell as readonly Cell[]) : [cell])

/** In the order in which they came first. */
function distinct(cells: readonly Cell[]): readonly Cell[] {
  const seen = new Set<Cell>()
  return cells.filter(cell => {
    const key = cell instanceof Uint8Array ? Buffer.from(cell).toString("latin1") : cell
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function order(type: ColumnType, a: Cell, b: Cell): number {
  if (typeof a === "string" && typeof b === "string") return type === "string" ? compareText(a, b) : 0
  if (a instanceof Uint8Array && b instanceof Uint8Array) return Buffer.compare(a, b)
  // NaN is the lowest, as in comparisons of keys' rows.
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(b)) - Number(Number.isNaN(a))
  return a! < b! ? -1 : a! > b! ? 1 : 0
}

function sum(type: ColumnType, before: Cell, own: Cell): Cell | undefined {
  if (typeof before === "bigint" && typeof own === "bigint") {
    const total = before + own
    const max = type === "decimal" ? DECIMAL_MAX : LONG_MAX
    const min = type === "decimal" ? -DECIMAL_MAX : -LONG_MAX - 1n
    return total > max || total < min ? undefined : total
  }
  if (typeof before !== "number" || typeof own !== "number") return undefined
  const total = before + own
  if (type === "int") return total > INT_MAX || total < -INT_MAX - 1 ? undefined : total
  return type === "float" ? Math.fround(total) : total
}
