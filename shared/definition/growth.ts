import type { JobDefinition } from "./job/job-definition.ts"
import type { TableSpec } from "./table-spec.ts"

type Reader = Pick<TableSpec, "name" | "topic" | "upsert" | "dedup">
type JobReader = Pick<JobDefinition, "name" | "reads" | "parallelism">

/**
 * Why a topic cannot be given more partitions, in words; undefined: it can. More partitions send keys elsewhere: what
 * keeps a key's rows or state by partition would have them in two places.
 */
export function growthFault(
  topic: string,
  tables: readonly Reader[],
  jobs: readonly JobReader[],
): string | undefined {
  const table = tables.find(reader => reader.topic === topic && isKeyed(reader))
  if (table !== undefined) {
    return `the table ${table.name} keeps the rows of a key in one partition, and more partitions would send it to others`
  }
  const job = jobs.find(reader => reader.parallelism === "per-partition" && reader.reads.includes(topic))
  if (job === undefined) return undefined
  return `the job ${job.name} keeps the state of a key in one partition, and more partitions would send it to others`
}

/** Whether rows of one key replace each other. */
export function isKeyed({ upsert, dedup }: Pick<TableSpec, "upsert" | "dedup">): boolean {
  return upsert !== undefined || dedup !== undefined
}
