import { murmur2 } from "../../log/records/index.ts"
import type { Predicate } from "../direct/plan.ts"
import type { ColumnVector } from "../ingest/column.ts"
import type { MakeCompanions } from "../segment/companions.ts"
import type { Placement } from "../segment/segment-key.ts"
import type { PinnedTable, TableFile } from "../types.ts"
import type { IndexValue } from "./distinct.ts"
import { conditionOf, type Leaf, pointsOf } from "./interval.ts"
import { heldColumn } from "./segment-facts.ts"
import { ANY, type Judge, judge, NONE } from "./verdict.ts"

/** Every hash is below it: of one hash alone, all that equal it are. */
const HASHES = 2 ** 31

/** Bytes of a text's UTF-8 that are hashed without memory of their own. */
const SCRATCH_BYTES = 1_024
/** A character's UTF-8, at most, for each unit of a text. */
const UTF8_BYTES_MAX = 3

const scratch = Buffer.alloc(SCRATCH_BYTES)

/** What the default partitioner makes of a log key that says the value: a string as it is, a number as its digits. */
function hashOf(value: IndexValue): number {
  const text = String(value)
  if (text.length * UTF8_BYTES_MAX > SCRATCH_BYTES) return murmur2(Buffer.from(text)) & 0x7fffffff
  return murmur2(scratch, 0, scratch.write(text)) & 0x7fffffff
}

function greatestDivisor(a: number, b: number): number {
  let [left, right] = [a, b]
  while (right !== 0) [left, right] = [right, left % right]
  return left
}

/**
 * What the hashes of a column's values have in common. It is found in the values themselves: who put them into the
 * partition, by what rule and among how many, does not matter. Undefined where they have nothing in common that
 * `partitions` has too, where some are null, and for types that are no keys of a log. Stops as soon as it knows.
 */
export function placementOf(column: ColumnVector, partitions: number): Placement | undefined {
  const { type, nullCount, values } = column
  if (type !== "string" && type !== "int" && type !== "long") return undefined
  if (nullCount > 0 || values.length === 0 || partitions < 2) return undefined
  const first = hashOf(values[0]!)
  let modulus = 0
  let last: IndexValue = values[0]!
  for (let row = 1; row < values.length; row++) {
    const value = values[row]!
    if (value === last) continue
    last = value
    modulus = greatestDivisor(modulus, Math.abs(hashOf(value) - first))
    if (greatestDivisor(modulus, partitions) === 1) return undefined
  }
  return modulus === 0 ? [HASHES, first] : [modulus, first % modulus]
}

/** Finds what segments' pointers say of the places of their keys. */
export const placementCompanions: MakeCompanions = ({ table, columns, batch }) => {
  const places: Record<string, Placement> = {}
  for (const [at, { name }] of columns.entries()) {
    const placement = placementOf(batch.columns[at]!, table.partitions)
    if (placement !== undefined) places[name] = placement
  }
  return { pointer: Object.keys(places).length === 0 ? {} : { places }, objects: [] }
}

/** Hashes of the values that a condition asks for; undefined: it asks for others too. Conditions are kept with plans. */
const asked = new WeakMap<readonly unknown[], Uint32Array | "any">()

function hashesOf({ intervals }: Leaf): Uint32Array | "any" {
  let hashes = asked.get(intervals)
  if (hashes === undefined) {
    const points = pointsOf(intervals)
    hashes = points?.every(isPlain) === true ? Uint32Array.from(points, hashOf) : "any"
    asked.set(intervals, hashes)
  }
  return hashes
}

/** Equal to one text, or to one whole number alone. */
const isPlain = (value: IndexValue) => typeof value !== "number" || Number.isSafeInteger(value)

/** Judges conditions by where their values would lie. A null is in no such column. */
export function judgeByPlaces(
  table: PinnedTable,
  file: TableFile,
  places: (column: string) => Placement | undefined,
): Judge {
  return condition => {
    if (condition.kind === "null") return ANY
    const place = places(condition.column)
    if (place === undefined) return ANY
    const held = heldColumn(table, file, condition.column)
    const isText = held.kind === "held" && held.spec.type === "string"
    if (held.kind !== "held" || !condition.intervals.every(({ low }) => (typeof low === "string") === isText))
      return ANY
    const hashes = hashesOf(condition)
    if (hashes === "any") return ANY
    const [modulus, rest] = place
    for (const hash of hashes) if (hash % modulus === rest) return ANY
    return NONE
  }
}

/** Of a tail's columns, as far as they were asked for. */
const ofColumns = new WeakMap<ColumnVector, Placement | "none">()

/** Has a divisor in common with every number of partitions that a small prime divides: a tail's file does not say how many. */
const SMALL_PRIMES = 2 * 3 * 5 * 7 * 11 * 13 * 17 * 19

function tailPlace({ batch, columns = [] }: TableFile, name: string): Placement | undefined {
  const vector = batch?.columns[columns.findIndex(column => column.name === name)]
  if (vector === undefined) return undefined
  let known = ofColumns.get(vector)
  if (known === undefined) {
    known = placementOf(vector, SMALL_PRIMES) ?? "none"
    ofColumns.set(vector, known)
  }
  return known === "none" ? undefined : known
}

/**
 * The files of a tail that may hold rows for which the condition is true. Their rows are gone through once, which is worth
 * it where a file has to be made of them.
 */
export function placedTail(table: PinnedTable, filter: Predicate | undefined): readonly TableFile[] {
  if (filter === undefined || table.tail.length < 2) return table.tail
  const condition = conditionOf(filter)
  return table.tail.filter(
    file =>
      judge(
        condition,
        judgeByPlaces(table, file, name => tailPlace(file, name)),
      ).rows !== "none",
  )
}
