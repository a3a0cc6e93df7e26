import type { AppDefinition, JsonSchema, Owner, TopicDefinition } from "./app-definition.ts"
import { canonicalJson } from "./canonical.ts"
import type { JobDefinition } from "./job/job-definition.ts"
import { rebuilds } from "./plan-table.ts"
import type { ColumnSpec, TableSpec } from "./table-spec.ts"

/** A topic as it stands. One that was made over HTTP has no schema and no key field. */
export interface StoredTopic {
  readonly name: string
  readonly owner: Owner
  /** False: its app named it once and no longer does. */
  readonly attached: boolean
  readonly partitions: number
  readonly config: Readonly<Record<string, string>>
  readonly schema?: JsonSchema
  readonly key?: string
  readonly eventTime?: string
  readonly validate?: "reader" | "door"
}

/** A table as it stands. */
export interface StoredTable {
  readonly owner: Owner
  /** False: it has stopped consuming and can still be queried. */
  readonly attached: boolean
  /** All its columns, the hidden ones last. */
  readonly spec: TableSpec
  /** Names of columns that were taken out of the definition. */
  readonly hidden: readonly string[]
}

/** A job as it stands. */
export interface StoredJob {
  readonly owner: Owner
  /** False: it is sealed, its state kept. */
  readonly attached: boolean
  readonly definition: JobDefinition
}

/** The topics, tables and jobs of a deployment, whoever made them. */
export interface Stored {
  readonly topics: readonly StoredTopic[]
  readonly tables: readonly StoredTable[]
  readonly jobs: readonly StoredJob[]
}

export const NOTHING_STORED: Stored = { topics: [], tables: [], jobs: [] }

/** What stands once every change of the plan from `stored` to `next` is applied; nothing in it may be refused. */
export function storedAfter(stored: Stored | undefined, next: AppDefinition): Stored {
  const { topics, tables, jobs } = stored ?? NOTHING_STORED
  const owner: Owner = `app:${next.app}`
  const own = next.topics.filter(topic => !topic.external)
  const ownNames = new Set(own.map(topic => topic.name))
  const tableNames = new Set(next.tables.map(table => table.name))
  const otherTopics = topics
    .filter(topic => !ownNames.has(topic.name))
    .map(topic => (topic.owner === owner ? { ...topic, attached: false } : topic))
  const otherTables = tables
    .filter(table => !tableNames.has(table.spec.name))
    .map(table => (table.owner === owner ? { ...table, attached: false } : table))
  const keptTables = next.tables.map(spec => {
    const before = tables.find(table => table.spec.name === spec.name)
    const isNew = before === undefined || rebuilds(before, spec)
    const { rebuild: _rebuild, ...kept } = spec
    return { owner, attached: true, ...withHidden(isNew ? [] : before.spec.columns, kept) }
  })
  const jobNames = new Set(next.jobs.map(job => job.name))
  const otherJobs = jobs
    .filter(job => !jobNames.has(job.definition.name))
    .map(job => (job.owner === owner ? { ...job, attached: false } : job))
  return {
    topics: [...otherTopics, ...own.map(topic => storedTopic(topic, owner))],
    tables: [...otherTables, ...keptTables],
    jobs: [...otherJobs, ...next.jobs.map(definition => ({ owner, attached: true, definition }))],
  }
}

function storedTopic(topic: TopicDefinition, owner: Owner): StoredTopic {
  const { external: _external, compatibility: _compatibility, ...kept } = topic
  return { ...kept, owner, attached: true }
}

function withHidden(before: readonly ColumnSpec[], spec: TableSpec) {
  const named = new Set(spec.columns.map(column => column.name))
  const gone = before.filter(column => !named.has(column.name))
  return { spec: { ...spec, columns: [...spec.columns, ...gone] }, hidden: gone.map(column => column.name) }
}

/**
 * The digest of a definition: equal definitions have equal digests, whatever the order in which they were written.
 * @param sha256 SHA-256 of a text's UTF-8 bytes, in hexadecimal
 */
export function digestOf(definition: AppDefinition, sha256: (text: string) => string): string {
  return sha256(canonicalJson(definition))
}
