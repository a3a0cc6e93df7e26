import { Duration } from "aws-cdk-lib"
import { Metric, type MetricOptions, Stats } from "aws-cdk-lib/aws-cloudwatch"
import type { IStream } from "aws-cdk-lib/aws-kinesis"
import type { FunctionName, JobFigures } from "../../functions/environment.ts"
import type { DeadLetters } from "./dead-letters.ts"
import type { MillraceFunctions } from "./functions.ts"
import type { MillraceApi } from "./http-api.ts"
import type { MillraceJobs } from "./jobs.ts"

/** What is measured. */
export interface Measured {
  readonly functions: MillraceFunctions
  readonly api: MillraceApi
  readonly deadLetters: DeadLetters
  readonly stream?: IStream
  readonly jobs?: MillraceJobs
  readonly app: string
  readonly stage: string
}

const PERIOD = Duration.minutes(5)

/** Where the functions count what AWS does not know; a metric of theirs costs while it is counted ($0.30 a month). */
const OWN_NAMESPACE = "Millrace"

/** What a job's function tells of its job. */
export type JobMetric = Exclude<keyof JobFigures, "Watermark">
const JOB_COUNTS: ReadonlySet<JobMetric> = new Set([
  "RecordsIn",
  "RecordsOut",
  "LateDropped",
  "RecordsSkipped",
  "Commits",
])

/** The deployment's metrics, most of them AWS's own, which cost nothing. */
export class MillraceMetrics {
  readonly #measured: Measured

  constructor(measured: Measured) {
    this.#measured = measured
  }

  /** Requests to the HTTP API. */
  requests(props?: MetricOptions): Metric {
    return this.#measured.api.stage.metricCount({ period: PERIOD, ...props })
  }

  /** Answers with a status of 500 and above. */
  serverErrors(props?: MetricOptions): Metric {
    return this.#measured.api.stage.metricServerError({ period: PERIOD, ...props })
  }

  /** Answers with a status of 400 to 499, throttled requests among them. */
  clientErrors(props?: MetricOptions): Metric {
    return this.#measured.api.stage.metricClientError({ period: PERIOD, ...props })
  }

  /** From a request's arrival to its answer, ms: p99. */
  latency(props?: MetricOptions): Metric {
    return this.#measured.api.stage.metricLatency({ period: PERIOD, statistic: Stats.p(99), ...props })
  }

  /** Invocations of `api` that ended in an error of its own. */
  ingestErrors(props?: MetricOptions): Metric {
    return this.#measured.functions.api.metricErrors({ period: PERIOD, ...props })
  }

  /** How long `api` takes, ms: p99. Long polls count. */
  ingestLatency(props?: MetricOptions): Metric {
    return this.#measured.functions.api.metricDuration({ period: PERIOD, statistic: Stats.p(99), ...props })
  }

  /** Invocations of `query` that ended in an error of its own; wrong SQL is none. */
  queryErrors(props?: MetricOptions): Metric {
    return this.#measured.functions.query.metricErrors({ period: PERIOD, ...props })
  }

  /** How long `query` takes, ms: p99. */
  queryLatency(props?: MetricOptions): Metric {
    return this.#measured.functions.query.metricDuration({ period: PERIOD, statistic: Stats.p(99), ...props })
  }

  /** Batches of slots of which `dispatch` could not hand over every wake; the tick makes up for them. */
  dispatchErrors(props?: MetricOptions): Metric {
    return this.#measured.functions.dispatch.metricErrors({ period: PERIOD, ...props })
  }

  /** Age of the wakes that `dispatch` was given last, ms. */
  dispatchAge(props?: MetricOptions): Metric {
    return this.#measured.functions.dispatch.metric("IteratorAge", {
      period: PERIOD,
      statistic: Stats.MAXIMUM,
      ...props,
    })
  }

  /** Wakes of `build` that `dispatch` could not hand over; the tick makes up for them. */
  wakesLost(props?: MetricOptions): Metric {
    return this.#own("dispatch", "WakesLost", props)
  }

  /** Rows that came into segments. */
  rowsBuilt(props?: MetricOptions): Metric {
    return this.#own("build", "RowsBuilt", props)
  }

  /** Records that jobs took in. Undefined without jobs. */
  recordsProcessed(props?: MetricOptions): Metric | undefined {
    return this.#measured.jobs && this.#own("process", "RecordsProcessed", props)
  }

  /**
   * What one job does, by the minute: counts are sums, everything else is that of the task that has the most of it.
   * Undefined where there is no such job.
   */
  job(job: string, metricName: JobMetric, props?: MetricOptions): Metric | undefined {
    if (this.#measured.jobs?.functions.has(job) !== true) return undefined
    const statistic = JOB_COUNTS.has(metricName) ? Stats.SUM : Stats.MAXIMUM
    return this.#own("process", metricName, { statistic, ...props }, { job })
  }

  /** The same of each job. */
  eachJob(metricName: JobMetric, props?: MetricOptions): Metric[] {
    const names = [...(this.#measured.jobs?.functions.keys() ?? [])]
    return names.flatMap(job => this.job(job, metricName, { label: job, ...props }) ?? [])
  }

  /** Tasks of jobs that failed or do not get on, as each tick finds them. Undefined without jobs. */
  tasksStuck(props?: MetricOptions): Metric | undefined {
    return this.#measured.jobs && this.#own("maintain", "TasksStuck", props)
  }

  /** Invocations of a job's function that failed; each is a dead letter. Undefined where there is no such job. */
  jobErrors(job: string, props?: MetricOptions): Metric | undefined {
    return this.#measured.jobs?.functions.get(job)?.metricErrors({ period: PERIOD, ...props })
  }

  /** Journalled records that came into the log, in entries. */
  journalAppended(props?: MetricOptions): Metric {
    return this.#own("journal", "JournalAppended", props)
  }

  /** Journal entries of topics that were deleted meanwhile. */
  journalDropped(props?: MetricOptions): Metric {
    return this.#own("journal", "JournalDropped", props)
  }

  /** Journal entries that can never be appended: each is a dead letter. */
  journalSetAside(props?: MetricOptions): Metric {
    return this.#own("journal", "JournalSetAside", props)
  }

  #own(
    service: FunctionName,
    metricName: string,
    props: MetricOptions | undefined,
    more: Readonly<Record<string, string>> = {},
  ): Metric {
    const { app, stage } = this.#measured
    const dimensionsMap = { app, stage, service, ...more }
    return new Metric({
      namespace: OWN_NAMESPACE,
      metricName,
      dimensionsMap,
      period: PERIOD,
      statistic: Stats.SUM,
      ...props,
    })
  }

  /** Invocations of `build` that failed; each is a dead letter. */
  buildErrors(props?: MetricOptions): Metric {
    return this.#measured.functions.build.metricErrors({ period: PERIOD, ...props })
  }

  /** Ticks that failed. */
  maintainErrors(props?: MetricOptions): Metric {
    return this.#measured.functions.maintain.metricErrors({ period: PERIOD, ...props })
  }

  /** Invocations that were refused for want of concurrency, of one function. */
  throttles(name: "api" | "query" | "dispatch" | "build" | "maintain", props?: MetricOptions): Metric {
    return this.#measured.functions[name].metricThrottles({ period: PERIOD, ...props })
  }

  /** Dead letters that wait. */
  deadLetters(props?: MetricOptions): Metric {
    return this.#measured.deadLetters.queue.metricApproximateNumberOfMessagesVisible({
      period: PERIOD,
      statistic: Stats.MAXIMUM,
      ...props,
    })
  }

  /** Age of the oldest journalled record that is not in the log, ms. Undefined without a journal. */
  journalAge(props?: MetricOptions): Metric | undefined {
    return this.#measured.functions.journal?.metric("IteratorAge", {
      period: PERIOD,
      statistic: Stats.MAXIMUM,
      ...props,
    })
  }

  /** Batches that `journal` failed at; they come again. Undefined without a journal. */
  journalErrors(props?: MetricOptions): Metric | undefined {
    return this.#measured.functions.journal?.metricErrors({ period: PERIOD, ...props })
  }

  /** Records that the journal had no room for: it wants more shards. Undefined without a journal. */
  journalThrottles(props?: MetricOptions): Metric | undefined {
    const { stream } = this.#measured
    if (stream === undefined) return undefined
    return new Metric({
      namespace: "AWS/Kinesis",
      metricName: "WriteProvisionedThroughputExceeded",
      dimensionsMap: { StreamName: stream.streamName },
      period: PERIOD,
      statistic: Stats.SUM,
      ...props,
    })
  }
}
