import type { MetricUnit as Unit } from "@aws-lambda-powertools/metrics/types"
import type { FunctionName, JobFigures } from "../environment.ts"
import type { Meter, MetricName } from "./report.ts"

const NAMESPACE = "Millrace"

type JobMetricName = Exclude<keyof JobFigures, "Watermark">

const UNITS: Readonly<Record<JobMetricName, Unit>> = {
  RecordsIn: "Count",
  RecordsOut: "Count",
  LateDropped: "Count",
  RecordsSkipped: "Count",
  Commits: "Count",
  CommitBytes: "Bytes",
  CommitTime: "Milliseconds",
  BusyRatio: "None",
  Lag: "Count",
  StateBytes: "Bytes",
  WatermarkLag: "Milliseconds",
}

/** Each costs while it is told: what seldom happens is told only then. */
const ONLY_ABOVE_ZERO: ReadonlySet<string> = new Set<JobMetricName>(["LateDropped", "RecordsSkipped"])

/** What a function counts; told after each invocation in which something was counted, as a line of CloudWatch's EMF. */
export class FunctionMetrics implements Meter {
  readonly #name: FunctionName
  readonly #dimensions: Readonly<Record<string, string>>
  readonly #counts = new Map<MetricName, number>()

  /** @param dimensions that the figures are told apart by, beside the function */
  constructor(name: FunctionName, dimensions: Readonly<Record<string, string>>) {
    this.#name = name
    this.#dimensions = dimensions
  }

  count(name: MetricName, value: number): void {
    if (value > 0) this.#counts.set(name, (this.#counts.get(name) ?? 0) + value)
  }

  async publish(): Promise<void> {
    if (this.#counts.size === 0) return
    const metrics = await this.#open()
    for (const [name, value] of this.#counts) metrics.addMetric(name, "Count", value)
    this.#counts.clear()
    metrics.publishStoredMetrics()
  }

  async tellJob(job: string, { Watermark, ...figures }: JobFigures, at: number): Promise<void> {
    const metrics = await this.#open({ job })
    metrics.setTimestamp(at)
    for (const [name, value] of Object.entries(figures)) {
      if (value > 0 || !ONLY_ABOVE_ZERO.has(name)) {
        metrics.addMetric(name, UNITS[name as JobMetricName], value)
      }
    }
    if (Watermark !== undefined) metrics.addMetadata("watermark", new Date(Watermark).toISOString())
    metrics.publishStoredMetrics()
  }

  async #open(more: Readonly<Record<string, string>> = {}) {
    // Most invocations tell nothing: they need not load this.
    const { Metrics } = await import("@aws-lambda-powertools/metrics")
    const metrics = new Metrics({ namespace: NAMESPACE, serviceName: this.#name })
    metrics.setDefaultDimensions({ ...this.#dimensions, ...more })
    return metrics
  }
}
