/** A value as it stands in a cell: its JSON text, but strings bare and null as NULL. */
export type Cell = string

const controls = /[\n\r\t]/g
const escaped: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/** One cell is one line, whatever its text. */
const oneLine = (cell: Cell) => cell.replace(controls, control => escaped[control] ?? control)

/**
 * Rows under their column names, aligned: numbers to the right, all else to the left.
 * @param numeric for each column whether it holds numbers
 */
export function textTable(
  names: readonly string[],
  rows: readonly (readonly Cell[])[],
  numeric: readonly boolean[],
): string {
  const cells = rows.map(row => row.map(oneLine))
  const widths = names.map((name, i) =>
    cells.reduce((width, row) => Math.max(width, row[i]?.length ?? 0), name.length),
  )
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (numeric[i] ? cell.padStart(widths[i] ?? 0) : cell.padEnd(widths[i] ?? 0)))
      .join("  ")
      .trimEnd()
  const rule = widths.map(width => "-".repeat(width)).join("  ")
  return `${[line(names), rule, ...cells.map(line)].join("\n")}\n`
}
