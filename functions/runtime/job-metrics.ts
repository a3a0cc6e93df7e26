import { END_OF_TIME } from "../../shared/processing/operator.ts"
import { NO_COUNTERS } from "../../shared/processing/task/commit.ts"
import type { TaskStatus, WorkDone } from "../../shared/processing/task/outcome.ts"
import type { TaskRunner } from "../../shared/processing/task/runner.ts"
import type { Clock } from "../../shared/storage/time.ts"
import type { JobFigures } from "../environment.ts"
import type { Meter } from "./report.ts"

/** An environment tells of its job once in this time: CloudWatch keeps a value for each minute, however many it is told. */
const TELL_MS = 60_000

interface Gauges {
  lag: number
  watermark: number
  stateBytes: number
}

const NONE: WorkDone = { counters: NO_COUNTERS, commits: 0, commitBytesMax: 0, commitMsMax: 0, busyMs: 0 }

type Told = Pick<TaskRunner, "status" | "takeDone">

/**
 * What an environment tells of a job, for all of its tasks that it works: counts are sums, everything else is that of the
 * task that has the most of it. So there is one set of metrics for a job, however many tasks it has.
 */
export class JobMetrics {
  readonly #job: string
  readonly #clock: Clock
  readonly #meter: Pick<Meter, "tellJob">
  readonly #done = new Map<number, WorkDone>()
  readonly #gauges = new Map<number, Gauges>()
  #toldAt = Number.NEGATIVE_INFINITY
  #began: number
  #lookedAt = 0

  constructor(job: string, clock: Clock, meter: Pick<Meter, "tellJob">) {
    this.#job = job
    this.#clock = clock
    this.#meter = meter
    this.#began = clock.elapsed()
  }

  /** After a step, however long an invocation takes. */
  async stepped(task: number, runner: Told): Promise<void> {
    if (this.#clock.elapsed() - this.#began < TELL_MS) return
    this.#look(task, runner)
    await this.#tell()
  }

  /** At an invocation's end, of each of its tasks. */
  ended(task: number, runner: Told): void {
    this.#look(task, runner)
  }

  /** At an invocation's end: what came since the last time, unless that was just now. It then goes with the next. */
  async tell(): Promise<void> {
    if (this.#clock.elapsed() - this.#toldAt >= TELL_MS) await this.#tell()
  }

  #look(task: number, runner: Told): void {
    const status = runner.status()
    this.#done.set(task, sumOf(this.#done.get(task) ?? NONE, runner.takeDone()))
    if (status !== undefined) this.#gauges.set(task, gaugesOf(status))
    this.#lookedAt = this.#clock.now()
  }

  async #tell(): Promise<void> {
    const elapsed = this.#clock.elapsed()
    const figures = this.#figures(Math.max(1, elapsed - this.#began))
    this.#toldAt = elapsed
    this.#began = elapsed
    this.#done.clear()
    this.#gauges.clear()
    // Wakes that found nothing to do are not worth a metric.
    if (figures.Commits === 0 && figures.Lag === 0) return
    await this.#meter.tellJob(this.#job, figures, this.#lookedAt)
  }

  #figures(ms: number): JobFigures {
    const done = [...this.#done.values()]
    const gauges = [...this.#gauges.values()]
    const sum = (of: (each: WorkDone) => number) => done.reduce((total, each) => total + of(each), 0)
    const most = <T>(list: readonly T[], of: (each: T) => number) => Math.max(0, ...list.map(of))
    const watermarks = gauges.map(({ watermark }) => watermark)
    const known = watermarks.filter(watermark => Number.isFinite(watermark) && watermark < END_OF_TIME)
    const watermark = known.length === 0 ? undefined : Math.min(...known)
    return {
      RecordsIn: sum(({ counters }) => counters.recordsIn),
      RecordsOut: sum(({ counters }) => counters.recordsOut),
      LateDropped: sum(({ counters }) => counters.late),
      RecordsSkipped: sum(({ counters }) => counters.skipped),
      Commits: sum(({ commits }) => commits),
      CommitBytes: most(done, ({ commitBytesMax }) => commitBytesMax),
      CommitTime: Math.round(most(done, ({ commitMsMax }) => commitMsMax)),
      BusyRatio: Math.min(1, Math.round((1_000 * most(done, ({ busyMs }) => busyMs)) / ms) / 1_000),
      Lag: most(gauges, ({ lag }) => lag),
      StateBytes: most(gauges, ({ stateBytes }) => stateBytes),
      ...(watermark === undefined
        ? {}
        : { Watermark: watermark, WatermarkLag: Math.max(0, this.#lookedAt - watermark) }),
    }
  }
}

function gaugesOf({ inputs, watermark, stateBytes }: TaskStatus): Gauges {
  const lag = inputs.reduce((sum, { next, end, deleted }) => sum + (deleted ? 0 : end - next), 0)
  return { lag, watermark, stateBytes }
}

function sumOf(left: WorkDone, right: WorkDone): WorkDone {
  const of = (name: keyof WorkDone["counters"]) => (left.counters[name] ?? 0) + (right.counters[name] ?? 0)
  return {
    counters: {
      recordsIn: of("recordsIn"),
      recordsOut: of("recordsOut"),
      late: of("late"),
      duplicate: of("duplicate"),
      expired: of("expired"),
      skipped: of("skipped"),
    },
    commits: left.commits + right.commits,
    commitBytesMax: Math.max(left.commitBytesMax, right.commitBytesMax),
    commitMsMax: Math.max(left.commitMsMax, right.commitMsMax),
    busyMs: left.busyMs + right.busyMs,
  }
}
