import type { FlatVector } from "./plain-values.ts"

/** The different values of a column, and each row's number among them. */
export interface Dictionary {
  /** The rows that the values came in first. */
  readonly rows: Uint32Array
  readonly ids: Uint32Array
}

/** Rows that are looked at before a dictionary is made. */
const SAMPLE = 1_000
/** Texts of which more are different are kept as they are … */
const TEXT_SHARE_MAX = 0.5
/** … and so are numbers, which take few bytes as they are. */
const NUMBER_SHARE_MAX = 0.25

/**
 * A dictionary of the rows from `start` to `end`, nulls left out, where it takes far fewer bytes than the values;
 * else undefined.
 * @param rows those that are no nulls, ascending; undefined: all
 */
export function dictionaryOf(
  column: FlatVector,
  rows: Uint32Array | undefined,
  start: number,
  end: number,
): Dictionary | undefined {
  const { type } = column
  if (type === "boolean" || type === "bytes" || type === "decimal") return undefined
  const isText = type === "string" || type === "json"
  const count = rows?.length ?? end - start
  const valueAt = reader(column)
  const rowAt = (at: number) => (rows === undefined ? start + at : rows[at]!)
  const share = isText ? TEXT_SHARE_MAX : NUMBER_SHARE_MAX
  const sample = new Set<number | string>()
  const step = Math.max(1, count / SAMPLE)
  let looked = 0
  for (let at = 0; at < count; at += step, looked++) sample.add(valueAt(rowAt(Math.floor(at))))
  if (count === 0 || sample.size > 1 + looked * share) return undefined
  const numbers = new Map<number | string, number>()
  const ids = new Uint32Array(count)
  const first: number[] = []
  const most = 1 + count * share
  for (let at = 0; at < count; at++) {
    const row = rowAt(at)
    const value = valueAt(row)
    let id = numbers.get(value)
    if (id === undefined) {
      id = numbers.size
      if (id > most) return undefined
      numbers.set(value, id)
      first.push(row)
    }
    ids[at] = id
  }
  return { rows: Uint32Array.from(first), ids }
}

/** A value's key in a Map: bigints are slow keys, and doubles that are no whole numbers tell them apart as well. */
function reader(column: FlatVector): (row: number) => number | string {
  if (column.type !== "long" && column.type !== "timestamp") {
    const { values } = column
    return row => {
      const value = values[row] as number | string
      return Object.is(value, -0) ? "-0" : value
    }
  }
  const { values } = column
  const halves = new Int32Array(values.buffer, values.byteOffset, values.length * 2)
  return row => {
    const high = halves[2 * row + 1]!
    const low = halves[2 * row]! >>> 0
    // Above 53 bits a double would take neighbours for one.
    return high >= -0x1f_ffff && high <= 0x1f_ffff ? high * 2 ** 32 + low : `${high},${low}`
  }
}
