import { type Duration, durationMs } from "../duration.ts"
import type { Aggregator } from "./aggregators.ts"

/** What a state's time to live counts from (Flink's update types), in processing time. */
export interface StateTtl {
  readonly ttlMs: number
  /** `write`: from its making and each change; `readAndWrite`: from each look at it too. Default `write`. */
  readonly update: "write" | "readAndWrite"
  /** Whether what has expired and still stands may be read. Default `neverExpired`. */
  readonly visibility: "neverExpired" | "untilCleanedUp"
}

interface TtlOptions {
  readonly update?: StateTtl["update"]
  readonly visibility?: StateTtl["visibility"]
}

/** State that goes away by itself, by the clock. */
export function timeToLive(ttl: Duration, options: TtlOptions = {}): StateTtl {
  const { update = "write", visibility = "neverExpired" } = options
  return Object.freeze({ ttlMs: durationMs(ttl) ?? Number.NaN, update, visibility })
}

interface StateOptions {
  readonly ttl?: StateTtl
}

/**
 * One piece of a key's state. `S` is what a process function sees of it. Values are plain data (JSON, plus Map, Set,
 * Date, bigint and typed arrays).
 */
export interface StateDescriptor<S = unknown> {
  readonly kind: "value" | "list" | "map" | "reducing" | "aggregating"
  readonly ttl?: StateTtl
  /** Of a value: what it is before it is set. */
  readonly initial?: unknown
  readonly reduce?: (left: never, right: never) => unknown
  readonly aggregator?: Aggregator<never, unknown>
  /** Only a type: nothing is stored here. */
  readonly "~state"?: S
}

export interface ValueState<V> {
  get(): V | undefined
  set(value: V): void
  clear(): void
}

export interface ListState<V> {
  get(): readonly V[]
  add(value: V): void
  update(values: readonly V[]): void
  clear(): void
}

export interface MapState<K extends string | number, V> {
  get(key: K): V | undefined
  has(key: K): boolean
  set(key: K, value: V): void
  delete(key: K): void
  entries(): Iterable<readonly [K, V]>
  readonly size: number
  clear(): void
}

/** Reducing and aggregating state: what was added is kept as one value. */
export interface AppendingState<V, R> {
  get(): R | undefined
  add(value: V): void
  clear(): void
}

export function valueState<V>(
  options: StateOptions & { readonly initial?: V } = {},
): StateDescriptor<ValueState<V>> {
  return Object.freeze({ kind: "value", ...options })
}

export function listState<V>(options: StateOptions = {}): StateDescriptor<ListState<V>> {
  return Object.freeze({ kind: "list", ...options })
}

export function mapState<K extends string | number, V>(
  options: StateOptions = {},
): StateDescriptor<MapState<K, V>> {
  return Object.freeze({ kind: "map", ...options })
}

export function reducingState<V>(
  reduce: (left: V, right: V) => V,
  options: StateOptions = {},
): StateDescriptor<AppendingState<V, V>> {
  return Object.freeze({ kind: "reducing", reduce, ...options })
}

export function aggregatingState<T, R, A>(
  aggregator: Aggregator<T, R, A>,
  options: StateOptions = {},
): StateDescriptor<AppendingState<T, R>> {
  return Object.freeze({
    kind: "aggregating",
    aggregator: aggregator as unknown as Aggregator<never, unknown>,
    ...options,
  })
}

export type StateOf<D> = { readonly [K in keyof D]: D[K] extends StateDescriptor<infer S> ? S : never }

/** What a keyed process function sees besides the record. Valid during the call only. */
export interface ProcessContext<K, D, Out> {
  readonly key: K
  /** Of the record or the timer, epoch ms. */
  readonly timestamp: number
  readonly watermark: number
  /** The clock as of this batch, epoch ms. */
  readonly processingTime: number
  /** The key's own. */
  readonly state: StateOf<D>
  /** Gives a record to what reads the operator, with this call's timestamp. */
  emit(record: Out): void
  /** Gives a record to what reads `.side(tag)`. */
  side(tag: string, record: unknown): void
  /** At most one a key and time; one that is due already fires in the same pass. */
  registerEventTimer(timestamp: number): void
  registerProcessingTimer(timestamp: number): void
  deleteEventTimer(timestamp: number): void
  deleteProcessingTimer(timestamp: number): void
}

/** What says of which type records are: a topic, or a schema. */
export type RecordType<R> =
  | { readonly "~record"?: R }
  | { readonly "~standard": { readonly types?: { readonly input: R } | undefined } }

/** A keyed process function. */
export interface ProcessOptions<T, K, D, Out> {
  readonly uid?: string
  /** The type of what it emits, by a topic or a schema of it: the compiler asks, nothing is checked at run time. */
  readonly emits?: RecordType<Out>
  readonly state?: D
  readonly onRecord: (record: T, context: ProcessContext<K, D, Out>) => void
  readonly onEventTimer?: (timestamp: number, context: ProcessContext<K, D, Out>) => void
  readonly onProcessingTimer?: (timestamp: number, context: ProcessContext<K, D, Out>) => void
}

/** A process function as the graph keeps it. */
export interface ProcessSpec {
  readonly state: Readonly<Record<string, StateDescriptor>>
  readonly onRecord: (record: never, context: never) => void
  readonly onEventTimer?: (timestamp: number, context: never) => void
  readonly onProcessingTimer?: (timestamp: number, context: never) => void
}
