import { anyHeaders, nothing } from "../nothing.ts"
import { jobsOf } from "../offered.ts"
import { PROMETHEUS_TYPE, prometheusText } from "../prometheus.ts"
import { route } from "../route.ts"

export const getMetrics = route({
  method: "GET",
  path: "/metrics",
  id: "getMetrics",
  summary: "Metrics of the jobs that the caller may read, as Prometheus reads them",
  access: { kind: "job", some: true, action: "read" },
  schemas: { path: nothing, query: nothing, headers: anyHeaders },
  answers: { 200: { description: "Prometheus' text format.", content: { "text/plain": undefined } } },
  async handle({ access }, context) {
    const jobs = jobsOf(context)
    const names = (await jobs.list()).map(({ item }) => item.name)
    const shown = names.filter(name => access.may({ kind: "job", name, action: "read" }))
    const views = await Promise.all(shown.map(name => jobs.get(name)))
    return {
      status: 200,
      headers: { "content-type": PROMETHEUS_TYPE, "cache-control": "no-store" },
      body: prometheusText(views),
    }
  },
})
