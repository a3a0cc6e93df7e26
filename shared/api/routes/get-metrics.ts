import type { Access } from "../auth/access.ts"
import { logMetrics } from "../log-metrics.ts"
import { anyHeaders, nothing } from "../nothing.ts"
import { PROMETHEUS_TYPE, prometheusText } from "../prometheus.ts"
import { logMetricsText } from "../prometheus-log.ts"
import { tableMetricsText } from "../prometheus-tables.ts"
import { route } from "../route.ts"
import type { JobService } from "../types.ts"

/** Of jobs that the caller may read; nothing where the deployment runs none. */
async function jobsText(jobs: JobService | undefined, access: Access): Promise<string> {
  if (jobs === undefined) return ""
  const names = (await jobs.list()).map(({ item }) => item.name)
  const shown = names.filter(name => access.may({ kind: "job", name, action: "read" }))
  return prometheusText(await Promise.all(shown.map(name => jobs.get(name))))
}

export const getMetrics = route({
  method: "GET",
  path: "/metrics",
  id: "getMetrics",
  summary:
    "Metrics of the jobs, tables, topics and groups that the caller may read, as Prometheus reads them",
  description:
    "What went through the log is that of the process that answers, since it began; offsets and lags are as they stand.",
  access: () => [
    { kind: "job", some: true, action: "read" },
    { kind: "topic", some: true, action: "read" },
    { kind: "group", some: true, action: "read" },
  ],
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: { 200: { description: "Prometheus' text format.", content: { "text/plain": undefined } } },
  async handle({ access }, { log, jobs, tables }) {
    const [ofJobs, ofLog, ofTables] = await Promise.all([
      jobsText(jobs, access),
      logMetrics(log, access),
      tableMetricsText(tables, access),
    ])
    return {
      status: 200,
      headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" },
      body: ofJobs + logMetricsText(ofLog) + ofTables,
    }
  },
})
