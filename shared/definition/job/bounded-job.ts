import { type GraphNode, node } from "./graph.ts"
import type { Job } from "./job.ts"

/** The job with every source ending where its topics end, whatever the app file says. */
export function boundedJob(job: Job): Job {
  const rebuilt = new Map<GraphNode, GraphNode>()
  for (const at of job.graph) {
    const { operator, inputs, ...more } = at
    const ends = operator.kind === "source" ? { ...operator, bounded: true } : operator
    const from = inputs.map(input => rebuilt.get(input) as GraphNode)
    rebuilt.set(at, node(ends, from, more))
  }
  return Object.freeze({ ...job, graph: Object.freeze([...rebuilt.values()]) })
}
