import type { FileSource, GraphNode, TopicSource } from "../../definition/job/graph.ts"
import { node } from "../../definition/job/graph.ts"
import { type Job, uidOf } from "../../definition/job/job.ts"
import type { JobDefinition } from "../../definition/job/job-definition.ts"
import { type Topic, topic } from "../../definition/topic.ts"
import type { JobCode } from "../../processing/task/job-code.ts"
import { localJobCode } from "../../processing/task/local-job-code.ts"
import { ownSecret } from "./own-secret.ts"

/** The topic that a file's rows are put in for a bounded run. */
export function fileTopic(uid: string): string {
  return `files.${uid}`
}

/** A job's code for a bounded run: each source ends where its topics end now, and a file is read from its topic. */
export function boundedCode(job: Job, definition: JobDefinition): JobCode {
  const bounded = new Map<GraphNode, GraphNode>()
  for (const at of job.graph) bounded.set(at, boundedNode(at, bounded))
  const graph = [...bounded.values()]
  return localJobCode({ ...job, graph }, { ...definition, bounded: true }, ownSecret)
}

function boundedNode(at: GraphNode, done: ReadonlyMap<GraphNode, GraphNode>): GraphNode {
  const { operator, keyFields } = at
  const uid = uidOf(at)
  const more = { ...(uid === undefined ? {} : { uid }), ...(keyFields === undefined ? {} : { keyFields }) }
  const inputs = at.inputs.map(input => done.get(input) as GraphNode)
  if (operator.kind === "source") return node({ ...operator, bounded: true }, inputs, more)
  if (operator.kind === "files") return node(sourceOf(operator, uid ?? operator.kind), inputs, more)
  return node(operator, inputs, more)
}

function sourceOf({ timestamp, watermark }: FileSource, uid: string): TopicSource {
  // Its schema is never asked for: rows are what they are.
  const rows = topic(fileTopic(uid), { schema: undefined as never }) as unknown as Topic
  return {
    kind: "source",
    topics: [rows],
    startingOffsets: "earliest",
    bounded: true,
    watermark,
    ...(timestamp === undefined ? {} : { timestamp }),
  }
}
