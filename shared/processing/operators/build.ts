import type { GraphNode, Operator as GraphOperator } from "../../definition/job/graph.ts"
import type { Trigger, WindowAssigner } from "../../definition/job/windows.ts"
import { ProcessingError } from "../errors.ts"
import type { Operator, OperatorContext } from "../operator.ts"
import { keyReader } from "../state/keys.ts"
import { CountWindows } from "./count-windows.ts"
import { Deduplicate } from "./deduplicate.ts"
import { FixedWindows } from "./fixed-windows.ts"
import { GlobalWindows } from "./global-windows.ts"
import { ProcessOperator } from "./process-operator.ts"
import { quickWindow } from "./quick-windows.ts"
import { SessionWindows } from "./session-windows.ts"
import { FilterOperator, FlatMapOperator, MapOperator, PassOperator, SplitOperator } from "./stateless.ts"
import { TimestampsOperator } from "./timestamps.ts"
import { TopN } from "./top-n.ts"
import { runningTrigger } from "./triggers.ts"
import { UpdatingAggregate } from "./updating.ts"
import { windowContent } from "./window-result.ts"

export interface BuildOptions {
  readonly bounded: boolean
  /** Called when an operator's own watermark rose in the middle of a batch. */
  readonly marked: () => void
}

/** Makes the operator that does what a node says. */
export function buildOperator(node: GraphNode, context: OperatorContext, options: BuildOptions): Operator {
  const { operator } = node
  const { output } = context
  switch (operator.kind) {
    case "source":
    case "files":
    case "union":
    case "side":
    case "topicSink":
    case "functionSink":
      return new PassOperator(output)
    case "map":
      return new MapOperator(operator.map as never, output)
    case "flatMap":
      return new FlatMapOperator(operator.flatMap as never, output)
    case "filter":
      return new FilterOperator(operator.filter as never, output)
    case "split":
      return new SplitOperator(operator.branches as never, context)
    case "timestamps": {
      const { timestamp, watermark } = operator
      return new TimestampsOperator({ timestamp: timestamp as never, watermark }, output, options.marked)
    }
    case "deduplicate": {
      const { by, ttlMs } = operator
      return new Deduplicate({ keys: keyReader(operator.key), by: by as never, ttlMs }, context)
    }
    case "window":
      return buildWindow(operator, context, options)
    case "aggregate":
      return new UpdatingAggregate(keyReader(operator.key), operator.aggregators, operator.ttl, context)
    case "topN": {
      const { n, by, order } = operator
      return new TopN({ keys: keyReader(operator.key), n, by: by as never, order }, context)
    }
    case "process":
      return new ProcessOperator(operator.spec, keyReader(operator.key), context)
  }
}

function buildWindow(
  operator: Extract<GraphOperator, { kind: "window" }>,
  context: OperatorContext,
  { bounded }: BuildOptions,
): Operator {
  const { assigner, allowedLatenessMs } = operator
  const keys = keyReader(operator.key)
  const content = windowContent(operator.result, context)
  if (assigner.kind === "count") {
    if (operator.trigger !== undefined)
      throw new ProcessingError("unsupported", "a count window has its own trigger")
    return new CountWindows(assigner, { keys, content }, context)
  }
  const quick = quickWindow(operator, { keys, content }, context)
  if (quick !== undefined) return quick
  const time = assigner.kind === "global" ? "event" : assigner.time
  const trigger = runningTrigger(triggerOf(assigner, operator.trigger, bounded), time)
  const parts = { keys, content, trigger, time, latenessMs: allowedLatenessMs }
  switch (assigner.kind) {
    case "global":
      return new GlobalWindows(parts, context)
    case "session":
      return new SessionWindows(assigner.gapMs as never, parts, context)
    default:
      return new FixedWindows(assigner, parts, context)
  }
}

/** A window over bounded input fires once, at its end: what would fire earlier is off. */
function triggerOf(assigner: WindowAssigner, trigger: Trigger | undefined, bounded: boolean): Trigger {
  const byClock = assigner.kind !== "global" && assigner.kind !== "count" && assigner.time === "processing"
  const atEnd: Trigger = byClock ? { kind: "processingTime" } : { kind: "eventTime" }
  return bounded || trigger === undefined ? atEnd : trigger
}
