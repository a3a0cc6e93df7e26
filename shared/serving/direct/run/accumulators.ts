import { DECIMAL_SCALE } from "../../ingest/column.ts"
import type { Block, ColumnStore } from "../columns/column-store.ts"
import { type Dictionary, GivenUp } from "../columns/dictionary.ts"
import { isCoded } from "../columns/encode.ts"
import type { AggregateCall, Scalar } from "../plan.ts"
import { scalarKey } from "../planning/scalar.ts"
import { type Accumulator, CountAccumulator, TextExtremeAccumulator } from "./accumulator.ts"
import { conditionOf } from "./condition.ts"
import { codesKey, codesOf, dictionaryOf, prepareScalar } from "./derived.ts"
import type { Aggregated } from "./grouping.ts"
import { extremeCodes, extremeSource, levelCounts, sumSource } from "./level-columns.ts"
import {
  average,
  DistinctAccumulator,
  ExtremeAccumulator,
  SumAccumulator,
  type SumKind,
  sumOfIntegers,
} from "./number-accumulators.ts"
import { DistinctSketches, QuantileSketches } from "./sketch-accumulators.ts"

/** What a statement runs over: blocks that hold the columns which it reads. */
export interface Scan {
  readonly table: string
  readonly store: ColumnStore
  readonly blocks: readonly Block[]
  /** Every group is made by a row. */
  readonly isGrouped: boolean
}

interface Summing {
  readonly kind: SumKind
  /** A row of a group may add nothing to its sum. */
  readonly isPartial: boolean
}

/** How to sum: a double stays exact while the greatest value times the rows does. */
function summing(argument: Scalar, { blocks }: Scan): Summing {
  let greatest = 0
  let rows = 0
  let isPartial = false
  for (const block of blocks) {
    const { min, max, nulls } = sumSource(argument, block.columns)
    isPartial ||= nulls.length > 0 || levelCounts(block.columns, undefined) !== undefined
    greatest = Math.max(greatest, Math.abs(min), Math.abs(max))
    rows += block.rows
  }
  if (argument.type === "double" || argument.type === "float") return { kind: "double", isPartial }
  return { kind: greatest * rows <= Number.MAX_SAFE_INTEGER ? "exact" : "halves", isPartial }
}

function scaleOf({ type }: Scalar): number {
  return type === "decimal" ? 10 ** DECIMAL_SCALE : 1
}

/** Where a value's nulls are seen: its own column, or that of its codes. */
function columnKey(scalar: Scalar): string {
  return scalar.kind === "column" ? scalar.column : scalarKey(scalar)
}

/** That of the column, which extremes in a level share. */
function extremeDictionary(name: string, isMax: boolean, { blocks, store, table }: Scan): Dictionary {
  let found: Dictionary | undefined
  for (const block of blocks) {
    const column = extremeCodes(name, isMax, block.columns)
    if (column?.kind !== "codes") throw new GivenUp("an extreme of what is no text")
    if (found !== undefined && column.dictionary !== found) throw new GivenUp("two dictionaries")
    found = column.dictionary
  }
  return found ?? store.dictionary(table, name, "")
}

function extreme(argument: Scalar, isMax: boolean, scan: Scan): Accumulator {
  if (argument.kind !== "column" || !isCoded(argument.type)) return new ExtremeAccumulator(argument, isMax)
  const words = extremeDictionary(argument.column, isMax, scan)
  return new TextExtremeAccumulator(argument.column, isMax, words.ranking())
}

function distinct(argument: Scalar, { table, store, blocks }: Scan): Accumulator {
  for (const block of blocks) codesOf(argument, block, store, table)
  const plain = argument.kind === "column" && isCoded(argument.type)
  const key = plain ? argument.column : codesKey(argument)
  return new DistinctAccumulator(key, dictionaryOf(blocks, key)?.size ?? 1)
}

function sum({ fn, filter }: AggregateCall, argument: Scalar, scan: Scan): Accumulator {
  const { kind, isPartial } = summing(argument, scan)
  if (fn === "avg") return new SumAccumulator(argument, kind, true, average(scaleOf(argument)))
  // Without groups there may be no row at all.
  const counted = isPartial || filter !== undefined || !scan.isGrouped
  return new SumAccumulator(argument, kind, counted, sumOfIntegers)
}

function accumulatorOf(call: AggregateCall, scan: Scan): Accumulator {
  const { fn, argument, share } = call
  if (argument === undefined) return new CountAccumulator(undefined)
  if (fn === "count_distinct") return distinct(argument, scan)
  for (const block of scan.blocks) prepareScalar(argument, block, scan.store)
  switch (fn) {
    case "count":
      return new CountAccumulator(columnKey(argument))
    case "sum":
    case "avg":
      return sum(call, argument, scan)
    case "approx_distinct":
      return new DistinctSketches(columnKey(argument))
    case "approx_quantile":
      return new QuantileSketches(columnKey(argument), argument.type, share ?? 0)
    default:
      for (const block of scan.blocks) {
        if (!isCoded(argument.type)) extremeSource(argument, fn === "max", block.columns)
      }
      return extreme(argument, fn === "max", scan)
  }
}

/** The statement's aggregates over these blocks. Throws `GivenUp`. */
export function accumulators(calls: readonly AggregateCall[], scan: Scan): readonly Aggregated[] {
  return calls.map(call => ({
    accumulator: accumulatorOf(call, scan),
    filter: call.filter === undefined ? undefined : conditionOf(call.filter),
  }))
}
