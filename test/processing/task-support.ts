import type { Job } from "../../shared/definition/job/job.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { createBatchBuilder, decodeRecords, partitionForKey } from "../../shared/log/records/index.ts"
import type { Log } from "../../shared/log/types.ts"
import { Jobs } from "../../shared/processing/jobs/lifecycle.ts"
import { CommitStore, type CommitStoreOptions } from "../../shared/processing/task/commit-store.ts"
import type { JobCode } from "../../shared/processing/task/job-code.ts"
import { localJobCode } from "../../shared/processing/task/local-job-code.ts"
import type { StepOutcome } from "../../shared/processing/task/outcome.ts"
import { TaskRunner } from "../../shared/processing/task/runner.ts"
import type { TaskRunnerOptions } from "../../shared/processing/task/runner-options.ts"
import type { Faults, StoreCall } from "../../shared/storage/memory/faults.ts"
import { type MemoryPorts, type MemoryPortsOptions, memoryPorts } from "../support/memory-ports.ts"
import { type Click, clicks, definitionOf, seen, seenText, sums, sumText } from "./task-jobs.ts"

/** One process: its own log, commit store and steering, over stores that others may share. */
export interface Host {
  readonly ports: MemoryPorts
  readonly log: Log
  readonly commits: CommitStore
  readonly jobs: Jobs
  runner(job: Job | JobCode, options?: Partial<TaskRunnerOptions>): TaskRunner
}

let seeds = 1

export function host(options: MemoryPortsOptions & { commits?: CommitStoreOptions } = {}): Host {
  const ports = memoryPorts({ seed: seeds++, ...options })
  const log = openLog(ports)
  const commits = new CommitStore(ports, options.commits)
  const jobs = new Jobs(ports, log, commits)
  return {
    ports,
    log,
    commits,
    jobs,
    runner(job, more = {}) {
      const code = "graph" in job ? localJobCode(job, definitionOf(job)) : job
      return new TaskRunner({ ports, log, commits, jobs: jobs.store, code, task: 0, ...more })
    },
  }
}

/** A process on the stores of another. */
export function another(
  first: Host,
  options: MemoryPortsOptions & { commits?: CommitStoreOptions } = {},
): Host {
  const made = host({ stores: first.ports.stores, ...options })
  return made
}

/** The topics that the jobs read and write. */
export async function makeTopics(log: Log): Promise<void> {
  for (const { name, options } of [clicks, sums, seen]) {
    await log.createTopic({ name, partitions: Number(options.partitions ?? 1), owner: "http" })
  }
}

const encoder = new TextEncoder()

/** Appends records as JSON, by their key, in one batch a partition. */
export async function produce(log: Log, records: readonly Click[], topic = "clicks"): Promise<void> {
  const { partitions } = await log.topic(topic)
  const parts = new Map<number, Click[]>()
  for (const record of records) {
    const partition = partitionForKey(encoder.encode(record.user), partitions)
    parts.set(partition, [...(parts.get(partition) ?? []), record])
  }
  for (const [partition, share] of parts) {
    const builder = createBatchBuilder()
    for (const record of share) {
      const key = encoder.encode(record.user)
      const value = encoder.encode(JSON.stringify(record))
      const bytes = new Uint8Array([...key, ...value])
      builder.add(bytes, 0, key.length, key.length, bytes.length, record.time)
    }
    const [result] = await log.append({ topic, parts: [{ partition, batch: builder.finish({}).bytes }] })
    if (result === undefined || "error" in result) throw new Error(`not appended: ${result?.error.message}`)
  }
}

/** All values of a topic, parsed, in the order of each partition. */
export async function valuesOf<T>(log: Log, topic: string): Promise<T[]> {
  const { id, partitions } = await log.topic(topic, true)
  const found: T[] = []
  for (let partition = 0; partition < partitions; partition++) {
    for (let offset = 0; ; ) {
      const fetched = await log.fetch(id, partition, { offset, maxBytes: 1_000_000 })
      for (const { bytes } of fetched.batches) {
        for (const { value } of decodeRecords(bytes)) {
          if (value !== null) found.push(JSON.parse(Buffer.from(value).toString()) as T)
        }
      }
      if (fetched.nextOffset === offset) break
      offset = fetched.nextOffset
    }
  }
  return found
}

/** The rows of both result topics as sorted texts. */
export async function results(log: Log): Promise<{ sums: string[]; seen: string[] }> {
  const sumRows = await valuesOf<{ user: string; windowStart: number; total: number }>(log, "sums")
  const seenRows = await valuesOf<{ user: string; n: number; total: number }>(log, "seen")
  return { sums: sumRows.map(sumText).sort(), seen: seenRows.map(seenText).sort() }
}

/** Steps until there is nothing to do. Returns the last outcome. */
export async function drain(runner: TaskRunner, stepsMax = 1_000): Promise<StepOutcome> {
  runner.wake()
  for (let steps = 0; steps < stepsMax; steps++) {
    const outcome = await runner.step()
    if (outcome.kind === "idle" || outcome.kind === "stopped" || outcome.kind === "yielded") return outcome
  }
  throw new Error(`no end after ${stepsMax} steps`)
}

/** Lets a process be killed at one of its store calls: that call, and all after it, never come back. */
export class Killer implements Faults {
  calls = 0
  readonly #at: number
  readonly #applied: boolean
  readonly #watch: ((call: StoreCall) => void) | undefined
  #kill: () => void = () => {}
  /** Resolves when the process is dead. */
  readonly dead: Promise<"dead">

  /** @param at the number of the call, from 1 on; 0: never @param applied whether that call is still applied */
  constructor(at: number, applied: boolean, watch?: (call: StoreCall) => void) {
    this.#at = at
    this.#applied = applied
    this.#watch = watch
    this.dead = new Promise(resolve => {
      this.#kill = () => resolve("dead")
    })
  }

  get #isDead(): boolean {
    return this.#at > 0 && this.calls > this.#at
  }

  async before(call: StoreCall): Promise<undefined> {
    this.calls++
    this.#watch?.(call)
    if (this.#isDead || (this.calls === this.#at && !this.#applied)) await this.#end()
    return undefined
  }

  async after(): Promise<void> {
    if (this.#at > 0 && this.calls >= this.#at) await this.#end()
  }

  #end(): Promise<never> {
    this.#kill()
    return new Promise(() => {})
  }
}

/** A small generator of chance. */
export function chance(seed: number): (below: number) => number {
  let state = seed * 2 + 1
  return below => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}
