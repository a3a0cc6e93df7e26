import type { JobDefinition } from "../../definition/job/job-definition.ts"
import type { Owner } from "../../log/types.ts"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import type { JobFault, JobIntent, JobItem, JobStart, JobState, TaskPartition } from "./job-item.ts"

export const JOB_FORMAT = 1
/** All jobs lie under one key, so that listing is one query. */
export const JOBS_PK = "jobs"

/** Tasks' partitions with each topic id once: a job may read ten thousand. */
interface PackedTasks {
  readonly topics: readonly string[]
  readonly tasks: readonly (readonly (readonly [topic: number, partition: number])[])[]
}

/** The item of a job: small fields apart, so that people can read them; lists as JSON. */
export function jobItem(job: JobItem, version: string): Item {
  return {
    pk: JOBS_PK,
    sk: job.name,
    version,
    fields: {
      v: JOB_FORMAT,
      id: job.id,
      owner: job.owner,
      attached: job.attached,
      state: job.state,
      generation: job.generation,
      digest: job.digest,
      definition: JSON.stringify(job.definition),
      tasks: JSON.stringify(packTasks(job.tasks)),
      firstProducer: job.firstProducer,
      start: JSON.stringify(job.start),
      created: job.created,
      began: job.began,
      ...(job.intent === undefined ? {} : { intent: JSON.stringify(job.intent) }),
      ...(job.fault === undefined ? {} : { fault: JSON.stringify(job.fault) }),
      ...(job.skipMissingUntil === undefined ? {} : { skipMissingUntil: job.skipMissingUntil }),
      ...(job.finished === true ? { finished: true } : {}),
    },
  }
}

/** Throws `StorageError` `unknown_format`, `corrupt`. */
export function readJob(item: Item): JobItem {
  const { fields } = item
  const where = `job ${item.sk}`
  if (fields.v !== JOB_FORMAT) {
    throw new StorageError("unknown_format", `${where}: format ${fields.v}, expected ${JOB_FORMAT}`)
  }
  try {
    return {
      id: fields.id as string,
      name: item.sk,
      owner: fields.owner as Owner,
      attached: fields.attached as boolean,
      state: fields.state as JobState,
      generation: fields.generation as number,
      digest: fields.digest as string,
      definition: JSON.parse(fields.definition as string) as JobDefinition,
      tasks: unpackTasks(JSON.parse(fields.tasks as string) as PackedTasks),
      firstProducer: fields.firstProducer as number,
      start: JSON.parse(fields.start as string) as JobStart,
      created: fields.created as number,
      began: fields.began as number,
      ...(fields.intent === undefined ? {} : { intent: JSON.parse(fields.intent as string) as JobIntent }),
      ...(fields.fault === undefined ? {} : { fault: JSON.parse(fields.fault as string) as JobFault }),
      ...(fields.skipMissingUntil === undefined
        ? {}
        : { skipMissingUntil: fields.skipMissingUntil as number }),
      ...(fields.finished === true ? { finished: true } : {}),
    }
  } catch (cause) {
    throw new StorageError("corrupt", `${where}: ${(cause as Error).message}`, { cause })
  }
}

function packTasks(tasks: JobItem["tasks"]): PackedTasks {
  const topics: string[] = []
  const indexes = new Map<string, number>()
  const indexOf = (topicId: string) => {
    const known = indexes.get(topicId)
    if (known !== undefined) return known
    indexes.set(topicId, topics.length)
    return topics.push(topicId) - 1
  }
  const packed = tasks.map(inputs => inputs.map(([id, partition]) => [indexOf(id), partition] as const))
  return { topics, tasks: packed }
}

function unpackTasks({ topics, tasks }: PackedTasks): JobItem["tasks"] {
  return tasks.map(inputs =>
    inputs.map(([topic, partition]): TaskPartition => [topics[topic] as string, partition]),
  )
}
