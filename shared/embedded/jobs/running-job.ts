import { wakeTopic } from "../../log/fetches.ts"
import type { Log } from "../../log/types.ts"
import { refreshTasks } from "../../processing/jobs/assign-partitions.ts"
import type { JobItem } from "../../processing/jobs/job-item.ts"
import type { JobStore } from "../../processing/jobs/job-store.ts"
import type { JobTrouble, TaskActivity } from "../../processing/jobs/job-view.ts"
import type { CommitStore } from "../../processing/task/commit-store.ts"
import { OwnDeaths } from "../../processing/task/deaths.ts"
import type { StopReason } from "../../processing/task/outcome.ts"
import { TaskRunner } from "../../processing/task/runner.ts"
import type { Ports } from "../../storage/time.ts"
import { Bell, Turns } from "./bell.ts"
import { TaskLoop } from "./task-loop.ts"
import { WorkerCode, WorkerError, type WorkerOptions } from "./worker-code.ts"

/** A job's item is looked at this often: for tasks that were added, and changes that nobody told of. */
const LOOK_MS = 5_000
/** The pause before a job's thread is started again … */
const RESTART_MS = 1_000
/** … doubling up to this. */
const RESTART_MS_MAX = 60_000
/** Topics that match a job's pattern by now, and partitions that were added, are looked for this often, as in Flink. */
const DISCOVERY_MS = 300_000
/** A thread that was started anew and works this long is out of its trouble: others of its tasks may work all the while. */
const STEADY_MS = 10_000
/** A stop waits this long for the commits under way; what is cut then is computed again by the next start. */
const STOP_MS_MAX = 8_000
/**
 * Tasks of one job that read, compute or commit at once. Its thread computes for one at a time: another one reads or commits
 * meanwhile. More would only hold more batches in memory.
 */
const TASKS_AT_ONCE = 2

export interface RunningJobOptions {
  readonly ports: Ports
  readonly log: Log
  readonly jobs: JobStore
  readonly commits: CommitStore
  readonly name: string
  /** Told of faults: each one line. */
  readonly report: (line: string) => void
}

/** One task's loop, and what it is woken by. */
interface Looping {
  readonly loop: TaskLoop
  readonly bell: Bell
  /** Partitions whose hints ring the bell. */
  readonly heard: Set<string>
}

/** Where a job's code is. */
export type CodePlace = Pick<WorkerOptions, "file" | "stage" | "memoryMb" | "workMsMax">

/** One job at work in this process: its thread and its tasks, whatever becomes of either. */
export class RunningJob {
  readonly #options: RunningJobOptions
  readonly #bell: Bell
  readonly #closing = new AbortController()
  readonly #done: Promise<void>
  #place: CodePlace
  /** Ends what runs of the code at hand. */
  #session = new AbortController()
  #loops = new Map<number, Looping>()
  #trouble: JobTrouble | undefined
  /** By task: how often the thread died of it. */
  readonly #deaths = new Map<number, OwnDeaths>()
  #told = ""
  /** Until then (own clock) the thread that was started anew has to prove itself: its trouble is not over. */
  #steadyAt = 0

  constructor(options: RunningJobOptions, place: CodePlace) {
    this.#options = options
    this.#place = place
    this.#bell = new Bell(options.ports.clock)
    this.#done = this.#run()
  }

  get trouble(): JobTrouble | undefined {
    return this.#trouble
  }

  activity(generation: number, task: number): TaskActivity | undefined {
    return this.#loops.get(task)?.loop.activity(generation)
  }

  /** The job's item has changed. */
  changed(): void {
    this.#bell.ring()
    for (const { bell } of this.#loops.values()) bell.ring()
  }

  /** The code has changed: a new thread takes over, after the commits under way. */
  replace(place: CodePlace): void {
    this.#place = place
    this.#trouble = undefined
    this.#deaths.clear()
    this.#steadyAt = 0
    this.#session.abort()
    this.#bell.ring()
  }

  /** Ends after the commits under way. */
  async close(): Promise<void> {
    this.#closing.abort()
    this.#session.abort()
    await this.#done
  }

  async #run(): Promise<void> {
    const { jobs, name, ports } = this.#options
    const closing = this.#closing.signal
    while (!closing.aborted) {
      this.#session = new AbortController()
      const { signal } = this.#session
      try {
        const item = (await jobs.find(name))?.item
        if (item !== undefined && isRunning(item)) await this.#work(item, signal)
        else {
          this.#trouble = undefined
          this.#tellFailure(item)
          await this.#bell.wait(LOOK_MS, signal)
        }
      } catch (error) {
        this.#fault(error)
        this.#steadyAt = ports.clock.elapsed() + STEADY_MS
        // What kills the thread is found within a few deaths, or the job fails: that is not to take long.
        const isSought = [...this.#deaths.values()].some(({ note }) => note.deaths > 0)
        const times = isSought ? 1 : Math.min(this.#trouble?.times ?? 1, 10)
        const pauseMs = Math.min(RESTART_MS * 2 ** (times - 1), RESTART_MS_MAX)
        await ports.clock.sleep(pauseMs, signal)
      }
    }
  }

  /** Starts a thread and lets all tasks work, until the job or its thread ends. Throws `WorkerError`. */
  async #work(item: JobItem, signal: AbortSignal): Promise<void> {
    const { name, report } = this.#options
    if (signal.aborted) return
    const stop = new AbortController()
    signal.addEventListener("abort", () => stop.abort(), { once: true })
    const onPrinted = (text: string) => report(`job ${name}: ${text.trimEnd()}`)
    const code = await WorkerCode.open({ ...this.#place, job: name, onPrinted })
    const ended = code.ended.then(error => Promise.reject(error))
    ended.catch(() => undefined)
    const tasks: Promise<unknown>[] = []
    try {
      if (code.facts.digest !== item.digest && item.intent === undefined) {
        throw new Error(`job ${name}: its code is not what was deployed`)
      }
      const watched = this.#watch(item, code, stop, tasks)
      await Promise.race([ended, watched])
    } finally {
      stop.abort()
      const settled = Promise.allSettled(tasks)
      const waited = new AbortController()
      await Promise.race([settled, this.#options.ports.clock.sleep(STOP_MS_MAX, waited.signal)])
      waited.abort()
      this.#loops.clear()
      await code.close()
      await settled
    }
  }

  /** Keeps a loop for each task of the item, until the job is not to run any more or one of them stops. */
  async #watch(
    first: JobItem,
    code: WorkerCode,
    stop: AbortController,
    tasks: Promise<unknown>[],
  ): Promise<void> {
    const { jobs, log, name, ports } = this.#options
    const { clock } = ports
    const { signal } = stop
    const turns = new Turns(TASKS_AT_ONCE)
    let fault: unknown
    let item: JobItem | undefined = first
    let lookedAt = clock.elapsed()
    while (!signal.aborted && item !== undefined && isRunning(item)) {
      for (let task = this.#loops.size; task < item.tasks.length; task++) {
        const work = this.#startTask(task, code, turns, signal).catch(error => {
          fault ??= error
          return undefined
        })
        // Of a bounded run the others go on.
        tasks.push(work.then(why => (why === "finished" ? this.#bell.ring() : stop.abort())))
      }
      this.#listenTo(item, signal)
      await this.#bell.wait(LOOK_MS, signal)
      if (!signal.aborted && clock.elapsed() - lookedAt >= DISCOVERY_MS) {
        await refreshTasks({ jobs, log }, name, code.facts.sources)
        lookedAt = clock.elapsed()
      }
      if (!signal.aborted) item = (await jobs.find(name))?.item
    }
    if (fault !== undefined) throw fault
  }

  async #startTask(
    task: number,
    code: WorkerCode,
    turns: Turns,
    signal: AbortSignal,
  ): Promise<StopReason | undefined> {
    const { ports, log, jobs, commits } = this.#options
    const bell = new Bell(ports.clock)
    const runner = new TaskRunner({ ports, log, jobs, commits, code, task })
    const deaths = this.#deaths.get(task) ?? new OwnDeaths()
    this.#deaths.set(task, deaths)
    runner.heed(deaths)
    const onFault = (error: unknown) => this.#fault(error)
    const onStep = () => {
      if (ports.clock.elapsed() < this.#steadyAt) return
      this.#trouble = undefined
      this.#told = ""
    }
    const loop = new TaskLoop({ runner, bell, turns, clock: ports.clock, signal, onFault, onStep })
    this.#loops.set(task, { loop, bell, heard: new Set() })
    try {
      return await loop.run()
    } catch (error) {
      if (error instanceof WorkerError && isDeath(error)) deaths.died(error.message)
      throw error
    } finally {
      await runner.close()
    }
  }

  /** Has hints of all partitions that tasks read wake them. */
  #listenTo({ tasks }: JobItem, signal: AbortSignal): void {
    for (const [task, { bell, heard }] of this.#loops) {
      for (const [topicId, partition] of tasks[task] ?? []) {
        const key = `${topicId}#${partition}`
        if (heard.has(key)) continue
        heard.add(key)
        void this.#listen(topicId, partition, bell, signal)
      }
    }
  }

  /** Rings for new records of a partition. */
  async #listen(topicId: string, partition: number, bell: Bell, signal: AbortSignal): Promise<void> {
    const { wake } = this.#options.ports
    while (!signal.aborted) {
      if (await wake.wait(wakeTopic(topicId, partition), LISTEN_MS_MAX, signal))
        bell.ring({ topicId, partition })
    }
  }

  /** Reports once why a job failed. */
  #tellFailure(item: JobItem | undefined): void {
    const fault = item?.state === "failed" ? item.fault : undefined
    if (fault === undefined) return
    const { error, at, timer } = fault
    const where =
      at === undefined ? `timer of ${timer?.operator}` : `${at.topic}/${at.partition}, offset ${at.offset}`
    const { name, report } = this.#options
    const text = `job ${name} failed: ${error} (${where}); \`millrace jobs status ${name}\` tells more`
    if (text !== this.#told) report(text)
    this.#told = text
  }

  /** Keeps a fault for who asks, and reports it where it is not the one before again. */
  #fault(error: unknown): void {
    const text = error instanceof Error ? error.message : String(error)
    this.#trouble = { error: text, times: (this.#trouble?.times ?? 0) + 1 }
    if (text !== this.#told)
      this.#options.report(
        `${text.startsWith("job ") ? "" : `job ${this.#options.name}: `}${text}; trying again`,
      )
    this.#told = text
  }
}

/** A wait for a hint begins anew after this; nothing else comes of it. */
const LISTEN_MS_MAX = 3_600_000

/** Whether the job's functions took the thread down. A sink that waits too long only waits for somebody else. */
function isDeath({ code, diedAt }: WorkerError): boolean {
  return diedAt !== undefined && !(diedAt === "sink" && code === "stuck")
}

function isRunning({ attached, state, finished }: JobItem): boolean {
  return attached && state === "running" && finished !== true
}
