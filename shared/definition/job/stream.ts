import { type Duration, durationMs } from "../duration.ts"
import type { Table } from "../table.ts"
import type { FieldOf, Topic } from "../topic.ts"
import type { Aggregators, ResultsOf } from "./aggregators.ts"
import { type GraphNode, type KeySelector, node, type UserFunction, type WindowResult } from "./graph.ts"
import type { FitsTopic, SinkFunction, TopicSinkOptions } from "./sinks.ts"
import type { ProcessOptions, StateDescriptor, StateTtl } from "./state.ts"
import type { WatermarkStrategy } from "./watermarks.ts"
import type { TimeWindow, Trigger, WindowAssigner } from "./windows.ts"

/** Where results go. What `defineJob`'s function returns. */
export interface Sink {
  readonly kind: "jobSink"
  readonly node: GraphNode
}

export interface UidOption {
  /** What the operator's state is found by after a change of the job. Default: its kind. */
  readonly uid?: string
}

export interface RecordInfo {
  /** The event's time, epoch ms. */
  readonly timestamp: number
}

type KeyValue = string | number | boolean | null
/** Fields that can be a key: their values are single. */
type KeyField<T> = {
  [K in FieldOf<T>]: T extends Record<K, infer V> ? ([V] extends [KeyValue | undefined] ? K : never) : never
}[FieldOf<T>]

const fn = (given: unknown) => given as UserFunction

/** Records of type `T`. */
export class Stream<T> {
  readonly node: GraphNode

  constructor(at: GraphNode) {
    this.node = at
  }

  map<R>(map: (record: T, info: RecordInfo) => R): Stream<R> {
    return new Stream(node({ kind: "map", map: fn(map) }, [this.node]))
  }

  flatMap<R>(flatMap: (record: T, info: RecordInfo) => Iterable<R>): Stream<R> {
    return new Stream(node({ kind: "flatMap", flatMap: fn(flatMap) }, [this.node]))
  }

  filter<S extends T>(keep: (record: T, info: RecordInfo) => record is S): Stream<S>
  filter(keep: (record: T, info: RecordInfo) => boolean): Stream<T>
  filter(keep: (record: T, info: RecordInfo) => boolean): Stream<T> {
    return new Stream(node({ kind: "filter", filter: fn(keep) }, [this.node]))
  }

  /** The records of all; their watermark is the lowest. */
  union<U>(...others: readonly Stream<U>[]): Stream<T | U> {
    return new Stream(node({ kind: "union" }, [this.node, ...others.map(other => other.node)]))
  }

  /** Parts the stream: each record goes to the first branch that takes it, or to `rest`. */
  split<const B extends Readonly<Record<string, (record: T) => boolean>>>(
    branches: B,
  ): { readonly [K in keyof B | "rest"]: Stream<T> } {
    const parted = node(
      {
        kind: "split",
        branches: Object.entries(branches).map(([name, takes]) => [name, fn(takes)] as const),
      },
      [this.node],
    )
    const names = [...Object.keys(branches), "rest"]
    const streams = names.map(
      name => [name, new Stream<T>(node({ kind: "side", tag: name }, [parted]))] as const,
    )
    return Object.freeze(Object.fromEntries(streams)) as { readonly [K in keyof B | "rest"]: Stream<T> }
  }

  /** Gives records other timestamps, and the stream its own watermark. */
  assignTimestamps(timestamp: (record: T) => number, watermark: WatermarkStrategy): Stream<T> {
    return new Stream(node({ kind: "timestamps", timestamp: fn(timestamp), watermark }, [this.node]))
  }

  /** Brings records of equal fields together. */
  keyBy<K extends KeyField<T> & string>(
    ...fields: readonly [K, ...K[]]
  ): KeyedStream<T, Pick<T, K & keyof T>> {
    return new KeyedStream(this.node, { fields: Object.freeze([...fields]) })
  }

  /** Brings records together for which `select` gives the same text, number or boolean. */
  keyByFn<K extends KeyValue>(select: (record: T) => K): KeyedStream<T, { readonly key: K }> {
    return new KeyedStream(this.node, { select: fn(select) })
  }

  /** Writes the records to a topic or to a table of `records(…)`, each exactly once unless `delivery` says less. */
  to<S>(target: FitsTopic<T, S>, options: TopicSinkOptions<T> = {}): Sink {
    return sinkOf(this.node, target, options as TopicSinkOptions<never>)
  }

  /** Hands the records to a sink of one's own, which must be idempotent. */
  toSink(sink: SinkFunction<T>): Sink {
    return sinkOf(this.node, sink, {})
  }
}

function sinkOf(from: GraphNode, target: unknown, options: TopicSinkOptions<never>): Sink {
  const isFunction = (target as Partial<SinkFunction<never>> | null)?.kind === "sink"
  const operator = isFunction
    ? ({ kind: "functionSink", sink: target as SinkFunction<never> } as const)
    : ({ kind: "topicSink", topic: topicOf(target), options: Object.freeze({ ...options }) } as const)
  return Object.freeze({ kind: "jobSink", node: node(operator, [from]) })
}

/** A table stands for the topic behind it; one that has none stays what it is, and is reported when the app is loaded. */
function topicOf(target: unknown): Topic {
  const table = target as Partial<Table> | null
  return (table?.kind === "table" ? (table.sink ?? target) : target) as Topic
}

/**
 * A result per key that changes: rows take the place of those before them. Only a compacted topic, a topic that upsert
 * tables alone read, or an upsert table takes it.
 */
export class UpdatingStream<T> {
  readonly node: GraphNode

  constructor(at: GraphNode) {
    this.node = at
  }

  /** Writes each key's newest row, at most once a commit. The topic must be compacted, or be read by an upsert table. */
  toCompacted<S>(topic: FitsTopic<T, S>, options: TopicSinkOptions<T> = {}): Sink {
    return sinkOf(this.node, topic, options as TopicSinkOptions<never>)
  }

  /** Writes each key's newest row to an upsert table of `records(…)`, at most once a commit. */
  toTable<S>(table: FitsTopic<T, S>, options: TopicSinkOptions<T> = {}): Sink {
    return sinkOf(this.node, table, options as TopicSinkOptions<never>)
  }
}

export interface WindowOptions<L> {
  /** How long after its end a window still takes records and gives its result again. Default: not at all. */
  readonly allowedLateness?: Duration
  /** Takes the records that came too late for every window. */
  readonly lateTo?: Topic<L>
  readonly trigger?: Trigger
  readonly uid?: string
}

/** Records of type `T` brought together by a key, whose fields are `K`. */
export class KeyedStream<T, K> {
  readonly node: GraphNode
  readonly key: KeySelector

  constructor(from: GraphNode, key: KeySelector) {
    this.node = from
    this.key = Object.freeze(key)
  }

  #keyed(): Partial<GraphNode> {
    return "fields" in this.key ? { keyFields: this.key.fields } : { keyFields: ["key"] }
  }

  /** Drops records whose `by` was seen for this key within `ttl` of event time. */
  deduplicate(
    by: (record: T) => string | number,
    options: UidOption & { readonly ttl: Duration },
  ): KeyedStream<T, K> {
    const ttlMs = durationMs(options.ttl) ?? Number.NaN
    const made = node({ kind: "deduplicate", key: this.key, by: fn(by), ttlMs }, [this.node], {
      ...uidOf(options),
      ...this.#keyed(),
    })
    return new KeyedStream(made, this.key)
  }

  /** Groups the key's records by time or count. */
  window(assigner: WindowAssigner, options: WindowOptions<T> = {}): WindowedStream<T, K> {
    return new WindowedStream(this.node, this.key, assigner, options)
  }

  /** A row per key over all its records so far, as an updating stream. */
  aggregate<const A extends Aggregators<T>>(
    aggregators: A,
    options: UidOption & { readonly ttl?: StateTtl } = {},
  ): UpdatingStream<K & ResultsOf<A>> {
    const { ttl } = options
    const operator = {
      kind: "aggregate",
      key: this.key,
      aggregators: Object.freeze({ ...aggregators }) as Aggregators<never>,
      ...(ttl === undefined ? {} : { ttl }),
    } as const
    return new UpdatingStream(node(operator, [this.node], { ...uidOf(options), ...this.#keyed() }))
  }

  /** The first `n` records of each key by an order, with their `rank` from 1 on, as an updating stream. */
  topN(
    n: number,
    options: UidOption & { readonly by: (record: T) => number | string; readonly order?: "asc" | "desc" },
  ): UpdatingStream<T & { readonly rank: number }> {
    const operator = {
      kind: "topN",
      key: this.key,
      n,
      by: fn(options.by),
      order: options.order ?? "desc",
    } as const
    return new UpdatingStream(node(operator, [this.node], { ...uidOf(options), ...this.#keyed() }))
  }

  /** A function with state and timers of its own for every key. */
  process<Out, const D extends Readonly<Record<string, StateDescriptor>> = Readonly<Record<string, never>>>(
    options: ProcessOptions<T, K, D, Out>,
  ): ProcessedStream<Out> {
    const { state, onRecord, onEventTimer, onProcessingTimer } = options
    const spec = Object.freeze({
      state: Object.freeze({ ...state }),
      onRecord: onRecord as never,
      ...(onEventTimer === undefined ? {} : { onEventTimer: onEventTimer as never }),
      ...(onProcessingTimer === undefined ? {} : { onProcessingTimer: onProcessingTimer as never }),
    })
    return new ProcessedStream(node({ kind: "process", key: this.key, spec }, [this.node], uidOf(options)))
  }
}

function uidOf({ uid }: UidOption): Partial<GraphNode> {
  return uid === undefined ? {} : { uid }
}

/** What a process function or a window gives, and what it gives beside. */
export class ProcessedStream<T> extends Stream<T> {
  /** The records that went to `tag` (of a window: `late`). */
  side<S = unknown>(tag: string): Stream<S> {
    return new Stream(node({ kind: "side", tag }, [this.node]))
  }
}

/** Where a window stands, for `process`. */
export interface WindowContext<K> {
  readonly key: K
  readonly window: TimeWindow
  readonly watermark: number
  /** The clock as of this batch, epoch ms. */
  readonly processingTime: number
}

type WindowRow<K, A> = K & { readonly windowStart: number; readonly windowEnd: number } & ResultsOf<A>

/** A key's records by window. */
export class WindowedStream<T, K> {
  readonly #from: GraphNode
  readonly #key: KeySelector
  readonly #assigner: WindowAssigner
  readonly #options: WindowOptions<T>

  constructor(from: GraphNode, key: KeySelector, assigner: WindowAssigner, options: WindowOptions<T>) {
    this.#from = from
    this.#key = key
    this.#assigner = assigner
    this.#options = options
  }

  /** A row per key and window: the key's fields, `windowStart`, `windowEnd` (epoch ms), and the named results. */
  aggregate<const A extends Aggregators<T>>(aggregators: A): ProcessedStream<WindowRow<K, A>> {
    return this.#result({
      kind: "aggregate",
      aggregators: Object.freeze({ ...aggregators }) as Aggregators<never>,
    })
  }

  /** The key's records of a window, made one. */
  reduce(reduce: (left: T, right: T) => T): ProcessedStream<T> {
    return this.#result({ kind: "reduce", reduce: fn(reduce) })
  }

  /** All records of a window at once; they are kept until then. */
  process<R>(process: (records: readonly T[], context: WindowContext<K>) => Iterable<R>): ProcessedStream<R> {
    return this.#result({ kind: "process", process: fn(process) })
  }

  #result<R>(result: WindowResult): ProcessedStream<R> {
    const { allowedLateness, trigger, lateTo } = this.#options
    const operator = {
      kind: "window",
      key: this.#key,
      assigner: this.#assigner,
      allowedLatenessMs: allowedLateness === undefined ? 0 : (durationMs(allowedLateness) ?? Number.NaN),
      result: Object.freeze(result),
      ...(trigger === undefined ? {} : { trigger }),
    } as const
    const more = "fields" in this.#key ? { keyFields: this.#key.fields } : {}
    const made = node(operator, [this.#from], { ...uidOf(this.#options), ...more })
    if (lateTo !== undefined)
      lateSinks.set(made, sinkOf(node({ kind: "side", tag: "late" }, [made]), lateTo, {}))
    return new ProcessedStream(made)
  }
}

/** Sinks that a window's options name: they belong to the job of whoever uses the window. */
const lateSinks = new WeakMap<GraphNode, Sink>()

/** The sink of a window's late records, where it has one. */
export function lateSinkOf(at: GraphNode): Sink | undefined {
  return lateSinks.get(at)
}
