import type { Topic } from "../topic.ts"
import type { Aggregators } from "./aggregators.ts"
import type { SinkFunction, TopicSinkOptions } from "./sinks.ts"
import type { ProcessSpec, StateTtl } from "./state.ts"
import type { WatermarkStrategy } from "./watermarks.ts"
import type { Trigger, WindowAssigner } from "./windows.ts"

/** A function of the user's: kept as it is, called by the runtime alone. */
export type UserFunction = (...args: never[]) => unknown

/** Where a source begins when its job has no position yet. */
export type StartingOffsets =
  | "earliest"
  | "latest"
  /** The job's own item; where it has none, `earliest`. */
  | "committed"
  /** The first record at or after that time, epoch ms or ISO 8601 text. */
  | { readonly timestamp: number | string }
  /** By partition; partitions that are not named begin at the earliest. */
  | { readonly offsets: Readonly<Record<number, number>> }

export interface TopicSource {
  readonly kind: "source"
  /** In the order in which they were named. */
  readonly topics: readonly Topic[]
  /** Every topic of the deployment whose name matches, instead of `topics`. */
  readonly pattern?: RegExp
  readonly startingOffsets: StartingOffsets
  /** The source ends where the topics ended when the job started. */
  readonly bounded: boolean
  /** The event's time, epoch ms; absent: the topic's `eventTime` field, else the record's own timestamp. */
  readonly timestamp?: UserFunction
  readonly watermark: WatermarkStrategy
  /** A partition without records for this long does not hold the watermark back. Absent: it always does. */
  readonly idleAfterMs?: number
}

export interface FileSource {
  readonly kind: "files"
  readonly path: string
  readonly format: "ndjson" | "csv" | "parquet"
  readonly timestamp?: UserFunction
  readonly watermark: WatermarkStrategy
}

/** How a keyed operator finds its key: fields, or a function. */
export type KeySelector = { readonly fields: readonly string[] } | { readonly select: UserFunction }

/** How the results of a window come about. */
export type WindowResult =
  | { readonly kind: "aggregate"; readonly aggregators: Aggregators<never> }
  | { readonly kind: "reduce"; readonly reduce: UserFunction }
  | { readonly kind: "process"; readonly process: UserFunction }

/** One step of a job. What is not in it does not exist: every interpreter reads this alone. */
export type Operator =
  | TopicSource
  | FileSource
  | { readonly kind: "map"; readonly map: UserFunction }
  | { readonly kind: "flatMap"; readonly flatMap: UserFunction }
  | { readonly kind: "filter"; readonly filter: UserFunction }
  | { readonly kind: "union" }
  /** Each record goes to the first branch that takes it, else to `rest`; `side` nodes name the branches. */
  | { readonly kind: "split"; readonly branches: readonly (readonly [name: string, takes: UserFunction])[] }
  /** What the input gives beside its main output: a branch of `split`, a tag of `process`, `late` of a window. */
  | { readonly kind: "side"; readonly tag: string }
  | { readonly kind: "timestamps"; readonly timestamp: UserFunction; readonly watermark: WatermarkStrategy }
  | {
      readonly kind: "deduplicate"
      readonly key: KeySelector
      readonly by: UserFunction
      readonly ttlMs: number
    }
  | {
      readonly kind: "window"
      readonly key: KeySelector
      readonly assigner: WindowAssigner
      readonly trigger?: Trigger
      readonly allowedLatenessMs: number
      readonly result: WindowResult
    }
  /** An aggregate without a window: emits a key's new row once a commit in which it changed. */
  | {
      readonly kind: "aggregate"
      readonly key: KeySelector
      readonly aggregators: Aggregators<never>
      readonly ttl?: StateTtl
    }
  /** The first `n` records of each key by an order; emits rows with their `rank`, and what left as deletions. */
  | {
      readonly kind: "topN"
      readonly key: KeySelector
      readonly n: number
      readonly by: UserFunction
      readonly order: "asc" | "desc"
    }
  | { readonly kind: "process"; readonly key: KeySelector; readonly spec: ProcessSpec }
  | { readonly kind: "topicSink"; readonly topic: Topic; readonly options: TopicSinkOptions<never> }
  | { readonly kind: "functionSink"; readonly sink: SinkFunction<never> }

/** A step and what it reads. Nodes are frozen and shared: one that two steps read runs once. */
export interface GraphNode {
  readonly operator: Operator
  readonly inputs: readonly GraphNode[]
  /** As the user said it; else its kind is its uid. */
  readonly uid?: string
  /** The first field of the key that the stream has after this step, where it is keyed: what `to` keys by. */
  readonly keyFields?: readonly string[]
}

/** Kinds that keep state, and so have a uid. */
export const STATEFUL_KINDS: ReadonlySet<Operator["kind"]> = new Set([
  "source",
  "files",
  "deduplicate",
  "window",
  "aggregate",
  "topN",
  "process",
])

export function node(operator: Operator, inputs: readonly GraphNode[], more?: Partial<GraphNode>): GraphNode {
  return Object.freeze({ operator: Object.freeze(operator), inputs: Object.freeze([...inputs]), ...more })
}
