import { siteOf } from "./call-site.ts"
import { DURATION_EXPECTED } from "./duration.ts"
import { at, type Faults, shown } from "./faults.ts"
import { shapeOf } from "./job/describe-node.ts"
import type { GraphNode, KeySelector } from "./job/graph.ts"
import { type Job, uidOf } from "./job/job.ts"
import type { JobDefinition, NodeDefinition } from "./job/job-definition.ts"
import type { Trigger, WindowAssigner } from "./job/windows.ts"
import { nameFault } from "./names.ts"
import { checkSecrets, secretsOf } from "./resolve-secrets.ts"
import { checkSink } from "./resolve-sink.ts"
import { isTopic } from "./resolve-table.ts"
import { fits, jobShape } from "./shapes.ts"
import type { Topic } from "./topic.ts"

/** Steps of one job: what one person can still take in, and one invocation run. */
const NODES_MAX = 500
const UID_PATTERN = /^[a-zA-Z0-9._-]{1,100}$/
const STATE_NAME_PATTERN = /^[a-zA-Z_][a-zA-Z0-9_]{0,99}$/
const MEMORY_MB_DEFAULT = 1_024

/** Whether `defineJob()` made this. */
export function isJob(value: unknown): value is Job {
  return typeof value === "object" && value !== null && (value as Partial<Job>).kind === "job"
}

/** Every topic that a job reads or writes, dead letters included. */
export function topicsOfJob({ graph, options }: Job): readonly Topic[] {
  const topics = new Set<Topic>()
  for (const { operator } of graph) {
    if (operator.kind === "source") for (const topic of operator.topics.filter(isTopic)) topics.add(topic)
    if (operator.kind === "topicSink" && isTopic(operator.topic)) topics.add(operator.topic)
  }
  const poison = options.poison as { readonly deadLetter?: unknown } | string | undefined
  if (typeof poison === "object" && isTopic(poison.deadLetter)) topics.add(poison.deadLetter)
  return [...topics]
}

/**
 * Reads one job, reporting what is wrong with it.
 * @param upserted topics whose rows replace each other, since an upsert table reads them
 */
export function resolveJob(
  job: Job,
  faults: Faults,
  upserted: ReadonlySet<Topic> = new Set(),
): JobDefinition | undefined {
  const path = at("jobs", job.name)
  const site = siteOf(job)
  const before = faults.list.length
  const note = (where: string, message: string) => faults.add(`${path}${where}`, message, site)
  const wrongName = nameFault(job.name)
  if (wrongName !== undefined) note("", `the name ${shown(job.name)}: ${wrongName}`)
  const options = fits(jobShape, job.options, path, site, faults)
  const { graph } = job
  if (graph.length === 0)
    note("", "expected a function that returns where the results go, such as stream.to(topic)")
  if (graph.length > NODES_MAX) note("", `expected at most ${NODES_MAX} steps, found ${graph.length}`)
  for (const [index, node] of graph.entries()) {
    const path = nodePath(node, index)
    if (node.operator.kind === "topicSink") checkSink(node, path, upserted, note)
    else checkNode(node, path, note)
  }
  checkUids(graph, note)
  if (job.options.parallelism === "per-partition") checkPerPartition(graph, note)
  if (options === undefined || faults.list.length > before) return undefined
  const indexes = new Map(graph.map((node, index) => [node, index] as const))
  return {
    name: job.name,
    nodes: graph.map(node => describe(node, indexes)),
    reads: names(graph, "source"),
    writes: names(graph, "topicSink"),
    parallelism: options.parallelism ?? "single",
    poison: poisonOf(job),
    bounded: isBounded(graph),
    memoryMb: options.memoryMb ?? MEMORY_MB_DEFAULT,
    ...(options.concurrency === undefined ? {} : { concurrency: options.concurrency }),
    version: options.version ?? 1,
    dropState: options.dropState ?? [],
    ...secretsOf(graph),
  }
}

type NoteFault = (where: string, message: string) => void

function nodePath(node: GraphNode, index: number): string {
  return `.${uidOf(node) ?? `${node.operator.kind}[${index}]`}`
}

function describe(node: GraphNode, indexes: ReadonlyMap<GraphNode, number>): NodeDefinition {
  const uid = uidOf(node)
  const shape = shapeOf(node)
  return {
    kind: node.operator.kind,
    inputs: node.inputs.map(input => indexes.get(input) as number),
    ...(uid === undefined ? {} : { uid }),
    ...(shape === undefined ? {} : { shape }),
  }
}

function names(graph: readonly GraphNode[], kind: "source" | "topicSink"): readonly string[] {
  const found = graph.flatMap(({ operator }) => {
    if (kind === "source" && operator.kind === "source") return operator.topics.map(topic => topic.name)
    return kind === "topicSink" && operator.kind === "topicSink" ? [operator.topic.name] : []
  })
  return [...new Set(found)].sort()
}

function poisonOf({ options }: Job): JobDefinition["poison"] {
  const { poison = "fail" } = options
  return typeof poison === "string" ? poison : `topic:${poison.deadLetter.name}`
}

function isBounded(graph: readonly GraphNode[]): boolean {
  return graph.every(({ operator }) => operator.kind !== "source" || operator.bounded)
}

function checkNode(node: GraphNode, path: string, note: NoteFault): void {
  const { operator, uid } = node
  if (uid !== undefined && !UID_PATTERN.test(uid))
    note(`${path}.uid`, `expected a-z A-Z 0-9 . _ -, found ${shown(uid)}`)
  switch (operator.kind) {
    case "source":
      if (operator.pattern === undefined && operator.topics.length === 0)
        note(path, "expected at least one topic")
      for (const topic of operator.topics)
        if (!isTopic(topic)) note(path, `expected a topic, found ${shown(topic)}`)
      checkDuration(operator.idleAfterMs, `${path}.idleAfter`, note)
      checkWatermark(operator.watermark, path, note)
      return
    case "files":
    case "timestamps":
      checkWatermark(operator.watermark, path, note)
      return
    case "window":
      checkKey(operator.key, path, note)
      checkAssigner(operator.assigner, path, note)
      if (operator.allowedLatenessMs !== 0)
        checkDuration(operator.allowedLatenessMs, `${path}.allowedLateness`, note)
      if (operator.assigner.kind === "global" && operator.trigger === undefined) {
        note(`${path}.trigger`, "a global window has no end: expected a trigger")
      }
      if (operator.assigner.kind === "count" && operator.trigger !== undefined)
        note(`${path}.trigger`, "a count window has its own trigger: expected none")
      if (operator.trigger !== undefined) checkTrigger(operator.trigger, `${path}.trigger`, note)
      if (operator.result.kind === "aggregate")
        checkAggregates(
          operator.result.aggregators,
          [...keyNames(operator.key), ...WINDOW_FIELDS],
          path,
          note,
        )
      return
    case "deduplicate":
      checkKey(operator.key, path, note)
      checkDuration(operator.ttlMs, `${path}.ttl`, note)
      return
    case "aggregate":
      checkKey(operator.key, path, note)
      checkDuration(operator.ttl?.ttlMs, `${path}.ttl`, note)
      checkAggregates(operator.aggregators, keyNames(operator.key), path, note)
      return
    case "topN":
      checkKey(operator.key, path, note)
      if (!isCount(operator.n))
        note(`${path}.n`, `expected a whole number above 0, found ${shown(operator.n)}`)
      return
    case "process":
      checkKey(operator.key, path, note)
      for (const [name, { ttl }] of Object.entries(operator.spec.state)) {
        if (!STATE_NAME_PATTERN.test(name))
          note(`${path}.state`, `${shown(name)}: expected a name of a-z A-Z 0-9 _`)
        checkDuration(ttl?.ttlMs, `${path}.state.${name}.ttl`, note)
      }
      return
    case "functionSink":
      checkSecrets(operator.sink.secrets, path, note)
  }
}

/** What a window's row holds beside the key's fields and the results. */
const WINDOW_FIELDS = ["windowStart", "windowEnd"]

function keyNames(key: KeySelector): readonly string[] {
  return "fields" in key ? key.fields : ["key"]
}

/** A row holds the key's fields and the results, side by side. */
function checkAggregates(
  aggregators: Readonly<Record<string, unknown>>,
  taken: readonly string[],
  path: string,
  note: NoteFault,
): void {
  const names = Object.keys(aggregators)
  if (names.length === 0) note(path, "aggregate: expected at least one result, such as { n: count() }")
  for (const name of names) {
    if (taken.includes(name))
      note(`${path}.${name}`, "the row has a field of this name already: expected another name")
    const kind = (aggregators[name] as { readonly kind?: unknown } | undefined)?.kind
    if (typeof kind !== "string")
      note(`${path}.${name}`, `expected an aggregate such as count(), found ${shown(aggregators[name])}`)
  }
}

function checkTrigger(trigger: Trigger, path: string, note: NoteFault): void {
  if (trigger.kind === "purging") checkTrigger(trigger.inner, path, note)
  else if (trigger.kind === "continuous") checkDuration(trigger.everyMs, path, note)
  else if (trigger.kind === "count" && !isCount(trigger.count))
    note(path, `onCount: expected a whole number above 0, found ${shown(trigger.count)}`)
}

function checkKey(key: KeySelector, path: string, note: NoteFault): void {
  if ("fields" in key && key.fields.length === 0) note(path, "keyBy: expected at least one field")
}

function checkWatermark(
  watermark: { readonly kind: string; readonly delayMs?: number },
  path: string,
  note: NoteFault,
): void {
  if (watermark.kind === "bounded" && watermark.delayMs !== 0)
    checkDuration(watermark.delayMs, `${path}.watermark`, note)
}

function checkDuration(ms: number | undefined, path: string, note: NoteFault): void {
  if (ms !== undefined && !(Number.isFinite(ms) && ms > 0)) note(path, `expected ${DURATION_EXPECTED}`)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) > 0
}

function checkAssigner(assigner: WindowAssigner, path: string, note: NoteFault): void {
  const where = `${path}.window`
  switch (assigner.kind) {
    case "tumbling":
      checkDuration(assigner.sizeMs, where, note)
      break
    case "hopping":
      checkDuration(assigner.sizeMs, where, note)
      checkDuration(assigner.slideMs, where, note)
      break
    case "cumulate":
      checkDuration(assigner.sizeMs, where, note)
      checkDuration(assigner.stepMs, where, note)
      if (assigner.sizeMs % assigner.stepMs !== 0)
        note(where, "cumulate: expected a size that is a multiple of the step")
      break
    case "session":
      if (typeof assigner.gapMs === "number") checkDuration(assigner.gapMs, where, note)
      return
    case "count":
      if (!isCount(assigner.size))
        note(where, `count: expected a whole number above 0, found ${shown(assigner.size)}`)
      if (assigner.slide !== undefined && !isCount(assigner.slide))
        note(where, "count: expected a slide above 0")
      return
    default:
      return
  }
  if (!Number.isFinite(assigner.offsetMs) || Math.abs(assigner.offsetMs) >= assigner.sizeMs) {
    note(where, "expected an offset shorter than the window")
  }
}

/** Two stateful steps of one uid could not be told apart after a change. */
function checkUids(graph: readonly GraphNode[], note: NoteFault): void {
  const byUid = new Map<string, GraphNode[]>()
  for (const node of graph) {
    const uid = uidOf(node)
    if (uid !== undefined) byUid.set(uid, [...(byUid.get(uid) ?? []), node])
  }
  for (const [uid, nodes] of byUid) {
    if (nodes.length > 1) {
      note(`.${uid}`, `${nodes.length} steps have this uid: give each one of its own, { uid: "…" }`)
    }
  }
}

/** A task per partition sees a key's records alone only where the partitions are made by that very key. */
function checkPerPartition(graph: readonly GraphNode[], note: NoteFault): void {
  const sources = graph.flatMap(({ operator }) => (operator.kind === "source" ? [operator] : []))
  const [source] = sources
  const [topic] = source?.topics ?? []
  if (sources.length !== 1 || source?.topics.length !== 1 || topic === undefined) {
    note(".parallelism", "per-partition: expected one source of one topic")
    return
  }
  const { key } = topic.options
  if (typeof key !== "string") {
    note(".parallelism", `per-partition: expected the topic ${topic.name} to have a key field`)
    return
  }
  for (const [index, node] of graph.entries()) {
    if (!("key" in node.operator)) continue
    const selector = node.operator.key
    if (!("fields" in selector) || selector.fields.length !== 1 || selector.fields[0] !== key) {
      note(
        nodePath(node, index),
        `per-partition: expected keyBy(${shown(key)}), the key of the topic ${topic.name}`,
      )
    }
  }
}
