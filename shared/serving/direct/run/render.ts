import { instantText } from "../../expression/calendar.ts"
import { DECIMAL_SCALE } from "../../ingest/column.ts"
import type { SqlColumn, SqlValue } from "../../types.ts"
import type { ValueType } from "../plan.ts"
import type { Cell } from "./cell.ts"

/** How values of a type are written, with Pinot's name of the type: what the other engine's answers have. */
export interface Rendering {
  readonly type: string
  readonly render: (cell: Exclude<Cell, null>) => SqlValue
}

/** The shortest decimal that is the same 32-bit number, as Java and DuckDB print it. */
function shortFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits))
    if (Math.fround(short) === value) return short
  }
  return value
}

/** `2001-01-14 21:30:00.0`: as JDBC and Pinot print an instant, in UTC. */
function instant(cell: Cell): string {
  const text = instantText(Number(cell))
  return /\d:\d\d$/.test(text) ? `${text}.0` : text
}

function decimal(cell: Cell): string {
  const unscaled = BigInt(cell as number | bigint)
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(DECIMAL_SCALE + 1, "0")
  const fraction = digits.slice(-DECIMAL_SCALE).replace(/0+$/, "")
  const whole = digits.slice(0, -DECIMAL_SCALE)
  return `${unscaled < 0n ? "-" : ""}${whole}${fraction === "" ? "" : `.${fraction}`}`
}

const asIs = (cell: Exclude<Cell, null>): SqlValue => cell

const renderings: Readonly<Record<ValueType, Rendering>> = {
  string: { type: "STRING", render: asIs },
  json: { type: "JSON", render: asIs },
  bytes: { type: "BYTES", render: asIs },
  int: { type: "INT", render: asIs },
  long: { type: "LONG", render: asIs },
  huge: { type: "LONG", render: asIs },
  float: { type: "FLOAT", render: cell => shortFloat(Number(cell)) },
  double: { type: "DOUBLE", render: asIs },
  boolean: { type: "BOOLEAN", render: cell => cell === true || cell === 1 },
  timestamp: { type: "TIMESTAMP", render: instant },
  decimal: { type: "BIG_DECIMAL", render: decimal },
}

export function renderingOf(type: ValueType): Rendering {
  return renderings[type]
}

const INT64_MIN = -(2n ** 63n)
const INT64_MAX = 2n ** 63n - 1n

/** Makes a column of sums beyond 64 bits BIG_DECIMAL, as text. */
export function settleWide(columns: SqlColumn[], rows: SqlValue[][], at: number): void {
  const isOutside = (cell: SqlValue | undefined): boolean =>
    typeof cell === "bigint" && (cell < INT64_MIN || cell > INT64_MAX)
  if (!rows.some(row => isOutside(row[at]))) return
  columns[at] = { name: columns[at]?.name ?? "", type: "BIG_DECIMAL" }
  for (const row of rows) if (row[at] !== null) row[at] = String(row[at])
}
