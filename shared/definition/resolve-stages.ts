import type { TopicDefinition } from "./app-definition.ts"
import { durationMs } from "./duration.ts"
import { at, type Faults } from "./faults.ts"
import type { JobDefinition } from "./job/job-definition.ts"
import { fits, stageShape } from "./shapes.ts"
import type { TableSpec } from "./table-spec.ts"

interface Quantities {
  readonly partitions?: number | undefined
  readonly retention?: unknown
  readonly rowGroupRows?: number | undefined
  readonly memoryMb?: number | undefined
  readonly concurrency?: number | undefined
}
type Overrides = Readonly<Record<"topics" | "tables" | "jobs", Readonly<Record<string, Quantities>>>>

/** What is known of an app by name, for overrides to refer to. */
export interface Known {
  readonly topics: ReadonlySet<string>
  readonly externalTopics: ReadonlySet<string>
  readonly tables: ReadonlySet<string>
  readonly jobs: ReadonlySet<string>
}

/**
 * Checks the overrides of every stage, so that a mistake in one's production stage shows at home.
 * @returns the overrides of `stage`
 */
export function resolveStages(
  stages: unknown,
  stage: string,
  known: Known,
  site: string | undefined,
  faults: Faults,
): Overrides {
  const none: Overrides = { topics: {}, tables: {}, jobs: {} }
  if (typeof stages !== "object" || stages === null) return none
  let chosen = none
  for (const [name, value] of Object.entries(stages)) {
    const path = at("stages", name)
    const overrides = fits(stageShape, value, path, site, faults)
    if (overrides === undefined) continue
    for (const kind of ["topics", "tables", "jobs"] as const) {
      for (const resource of Object.keys(overrides[kind] ?? {})) {
        const where = at(`${path}.${kind}`, resource)
        if (!known[kind].has(resource))
          faults.add(where, `the app has no ${kind.slice(0, -1)} of this name`, site)
        else if (kind === "topics" && known.externalTopics.has(resource)) {
          faults.add(where, "is an external topic: its quantities are its owner's", site)
        }
      }
    }
    if (name === stage)
      chosen = { topics: overrides.topics ?? {}, tables: overrides.tables ?? {}, jobs: overrides.jobs ?? {} }
  }
  return chosen
}

/** A topic with a stage's quantities. */
export function stagedTopic(topic: TopicDefinition, overrides: Overrides): TopicDefinition {
  const quantities = overrides.topics[topic.name]
  if (quantities === undefined) return topic
  const retention = durationMs(quantities.retention)
  return {
    ...topic,
    partitions: quantities.partitions ?? topic.partitions,
    config: retention === undefined ? topic.config : { ...topic.config, "retention.ms": String(retention) },
  }
}

/** A table with a stage's quantities. */
export function stagedTable(table: TableSpec, overrides: Overrides): TableSpec {
  const { rowGroupRows, retention } = overrides.tables[table.name] ?? {}
  const retentionMs = durationMs(retention)
  return {
    ...table,
    ...(rowGroupRows === undefined ? {} : { rowGroupRows }),
    ...(retentionMs === undefined ? {} : { retentionMs }),
  }
}

/** A job with a stage's quantities. */
export function stagedJob(job: JobDefinition, overrides: Overrides): JobDefinition {
  const quantities = overrides.jobs[job.name]
  if (quantities === undefined) return job
  const { memoryMb = job.memoryMb, concurrency = job.concurrency } = quantities
  return { ...job, memoryMb, ...(concurrency === undefined ? {} : { concurrency }) }
}
