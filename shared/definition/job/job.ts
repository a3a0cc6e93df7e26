import { markSite } from "../call-site.ts"
import type { Topic } from "../topic.ts"
import { type GraphNode, STATEFUL_KINDS } from "./graph.ts"
import { lateSinkOf, type Sink } from "./stream.ts"

/** What becomes of a record that the job's functions throw on. */
export type PoisonPolicy =
  /** The task stops and shows position, error and record. */
  | "fail"
  | "skip"
  /** It goes to the topic, with the error in a header. */
  | { readonly deadLetter: Topic }

export interface JobOptions {
  /** `per-partition`: a task for each partition of the source, whose key field the job's must then be. Default `single`. */
  readonly parallelism?: "single" | "per-partition"
  /** Default `fail`. */
  readonly poison?: PoisonPolicy
  /** On AWS: the function's memory. Default 1,024. */
  readonly memoryMb?: number
  /** On AWS: how many of the job's tasks run at once. Default: all. */
  readonly concurrency?: number
  /** Another one starts a new generation, even with the same graph. */
  readonly version?: number
  /**
   * Uids of steps that begin anew, once: those that were taken out or changed, and whose upgrade is refused without, and any
   * other. Default: none.
   */
  readonly dropState?: readonly string[]
}

/** A job of an app, as frozen data. */
export interface Job {
  readonly kind: "job"
  readonly name: string
  readonly options: JobOptions
  /** In topological order: each node's inputs come before it. */
  readonly graph: readonly GraphNode[]
}

/**
 * Names a job. Mistakes are reported, all together, when the app is loaded.
 * @param name the job's identity: `[a-zA-Z0-9._-]{1,100}`
 * @param build draws the graph, called once; it returns where the results go
 */
export function defineJob(name: string, build: () => Sink | readonly Sink[], options: JobOptions = {}): Job {
  const built = build()
  const sinks = (Array.isArray(built) ? built : [built]) as readonly Sink[]
  const graph = orderedNodes(sinks.map(sink => sink.node))
  const made = Object.freeze({ kind: "job", name, options: Object.freeze({ ...options }), graph } as const)
  markSite(made, defineJob)
  return made
}

/** All nodes that the sinks reach, the sinks of late records included, inputs first. */
function orderedNodes(sinks: readonly GraphNode[]): readonly GraphNode[] {
  const ordered = new Set<GraphNode>()
  const pending: GraphNode[] = [...sinks]
  const visit = (at: GraphNode) => {
    if (ordered.has(at)) return
    for (const input of at.inputs) visit(input)
    ordered.add(at)
    const late = lateSinkOf(at)
    if (late !== undefined) pending.push(late.node)
  }
  for (let next = pending.shift(); next !== undefined; next = pending.shift()) visit(next)
  return Object.freeze([...ordered])
}

/** The name that a node's state is found by: the user's, else its kind; undefined for a node without state. */
export function uidOf(at: GraphNode): string | undefined {
  if (at.uid !== undefined) return at.uid
  return STATEFUL_KINDS.has(at.operator.kind) ? at.operator.kind : undefined
}
