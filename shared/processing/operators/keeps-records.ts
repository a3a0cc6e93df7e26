import type { Aggregators } from "../../definition/job/aggregators.ts"
import type { Operator } from "../../definition/job/graph.ts"

/** Aggregates whose accumulators hold single values alone, never a record or a part of one. */
const SINGLE_VALUES: ReadonlySet<string> = new Set([
  "count",
  "countIf",
  "sum",
  "avg",
  "min",
  "max",
  "countDistinct",
  "approxCountDistinct",
  "topK",
  "percentiles",
])

/**
 * Whether a step's functions may put a record, or an object out of it, into the step's state. Such a step is given
 * plain data, since a lazy record is valid during a call only. Steps that keep records themselves see to that alone.
 */
export function keepsRecords(operator: Operator): boolean {
  switch (operator.kind) {
    case "process":
      return true
    case "aggregate":
      return holdObjects(operator.aggregators)
    case "window":
      return operator.result.kind === "aggregate" && holdObjects(operator.result.aggregators)
    default:
      return false
  }
}

function holdObjects(aggregators: Aggregators<never>): boolean {
  return Object.values(aggregators).some(({ kind }) => !SINGLE_VALUES.has(kind))
}
