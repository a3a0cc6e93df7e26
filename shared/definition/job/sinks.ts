import type { Table } from "../table.ts"
import type { Topic } from "../topic.ts"
import type { Secret, Secrets, SecretValues } from "./secret.ts"

/** How sure it is that each result is in the topic once. */
export type Delivery = "exactly-once" | "at-least-once" | "none"

export interface TopicSinkOptions<T> {
  readonly delivery?: Delivery
  /** The record's key. Default: the topic's key field, else the stream's key. */
  readonly key?: (record: T) => string | undefined
  /** The partition, 0 to `partitions` − 1. Default: Kafka's, by the key. */
  readonly partition?: (record: T, partitions: number) => number
  readonly headers?: (record: T) => Readonly<Record<string, string>>
}

/** What a sink is told beside the records. */
export interface SinkBatch<S extends Secrets = Record<never, Secret>> {
  /** The same for the same records, however often they are given. */
  readonly id: string
  /** The values of the sink's secrets. */
  readonly secrets: SecretValues<S>
}

/**
 * Takes results to somewhere else. A batch is given again after a crash, so `write` must come to the same twice:
 * `id` is the same for the same batch.
 */
export interface SinkFunction<T> {
  readonly kind: "sink"
  readonly write: (records: readonly T[], batch: SinkBatch<Secrets>) => Promise<void>
  readonly secrets: Secrets
}

export interface SinkOptions<S extends Secrets> {
  /** What the sink needs to get in where it writes: `{ token: secret("crm-token") }`. */
  readonly secrets?: S
}

/** A sink of the user's own. `write` must be idempotent. */
export function sink<T, S extends Secrets = Record<never, Secret>>(
  write: (records: readonly T[], batch: SinkBatch<S>) => Promise<void>,
  { secrets }: SinkOptions<S> = {},
): SinkFunction<T> {
  return Object.freeze({
    kind: "sink",
    write: write as SinkFunction<T>["write"],
    secrets: Object.freeze({ ...secrets }),
  })
}

/** The fields of `S` that `T` lacks or has with another type. */
type Unfit<T, S> = {
  [K in keyof S & string]: K extends keyof T
    ? T[K] extends S[K]
      ? never
      : K
    : undefined extends S[K]
      ? never
      : K
}[keyof S & string]

/** A topic, or a table of `records(…)`, that takes records of type `T`; else a sentence that says why not. */
export type FitsTopic<T, S> = [T] extends [S]
  ? Topic<S> | Table<S>
  : [Unfit<T, S>] extends [never]
    ? `the stream's records do not fit the topic's schema`
    : `the field '${Unfit<T, S>}' is not in the stream, or not with the type that the topic's schema requires`
