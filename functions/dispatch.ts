import { LRUCache } from "lru-cache"
import { judgeWake, type NewSlot, type WakeMemory } from "../shared/serving/builder/wake-rule.ts"
import type { Base } from "./runtime/base.ts"
import { ByTopic } from "./runtime/by-topic.ts"
import { handOver, JobWakes, readProcessFunctions } from "./runtime/job-wakes.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import { isQueueEvent, type QueueEvent, wakesOfMessages } from "./runtime/process-event.ts"
import { asError } from "./runtime/report.ts"
import type { Settings } from "./runtime/settings.ts"
import { type StreamEvent, slotsOf } from "./runtime/stream-event.ts"

/** Partitions of tables that are remembered: all of a large deployment's; a forgotten one is woken once too often. */
const REMEMBERED_MAX = 50_000

interface Wake {
  readonly key: string
  readonly partition: number
  readonly next: WakeMemory
}

/**
 * Coalesces new slots and timers into wakes. A wake is a hint, and what is lost the tick finds: one that cannot be handed over keeps
 * no other from being. Then it throws, for the alarm's sake alone, since Lambda is told to drop the batch.
 */
export function createDispatch(
  base: Base<Settings<"MILLRACE_BUILD_FUNCTION">>,
): Served<StreamEvent | QueueEvent, void> {
  const { settings, cloud, meter } = base
  const functions = readProcessFunctions(settings)
  const topics = new ByTopic(base.ports, functions.size > 0)
  // Counted by size: `max` makes room for all of them at once, in each environment that starts.
  const memories = new LRUCache<string, WakeMemory>({ maxSize: REMEMBERED_MAX, sizeCalculation: () => 1 })

  async function wake(table: string, wakes: readonly Wake[]): Promise<void> {
    const partitions = wakes.map(({ partition }) => partition)
    await cloud.invoker.invokeLater(settings.MILLRACE_BUILD_FUNCTION, { tables: [{ table, partitions }] })
    for (const { key, next } of wakes) memories.set(key, next)
  }

  /** The wakes that are due, by table and of jobs; what is not is only counted. */
  async function judge(event: StreamEvent): Promise<{ due: Map<string, Wake[]>; jobs: JobWakes }> {
    const due = new Map<string, Wake[]>()
    const jobs = new JobWakes()
    for (const { topicId, partition, slots } of byPartition(event)) {
      for (const { job, task } of await topics.tasksOf(topicId, partition)) jobs.add(job, task)
      for (const { name, id } of await topics.tablesOf(topicId)) {
        const key = `${id}#${partition}`
        const verdict = judgeWake(memories.get(key), slots)
        if (!verdict.wake) memories.set(key, verdict.next)
        else due.set(name, [...(due.get(name) ?? []), { key, partition, next: verdict.next }])
      }
    }
    return { due, jobs }
  }

  /** Whatever a timer's message cannot be handed over for, the queue keeps it and tries again. */
  async function passOn(event: QueueEvent): Promise<void> {
    const jobs = new JobWakes()
    for (const { job, tasks } of wakesOfMessages(event)) for (const task of tasks) jobs.add(job, task)
    tellLost(await handOver(base, functions, jobs), jobs.events().length)
  }

  return {
    async handle(event) {
      if (isQueueEvent(event)) return passOn(event)
      const { due, jobs } = await judge(event).catch((error: unknown) => {
        meter.count("WakesLost", 1)
        throw new Error("wakes are lost: which are due could not be told", { cause: asError(error) })
      })
      const [woken, lostJobs] = await Promise.all([
        Promise.allSettled([...due].map(([table, wakes]) => wake(table, wakes))),
        handOver(base, functions, jobs),
      ])
      const lost = woken.flatMap(result => (result.status === "rejected" ? [result.reason as unknown] : []))
      meter.count("WakesLost", lost.length)
      tellLost([...lost, ...lostJobs], woken.length + jobs.events().length)
    },
  }
}

function tellLost(lost: readonly unknown[], of: number): void {
  if (lost.length === 0) return
  throw new Error(`${lost.length} of ${of} wakes are lost`, { cause: asError(lost[0]) })
}

interface PartitionSlots {
  readonly topicId: string
  readonly partition: number
  readonly slots: NewSlot[]
}

function byPartition(event: StreamEvent): readonly PartitionSlots[] {
  const found = new Map<string, PartitionSlots>()
  for (const { topicId, partition, slot } of slotsOf(event)) {
    const key = `${topicId}#${partition}`
    const known = found.get(key) ?? { topicId, partition, slots: [] }
    found.set(key, known)
    known.slots.push(slot)
  }
  return [...found.values()]
}

export const handler = lambda("dispatch", ["MILLRACE_BUILD_FUNCTION"], createDispatch)
