import { existsSync } from "node:fs"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import type { AppDefinition } from "../../definition/app-definition.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import { DEFAULT_STAGE } from "../../definition/resolve.ts"
import { evaluateApp } from "../../evaluation/evaluate.ts"
import { openLog } from "../../log/open-log.ts"
import type { Log, RecordSource } from "../../log/types.ts"
import type { JobFault } from "../../processing/jobs/job-item.ts"
import { Jobs } from "../../processing/jobs/lifecycle.ts"
import { NO_COUNTERS, type TaskCounters } from "../../processing/task/commit.ts"
import { CommitStore } from "../../processing/task/commit-store.ts"
import { TaskRunner } from "../../processing/task/runner.ts"
import { checkExpression } from "../../serving/expression/check.ts"
import { localClock } from "../../storage/local/clock.ts"
import { type LocalStores, openLocalStores } from "../../storage/local/local-stores.ts"
import { localRandom } from "../../storage/local/random.ts"
import { localWake } from "../../storage/local/wake.ts"
import type { Ports } from "../../storage/time.ts"
import { fileTopic } from "../jobs/bounded-code.ts"
import { WorkerCode } from "../jobs/worker-code.ts"
import { type FileFormat, fileRows } from "./file-rows.ts"
import { giveResults } from "./give-results.ts"
import { joinedLog } from "./joined-log.ts"

/** Rows of a file that are appended at once. */
const FILE_ROWS_AT_ONCE = 1_000
/** What a record takes besides its value, at the most. */
const RECORD_OVERHEAD_BYTES = 40

export interface BoundedRunOptions {
  /** The app file. */
  readonly app: string
  /** Which of its jobs; it may be left out where there is one. */
  readonly job?: string
  /** The data folder whose topics the job reads; its server must be stopped. Nothing is written there. */
  readonly data: string
  /** Told every so often: how many of how many records are read. */
  readonly progress: (read: number, of: number) => void
  readonly say: (line: string) => void
  /** Takes the final results, topic by topic, each as the JSON text of its value. */
  readonly result: (topic: string, value: string, topics: number) => Promise<void>
}

export interface BoundedReport {
  readonly job: string
  readonly counters: TaskCounters
  readonly elapsedMs: number
  /** Why it failed. */
  readonly fault?: JobFault
}

/** A run that cannot be begun. The message is for a person. */
export class BoundedRunError extends Error {
  override readonly name = "BoundedRunError"
}

/**
 * Runs a job over what there is, from its sources' starting offsets to where they end now, and gives each final result
 * once. Everything that the run itself keeps is apart, and gone afterwards. Throws `BoundedRunError`, and what
 * evaluation, stores and the job's thread throw.
 */
export async function runBounded(options: BoundedRunOptions): Promise<BoundedReport> {
  const app = resolve(options.app)
  const evaluated = await evaluateApp(app, { checkExpression })
  if (evaluated.printed !== "") options.say(evaluated.printed.trimEnd())
  if ("error" in evaluated) throw evaluated.error
  const job = chosenJob(evaluated.definition, options.job)
  const data = resolve(options.data)
  const readsData = job.nodes.some(({ kind }) => kind === "source")
  if (readsData && !existsSync(data)) {
    throw new BoundedRunError(`${data}: expected a data folder with the topics that job ${job.name} reads`)
  }
  const scratch = await mkdtemp(join(tmpdir(), "millrace-run-"))
  const opened: LocalStores[] = []
  const logs: Log[] = []
  const opening = async (folder: string): Promise<[Ports, Log]> => {
    const stores = await openLocalStores(folder)
    opened.push(stores)
    const { objects, meta } = stores
    const ports = { objects, meta, clock: localClock(), random: localRandom(), wake: localWake() }
    const log = openLog(ports)
    logs.push(log)
    return [ports, log]
  }
  try {
    const source = readsData ? (await opening(data))[1] : undefined
    const [ports, own] = await opening(join(scratch, "data"))
    await makeTopics(own, evaluated.definition, job, source)
    return await work({ ...options, app }, job, ports, own, joinedLog(own, source))
  } finally {
    for (const log of logs) await log.close()
    for (const stores of opened) await stores.close()
    await rm(scratch, { recursive: true, force: true })
  }
}

function chosenJob({ jobs }: AppDefinition, name: string | undefined): JobDefinition {
  const names = jobs.map(job => job.name).join(", ")
  if (name !== undefined) {
    const found = jobs.find(job => job.name === name)
    if (found !== undefined) return found
    throw new BoundedRunError(
      `the app has no job ${name}: expected ${names === "" ? "none" : `one of ${names}`}`,
    )
  }
  const [only] = jobs
  if (only === undefined) throw new BoundedRunError("the app has no job")
  if (jobs.length > 1)
    throw new BoundedRunError(`the app has several jobs: expected --job with one of ${names}`)
  return only
}

/** The topics that the job writes to, and one for each file that it reads. */
async function makeTopics(
  own: Log,
  { topics }: AppDefinition,
  job: JobDefinition,
  source: Log | undefined,
): Promise<void> {
  for (const name of outputsOf(job)) {
    const topic = topics.find(at => at.name === name)
    const external = topic?.external === true ? await source?.topic(name) : undefined
    const partitions = external?.partitions ?? topic?.partitions ?? 1
    await own.createTopic({ name, partitions, owner: "http", config: topic?.config ?? {} })
  }
  for (const { kind, uid = kind, shape } of job.nodes) {
    if (kind !== "files") continue
    const name = fileTopic(uid)
    await own.createTopic({ name, partitions: 1, owner: "http" })
    await appendRows(own, name, fileRows(String(shape?.path), String(shape?.format) as FileFormat))
  }
}

function outputsOf({ writes, poison }: JobDefinition): readonly string[] {
  const deadLetters = poison.startsWith("topic:") ? [poison.slice("topic:".length)] : []
  return [...new Set([...writes, ...deadLetters])]
}

async function appendRows(log: Log, topic: string, rows: AsyncIterable<string>): Promise<void> {
  let waiting: Uint8Array[] = []
  const flush = async () => {
    const [result] = await log.append({ topic, parts: [{ partition: 0, records: recordsOf(waiting) }] })
    if (result !== undefined && "error" in result) throw result.error
    waiting = []
  }
  for await (const row of rows) {
    waiting.push(Buffer.from(row))
    if (waiting.length >= FILE_ROWS_AT_ONCE) await flush()
  }
  if (waiting.length > 0) await flush()
}

function recordsOf(values: readonly Uint8Array[]): RecordSource {
  return {
    count: values.length,
    bytesMax: values.reduce((sum, value) => sum + value.length + RECORD_OVERHEAD_BYTES, 0),
    write(builder, from, to, timestamp) {
      for (const value of values.slice(from, to)) builder.add(value, -1, -1, 0, value.length, timestamp)
    },
  }
}

async function work(
  options: BoundedRunOptions,
  job: JobDefinition,
  ports: Ports,
  own: Log,
  log: Log,
): Promise<BoundedReport> {
  const { name, memoryMb } = job
  const { clock } = ports
  const began = clock.elapsed()
  const onPrinted = (text: string) => options.say(text.trimEnd())
  const place = { file: options.app, stage: DEFAULT_STAGE, job: name, bounded: true, memoryMb, onPrinted }
  const code = await WorkerCode.open(place)
  try {
    const commits = new CommitStore(ports)
    const jobs = new Jobs(ports, log, commits)
    const reads = code.facts.sources.flatMap(({ topics }) => topics)
    const { item } = await jobs.create({ ...job, reads, bounded: true }, "http")
    const runners = item.tasks.map(
      (_, task) => new TaskRunner({ ports, log, jobs: jobs.store, commits, code, task }),
    )
    for (const runner of runners) await finish(runner, () => tell(runners, options))
    const { fault } = (await jobs.store.get(name)).item
    const counters = countersOf(runners)
    if (fault === undefined) {
      for (const topic of code.facts.outputs) {
        await giveResults(own, topic, value => options.result(topic, value, code.facts.outputs.length))
      }
    }
    const report = { job: name, counters, elapsedMs: clock.elapsed() - began }
    return fault === undefined ? report : { ...report, fault }
  } finally {
    await code.close()
  }
}

/** Steps until the task has read all that there is, or stopped. */
async function finish(runner: TaskRunner, stepped: () => void): Promise<void> {
  runner.wake()
  for (;;) {
    const { kind } = await runner.step()
    stepped()
    if (kind === "idle" || kind === "stopped") return
    if (kind === "lost") runner.wake()
  }
}

function tell(runners: readonly TaskRunner[], { progress }: BoundedRunOptions): void {
  const inputs = runners.flatMap(runner => runner.status()?.inputs ?? [])
  const sum = (of: (input: (typeof inputs)[number]) => number) =>
    inputs.reduce((total, input) => total + of(input), 0)
  progress(
    sum(({ next }) => next),
    sum(({ end }) => end),
  )
}

function countersOf(runners: readonly TaskRunner[]): TaskCounters {
  const sum: Record<string, number> = { ...NO_COUNTERS }
  for (const runner of runners) {
    for (const [name, count] of Object.entries(runner.status()?.counters ?? {}))
      sum[name] = (sum[name] ?? 0) + count
  }
  return sum as unknown as TaskCounters
}
