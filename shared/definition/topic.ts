import { markSite } from "./call-site.ts"
import type { Duration } from "./duration.ts"
import type { InputOf, StandardSchema } from "./standard-schema.ts"

/** The fields of a record; of a union, those of every member. */
export type FieldOf<T> = T extends unknown ? keyof T & string : never

export interface TopicOptions<S extends StandardSchema = StandardSchema> {
  /** What a record's value looks like: a Standard Schema that also gives JSON Schema, such as zod's. */
  readonly schema: S
  /** The field that must equal the record's key. Default: records have no prescribed key. */
  readonly key?: NoInfer<FieldOf<InputOf<S>>>
  /** The field with the event's time: epoch milliseconds, or ISO 8601 text. */
  readonly eventTime?: NoInfer<FieldOf<InputOf<S>>>
  /** Default 1. Partitions only grow. */
  readonly partitions?: number
  /** How long records are kept, such as `"7d"`: `retention.ms`. Default: the log's. */
  readonly retention?: Duration
  /** Kafka's topic configuration: `{ "compression.type": "zstd" }`. */
  readonly config?: Readonly<Record<string, string | number | boolean>>
  /** The topic belongs to somebody else: it is checked, never created or changed. Default false. */
  readonly external?: boolean
  /**
   * Who checks the records: whoever reads them, or the log's door, which then refuses (422) what does not fit the
   * schema or does not carry the key field as its key. Default `reader`: nothing is parsed on the way in.
   */
  readonly validate?: "reader" | "door"
  /** `none` lets the schema change in ways that old records may not fit. Default: only new optional fields. */
  readonly compatibility?: "none"
}

/** A topic of an app, as frozen data. `T` is the type of its records. */
export interface Topic<T = unknown> {
  readonly kind: "topic"
  readonly name: string
  readonly options: Readonly<Record<string, unknown>>
  /** The table that it stands behind, where it is not the app's own. */
  readonly table?: string
  /** Only a type: nothing is stored here. */
  readonly "~record"?: T
}

/**
 * Names a topic and says what its records look like. Mistakes are reported, all together, when the app is loaded.
 * @param name the topic's identity: `[a-zA-Z0-9._-]{1,100}`
 */
export function topic<S extends StandardSchema>(name: string, options: TopicOptions<S>): Topic<InputOf<S>> {
  const made = Object.freeze({ kind: "topic", name, options: Object.freeze({ ...options }) } as const)
  markSite(made, topic)
  return made
}
