import type { ColumnVector } from "../ingest/column.ts"
import type { Zone } from "../segment/segment-key.ts"
import { compareValues, type IndexValue, indexValues } from "./distinct.ts"
import { textAfter } from "./interval.ts"

/** Characters of a text in a zone: enough to tell cities, codes and most ids apart, few enough for a pointer. */
export const ZONE_TEXT_MAX = 16

/** The column's least and greatest value, outwards where they do not fit; undefined where it has no order. */
export function zoneOf(column: ColumnVector): Zone | undefined {
  const values = indexValues(column)
  if (values === undefined) return undefined
  let min: IndexValue | undefined
  let max: IndexValue | undefined
  for (let row = 0; row < values.length; row++) {
    if (column.nulls[row] === 1) continue
    const value = values[row]!
    if (min === undefined || compareValues(value, min) < 0) min = value
    if (max === undefined || compareValues(value, max) > 0) max = value
  }
  const hasNull = column.nullCount > 0 ? 1 : 0
  if (min === undefined || max === undefined) return [null, null, hasNull]
  // JSON has no such numbers.
  if (isEndless(min) || isEndless(max)) return undefined
  const above = upwards(max)
  return above === undefined ? undefined : [downwards(min), above, hasNull]
}

const isEndless = (value: IndexValue) => typeof value === "number" && !Number.isFinite(value)

function downwards(value: IndexValue): number | string {
  if (typeof value === "string") return head(value)
  return typeof value === "number" ? value : -roundedUp(-value)
}

/** Undefined for a text that nothing stands above. */
function upwards(value: IndexValue): number | string | undefined {
  if (typeof value === "string") {
    const cut = head(value)
    return cut === value ? value : textAfter(cut)
  }
  return typeof value === "number" ? value : roundedUp(value)
}

const head = (text: string) =>
  text.length <= ZONE_TEXT_MAX ? text : [...text].slice(0, ZONE_TEXT_MAX).join("")

/** The least of the doubles near a bigint that is not below it. */
function roundedUp(value: bigint): number {
  const near = Number(value)
  if (BigInt(near) >= value) return near
  // Doubles of one sign are in the order of their bits.
  const bits = new BigInt64Array(Float64Array.of(near).buffer)
  bits[0]! += near < 0 ? -1n : 1n
  return new Float64Array(bits.buffer)[0]!
}
