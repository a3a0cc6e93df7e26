import { shown } from "./faults.ts"
import type { GraphNode } from "./job/graph.ts"
import { TABLE_TOPIC_PREFIX } from "./records.ts"
import { isTopic } from "./resolve-table.ts"
import type { Table } from "./table.ts"
import type { Topic } from "./topic.ts"

/**
 * Reports a sink that is no topic, and rows that replace each other where nothing lets them.
 * @param upserted topics that an upsert table reads
 */
export function checkSink(
  { operator, inputs }: GraphNode,
  path: string,
  upserted: ReadonlySet<Topic>,
  note: (path: string, message: string) => void,
): void {
  if (operator.kind !== "topicSink") return
  const { topic } = operator
  if (!isTopic(topic)) {
    note(path, notATopic(topic))
    return
  }
  const input = inputs[0]?.operator.kind
  if ((input !== "aggregate" && input !== "topN") || upserted.has(topic) || isCompacted(topic)) return
  const rows = `the rows of ${input === "topN" ? "topN" : "an aggregate without a window"} replace each other`
  if (topic.name.startsWith(TABLE_TOPIC_PREFIX)) {
    const table = topic.name.slice(TABLE_TOPIC_PREFIX.length)
    note(path, `${rows}: expected a table with upsert, found ${table} without`)
    return
  }
  note(
    path,
    `${rows}: expected a topic with config "cleanup.policy": "compact", or one that an upsert table of the app reads, found ${topic.name} without`,
  )
}

function notATopic(target: unknown): string {
  const table = target as Partial<Table> | null
  if (table?.kind !== "table") return `expected a topic, found ${shown(target)}`
  const { from } = table.options ?? {}
  const read = isTopic(from) ? `: write to the topic ${from.name} that it consumes` : ""
  return `the table ${table.name} is not one of records(…)${read}`
}

function isCompacted(topic: Topic): boolean {
  const config = topic.options.config as Readonly<Record<string, unknown>> | undefined
  return String(config?.["cleanup.policy"] ?? "")
    .split(",")
    .includes("compact")
}
