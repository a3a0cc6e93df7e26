import type { Log, TopicInfo } from "../../log/types.ts"
import { PARTITIONS_MAX } from "../../log/types.ts"
import type { JobFacts, SourceFacts } from "../task/job-code.ts"
import { JobError } from "./job-error.ts"
import type { JobItem, JobRead, TaskPartition } from "./job-item.ts"
import type { JobStore } from "./job-store.ts"

type Reading = Pick<SourceFacts, "topics" | "pattern">

/** Whether a source reads the topic with this name. */
export function readsTopic({ topics, pattern }: Reading, topic: string): boolean {
  return pattern === undefined
    ? topics.includes(topic)
    : new RegExp(pattern.source, pattern.flags).test(topic)
}

/**
 * The partitions that each task reads, new ones at the end; undefined: none are new. One task reads all, or each
 * partition has a task of its own. Throws `JobError` (`wrong_state`) where there would be too many tasks.
 */
export function assignPartitions(
  tasks: JobItem["tasks"],
  sources: readonly Reading[],
  parallelism: JobFacts["parallelism"],
  topics: readonly Pick<TopicInfo, "id" | "name" | "partitions">[],
): JobItem["tasks"] | undefined {
  const known = new Set(tasks.flatMap(inputs => inputs.map(([id, partition]) => `${id}#${partition}`)))
  const added: TaskPartition[] = []
  for (const { id, name, partitions } of topics) {
    if (!sources.some(source => readsTopic(source, name))) continue
    for (let partition = 0; partition < partitions; partition++) {
      if (!known.has(`${id}#${partition}`)) added.push([id, partition])
    }
  }
  if (parallelism === "single") {
    if (added.length === 0 && tasks.length > 0) return undefined
    return [[...(tasks[0] ?? []), ...added]]
  }
  if (added.length === 0) return undefined
  if (tasks.length + added.length > PARTITIONS_MAX) {
    throw new JobError(
      "wrong_state",
      `a task for each partition: expected at most ${PARTITIONS_MAX} partitions`,
    )
  }
  return [...tasks, ...added.map(input => [input])]
}

/**
 * Gives a running job's tasks the partitions that its sources read by now. While an intent stands nothing is added.
 * Throws `JobError` `unknown_job`, `outcome_unknown`.
 */
export async function refreshTasks(
  context: { readonly jobs: JobStore; readonly log: Log },
  name: string,
  sources: readonly Reading[],
): Promise<JobRead> {
  const topics = await context.log.listTopics()
  return context.jobs.change(name, item => {
    if (item.intent !== undefined) return undefined
    const tasks = assignPartitions(item.tasks, sources, item.definition.parallelism, topics)
    return tasks === undefined ? undefined : { ...item, tasks }
  })
}
