import type { Json } from "../canonical.ts"
import type { Aggregators } from "./aggregators.ts"
import type { GraphNode, KeySelector, Operator } from "./graph.ts"
import type { StateDescriptor } from "./state.ts"
import type { Trigger, WindowAssigner } from "./windows.ts"

type Shape = { readonly [name: string]: Json }

/** What of a step its state's shape depends on, as plain data. */
export function shapeOf({ operator }: GraphNode): Shape | undefined {
  switch (operator.kind) {
    case "source":
      return operator.pattern === undefined
        ? { topics: operator.topics.map(topic => topic.name), bounded: operator.bounded }
        : { pattern: operator.pattern.source, bounded: operator.bounded }
    case "files":
      return { path: operator.path, format: operator.format }
    case "split":
      return { branches: operator.branches.map(([name]) => name) }
    case "side":
      return { tag: operator.tag }
    case "deduplicate":
      return { key: keyShape(operator.key), ttlMs: operator.ttlMs }
    case "window":
      return windowShape(operator)
    case "aggregate":
      return { key: keyShape(operator.key), aggregates: aggregatesShape(operator.aggregators) }
    case "topN":
      return { key: keyShape(operator.key), n: operator.n, order: operator.order }
    case "process":
      return { key: keyShape(operator.key), state: statesShape(operator.spec.state) }
    case "topicSink":
      return { topic: operator.topic.name, delivery: operator.options.delivery ?? "exactly-once" }
    default:
      return undefined
  }
}

function keyShape(key: KeySelector): Json {
  return "fields" in key ? [...key.fields] : "function"
}

function windowShape(operator: Extract<Operator, { kind: "window" }>): Shape {
  const { result, trigger } = operator
  return {
    key: keyShape(operator.key),
    assigner: assignerShape(operator.assigner),
    latenessMs: operator.allowedLatenessMs,
    result: result.kind === "aggregate" ? aggregatesShape(result.aggregators) : result.kind,
    ...(trigger === undefined ? {} : { trigger: triggerShape(trigger) }),
  }
}

function assignerShape(assigner: WindowAssigner): Json {
  if (assigner.kind !== "session") return { ...assigner } as { [name: string]: Json }
  return { ...assigner, gapMs: typeof assigner.gapMs === "function" ? "function" : assigner.gapMs }
}

function triggerShape(trigger: Trigger): Json {
  switch (trigger.kind) {
    case "purging":
      return { kind: "purging", inner: triggerShape(trigger.inner) }
    case "custom":
      return { kind: "custom" }
    default:
      return { ...trigger } as { [name: string]: Json }
  }
}

function aggregatesShape(aggregators: Aggregators<never>): Json {
  const named = Object.entries(aggregators).map(([name, { kind, parameters }]) => [
    name,
    parameters === undefined ? kind : { kind, ...(parameters as { [name: string]: Json }) },
  ])
  return Object.fromEntries(named) as { [name: string]: Json }
}

function statesShape(states: Readonly<Record<string, StateDescriptor>>): Json {
  return Object.fromEntries(Object.entries(states).map(([name, { kind }]) => [name, kind]))
}
