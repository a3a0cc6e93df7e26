import type { Aggregators } from "../../definition/job/aggregators.ts"
import type { Operator as GraphOperator, WindowResult } from "../../definition/job/graph.ts"
import type { Operator, OperatorContext } from "../operator.ts"
import type { KeyReader } from "../state/keys.ts"
import { QuickSessions } from "./quick-sessions.ts"
import type { WindowContent } from "./window-result.ts"
import { WindowSlices } from "./window-slices.ts"

/** Aggregates that come to the same, whatever parts of the records are aggregated first. */
const EXACT_IN_PARTS: ReadonlySet<string> = new Set([
  "count",
  "countIf",
  "min",
  "max",
  "countDistinct",
  "topK",
])

/**
 * The quicker operator for a window that fires once, at its end by event time, and does nothing else; undefined: there
 * is none that gives the same. Which one it is depends on nothing that may change while its state is kept.
 */
export function quickWindow(
  operator: Extract<GraphOperator, { kind: "window" }>,
  parts: { readonly keys: KeyReader; readonly content: WindowContent },
  context: OperatorContext,
): Operator | undefined {
  const { assigner, trigger, allowedLatenessMs, result } = operator
  if (trigger !== undefined || allowedLatenessMs !== 0) return undefined
  switch (assigner.kind) {
    case "tumbling": {
      if (assigner.time !== "event" || result.kind === "process") return undefined
      return new WindowSlices({ ...parts, ...assigner, slideMs: assigner.sizeMs }, context)
    }
    case "hopping": {
      const { sizeMs, slideMs, time } = assigner
      if (time !== "event" || sizeMs % slideMs !== 0 || !isExactInParts(result)) return undefined
      return new WindowSlices({ ...parts, ...assigner }, context)
    }
    case "session":
      if (assigner.time !== "event" || typeof assigner.gapMs === "function") return undefined
      return result.kind === "process" || !(assigner.gapMs > 0)
        ? undefined
        : new QuickSessions(assigner.gapMs, parts, context)
    default:
      return undefined
  }
}

function isExactInParts(result: WindowResult): boolean {
  if (result.kind !== "aggregate") return false
  const aggregators = Object.values(result.aggregators as Aggregators<never>)
  return aggregators.every(({ kind }) => EXACT_IN_PARTS.has(kind))
}
