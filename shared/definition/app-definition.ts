import type { Json } from "./canonical.ts"
import type { JobDefinition } from "./job/job-definition.ts"
import type { TableSpec } from "./table-spec.ts"

/** A JSON Schema (2020-12) as plain data. */
export type JsonSchema = { readonly [keyword: string]: Json }

/** A topic, as stored. */
export interface TopicDefinition {
  readonly name: string
  readonly partitions: number
  /** Kafka's topic configuration names, values as text. */
  readonly config: Readonly<Record<string, string>>
  /** Of the values. */
  readonly schema: JsonSchema
  /** The field of the value that equals the record's key. */
  readonly key?: string
  /** The field with the event's time. */
  readonly eventTime?: string
  readonly validate: "reader" | "door"
  /** Owned by somebody else: checked, never created. Its partitions and config are then its owner's. */
  readonly external: boolean
  readonly compatibility?: "none"
}

/** The format version of the stored form below. */
export const DEFINITION_VERSION = 1

/** An app with the quantities of one stage: plain JSON, frozen, its lists sorted by name. */
export interface AppDefinition {
  readonly v: typeof DEFINITION_VERSION
  readonly app: string
  readonly stage: string
  readonly topics: readonly TopicDefinition[]
  readonly tables: readonly TableSpec[]
  readonly jobs: readonly JobDefinition[]
}

/** Who made a topic or table: an app's deployment or a request over HTTP. */
export type Owner = `app:${string}` | "http"
