import { LogError } from "../../shared/log/errors.ts"
import { carryIntent, taskOf } from "../../shared/processing/jobs/carry-intent.ts"
import { JobCollector } from "../../shared/processing/jobs/job-collector.ts"
import type { JobItem, TaskPartition } from "../../shared/processing/jobs/job-item.ts"
import { JobStore } from "../../shared/processing/jobs/job-store.ts"
import { Savepoints } from "../../shared/processing/jobs/savepoints.ts"
import type { CommitRecord } from "../../shared/processing/task/commit.ts"
import { CommitStore } from "../../shared/processing/task/commit-store.ts"
import { NO_DEATHS } from "../../shared/processing/task/deaths.ts"
import { Publisher } from "../../shared/processing/task/publisher.ts"
import { queryItems } from "../../shared/storage/query-items.ts"
import { readAgain } from "../../shared/storage/settle.ts"
import type { Home } from "./home.ts"
import { handOver, JobWakes, readProcessFunctions } from "./job-wakes.ts"
import { type LeaseState, leaseKey, leasesKey, readLease } from "./task-lease.ts"

/** Tasks that are looked at at once. */
const TASKS_AT_ONCE = 16
/** A message that should have come this long ago is lost. */
const TIMER_LATE_MS = 60_000

/** What is remembered from tick to tick. */
export class JobMemory {
  /** The record at which a task with something to read stood. */
  readonly standing = new Map<string, string>()
  readonly collector = new JobCollector()
}

const FREE: LeaseState = { until: 0, again: false, armedAt: 0, deaths: NO_DEATHS }

/**
 * What nobody else does for jobs: wakes tasks that have something to read that nobody was told of, whose worker was killed,
 * or whose timer was lost; carries changes through; and deletes what jobs no longer need. Each job costs a query, each task a query and a look at its
 * inputs' ends.
 * @param hasTime whether there is time to look at one more job
 * @param part keeps what fails from keeping the rest from being done
 */
export async function tickJobs(
  home: Home,
  hasTime: () => boolean,
  memory: JobMemory,
  part: (what: string, work: () => Promise<unknown>) => Promise<void>,
): Promise<void> {
  const jobs = new JobStore(home.ports)
  const commits = new CommitStore(home.ports)
  const savepoints = new Savepoints(home.ports, commits)
  const functions = readProcessFunctions(home.settings)
  const all = await jobs.list()
  // Another one first each time, as with tables.
  const first = all.length === 0 ? 0 : home.ports.random.integer(all.length)
  for (const job of [...all.slice(first), ...all.slice(0, first)]) {
    if (!hasTime()) break
    await part(`job ${job.name}`, async () => {
      if (job.intent !== undefined && !functions.has(job.name)) {
        const publisher = new Publisher(home.log, commits)
        await carryIntent({ ports: home.ports, jobs, commits, publisher }, await jobs.get(job.name))
        return
      }
      const wakes = await wakesOf(home, commits, job, memory.standing)
      const [lost] = await handOver(home, functions, wakes)
      if (lost !== undefined) throw lost
    })
    // Without any job's function in the stack there is no right to delete.
    if (functions.size === 0) continue
    await part(`job ${job.name}: what it no longer needs`, () =>
      memory.collector.collect({ ports: home.ports, commits, savepoints }, jobs, job.name, hasTime),
    )
  }
  if (functions.size > 0 && hasTime()) {
    const context = { ports: home.ports, commits, savepoints }
    await part("what removed jobs left", () => memory.collector.collectRemoved(context, hasTime))
  }
}

async function wakesOf(
  home: Home,
  commits: CommitStore,
  job: JobItem,
  standing: JobMemory["standing"],
): Promise<JobWakes> {
  const wakes = new JobWakes()
  if (job.state === "failed") home.meter.count("TasksStuck", 1)
  // Whoever meets it carries it through, whichever task it is woken for.
  if (job.intent !== undefined) wakes.add(job.name, 0)
  if (job.intent !== undefined || job.state !== "running" || job.finished === true) return wakes
  // Whichever task is woken looks for new partitions.
  if (await hasGrown(home, job)) wakes.add(job.name, 0)
  const { items, date } = await readAgain(home.ports, () =>
    queryItems(home.ports.meta, "meta", { pk: leasesKey(job.name) }),
  )
  const leases = new Map(items.map(item => [item.sk, readLease(item)]))
  for (let from = 0; from < job.tasks.length; from += TASKS_AT_ONCE) {
    const some = job.tasks.slice(from, from + TASKS_AT_ONCE)
    await Promise.all(
      some.map(async (inputs, index) => {
        const task = from + index
        const lease = leases.get(leaseKey(job.name, task).sk) ?? FREE
        // Somebody is at it.
        if (lease.until > date) return
        const { head } = await commits.head(taskOf(job, task))
        const isBehind = await hasUnread(home, inputs, head)
        if (isBehind) tellStanding(home, standing, `${job.id}#${task}`, head)
        else standing.delete(`${job.id}#${task}`)
        // A lease that ended without being let go is of a worker that was killed: it may not have published.
        if (isBehind || lease.until > 0 || isLate(home, lease, head)) wakes.add(job.name, task)
      }),
    )
  }
  return wakes
}

/** Whether a topic that the job reads has partitions that none of its tasks has. */
async function hasGrown({ log }: Home, { tasks }: JobItem): Promise<boolean> {
  const known = new Map<string, number>()
  for (const [topicId] of tasks.flat()) known.set(topicId, (known.get(topicId) ?? 0) + 1)
  for (const [topicId, partitions] of known) {
    const topic = await log.topicById(topicId).catch(ifDeleted)
    if (topic !== undefined && topic.partitions > partitions) return true
  }
  return false
}

function ifDeleted(error: unknown): undefined {
  if (error instanceof LogError && error.code === "topic_deleted") return undefined
  throw error
}

/** A timer that is past, and for which no message is under way. */
function isLate({ ports }: Home, { armedAt }: LeaseState, head: CommitRecord | undefined): boolean {
  const now = ports.clock.now()
  return head?.nextTimer !== undefined && head.nextTimer <= now && armedAt + TIMER_LATE_MS <= now
}

/** A task that has something to read and stood at the same record a tick ago does not get on. */
function tellStanding(
  home: Home,
  standing: JobMemory["standing"],
  task: string,
  head: CommitRecord | undefined,
): void {
  const at = head?.commitId ?? ""
  if (standing.get(task) === at) home.meter.count("TasksStuck", 1)
  standing.set(task, at)
}

async function hasUnread(
  { log }: Home,
  inputs: readonly TaskPartition[],
  head: CommitRecord | undefined,
): Promise<boolean> {
  // Its first record says where it begins.
  if (head === undefined || head.kind === "sealed") return true
  const next = new Map<string, number>()
  for (const input of head.inputs) {
    const key = `${input.topicId}#${input.partition}`
    if (!input.ended) next.set(key, Math.min(input.next, next.get(key) ?? input.next))
    else if (!next.has(key)) next.set(key, Number.POSITIVE_INFINITY)
  }
  const found = await Promise.all(
    inputs.map(async ([topicId, partition]) => {
      const position = next.get(`${topicId}#${partition}`)
      if (position === undefined) return true
      if (position === Number.POSITIVE_INFINITY) return false
      try {
        return (await log.lastStableOffset(topicId, partition)) > position
      } catch (error) {
        if (error instanceof LogError && error.code === "topic_deleted") return false
        throw error
      }
    }),
  )
  return found.includes(true)
}
