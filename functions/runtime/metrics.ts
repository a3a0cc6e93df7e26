import type { FunctionName } from "../environment.ts"
import type { Meter, MetricName } from "./report.ts"

const NAMESPACE = "Millrace"

/** What a function counts; told after each invocation in which something was counted, as a line of CloudWatch's EMF. */
export class FunctionMetrics implements Meter {
  readonly #name: FunctionName
  readonly #counts = new Map<MetricName, number>()

  constructor(name: FunctionName) {
    this.#name = name
  }

  count(name: MetricName, value: number): void {
    if (value > 0) this.#counts.set(name, (this.#counts.get(name) ?? 0) + value)
  }

  /** @param dimensions that the figures are told apart by, beside the function */
  async publish(dimensions: Readonly<Record<string, string>>): Promise<void> {
    if (this.#counts.size === 0) return
    // Most invocations count nothing: they need not load this.
    const { Metrics, MetricUnit } = await import("@aws-lambda-powertools/metrics")
    const metrics = new Metrics({ namespace: NAMESPACE, serviceName: this.#name })
    metrics.setDefaultDimensions({ ...dimensions })
    for (const [name, value] of this.#counts) metrics.addMetric(name, MetricUnit.Count, value)
    this.#counts.clear()
    metrics.publishStoredMetrics()
  }
}
