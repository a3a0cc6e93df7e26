import type { Duration } from "./duration.ts"
import type { InputOf, StandardSchema } from "./standard-schema.ts"
import { type FieldOf, type Topic, topic } from "./topic.ts"

export interface RecordsOptions<S extends StandardSchema = StandardSchema> {
  /** What a job writes: a Standard Schema that also gives JSON Schema, such as zod's. */
  readonly schema: S
  /** The field by whose value records are spread over partitions. Default: the key that the job's stream has. */
  readonly key?: NoInfer<FieldOf<InputOf<S>>>
  /** The field with the event's time: epoch milliseconds, or ISO 8601 text. */
  readonly eventTime?: NoInfer<FieldOf<InputOf<S>>>
  /** Default 1. Partitions only grow. */
  readonly partitions?: number
  /** How long what the job wrote can be built anew from, such as `"7d"`. Default: the log's. */
  readonly retention?: Duration
}

/** What a job writes to a table without a topic of the app's between. */
export interface Records<T = unknown> {
  readonly kind: "records"
  readonly options: Readonly<Record<string, unknown>>
  /** Only a type: nothing is stored here. */
  readonly "~record"?: T
}

/** Says what jobs write to a table: `table("stats", { from: records({ schema: Stats, key: "adId" }), … })`. */
export function records<S extends StandardSchema>(options: RecordsOptions<S>): Records<InputOf<S>> {
  return Object.freeze({ kind: "records", options: Object.freeze({ ...options }) } as const)
}

/** Topics beginning with this belong to tables that jobs write to: they are made with them and listed nowhere. */
export const TABLE_TOPIC_PREFIX = "__table."

/** The topic that stands behind a table that jobs write to. */
export function topicOfTable(name: string, records: Records): Topic {
  return Object.freeze({ ...topic(TABLE_TOPIC_PREFIX + name, records.options as never), table: name })
}

/** Whether a topic stands behind a table. */
export function isSink(topic: Topic): boolean {
  return topic.table !== undefined
}

/** Whether `records()` made this. */
export function isRecords(value: unknown): value is Records {
  return typeof value === "object" && value !== null && (value as Partial<Records>).kind === "records"
}
