/**
 * A value of an answer before it is written: integers as numbers where they are safe, else as bigints; decimals the
 * same, unscaled; timestamps as epoch ms.
 */
export type Cell = null | boolean | number | bigint | string

/** The smaller form of an integer. */
export function integerCell(value: bigint): Cell {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : value
}
