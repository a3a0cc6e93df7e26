import type { JsonSchema, TopicDefinition } from "./app-definition.ts"
import { arrow, type Note, noteFor, ownerText, type PlanContext } from "./change.ts"
import { at } from "./faults.ts"
import { growthFault } from "./growth.ts"
import { schemaChanges } from "./plan-schema.ts"
import type { StoredTopic } from "./stored.ts"

const ANOTHER_NAME = "make a new topic under another name"

/** The tables and jobs that stand, whoever made them. */
export interface TopicReaders {
  readonly tables: Parameters<typeof growthFault>[1]
  readonly jobs: Parameters<typeof growthFault>[2]
}

/** Compares one topic as it stands with its definition; either may be missing. */
export function planTopic(
  before: StoredTopic | undefined,
  next: TopicDefinition | undefined,
  readers: TopicReaders,
  context: PlanContext,
): void {
  const name = next?.name ?? before?.name ?? ""
  const note = noteFor("topic", name, context)
  const { tables, jobs } = readers
  const growth = growthFault(name, tables, jobs)
  if (next === undefined) planRemoval(before, context, note)
  else if (next.external) planExternal(before, next, context, note)
  else if (before === undefined) note("safe", "", "created", undefined, "create")
  else if (before.owner === context.owner) planOwn(before, next, growth, note)
  else {
    const reason = `it was made by ${ownerText(before.owner)}`
    note(
      "refused",
      "",
      "taken over",
      { reason, remedy: "say external: true, or choose another name" },
      "attach",
    )
  }
}

/** A topic is never deleted by a definition: its records stay and are found again when the name returns. */
function planRemoval(before: StoredTopic | undefined, context: PlanContext, note: Note): void {
  if (before?.owner !== context.owner || !before.attached) return
  note("safe", "", "detached: it stays with its records", undefined, "detach")
}

function planExternal(
  before: StoredTopic | undefined,
  next: TopicDefinition,
  context: PlanContext,
  note: Note,
): void {
  if (before === undefined) {
    const reason = "there is no such topic, and external ones are never created"
    note(
      "refused",
      "",
      "read as an external topic",
      { reason, remedy: "create it first, or drop external" },
      "attach",
    )
    return
  }
  planRemoval(before, context, note)
  const remedy = "write the schema and key as its owner does"
  if (before.schema !== undefined && schemaChanges(before.schema, next.schema).length > 0) {
    note(
      "refused",
      ".schema",
      "read with another schema",
      { reason: "its owner's schema differs", remedy },
      "attach",
    )
  }
  if (before.key !== undefined && next.key !== undefined && before.key !== next.key) {
    const reason = `its owner's key is ${before.key}`
    note("refused", ".key", `read with the key ${next.key}`, { reason, remedy }, "attach")
  }
}

function planOwn(before: StoredTopic, next: TopicDefinition, growth: string | undefined, note: Note): void {
  if (!before.attached) note("safe", "", "attached again, with its records", undefined, "attach")
  planPartitions(before, next, growth, note)
  planConfig(before, next, note)
  if (before.schema === undefined) note("safe", ".schema", "set")
  else planSchema(before.schema, next, note)
  if (before.key !== next.key) {
    const reason = "the records that are there were keyed and spread over partitions otherwise"
    note("refused", ".key", arrow(before.key, next.key), { reason, remedy: ANOTHER_NAME })
  }
  if (before.eventTime !== next.eventTime) note("safe", ".eventTime", arrow(before.eventTime, next.eventTime))
  const validate = before.validate ?? "reader"
  if (validate !== next.validate) note("safe", ".validate", arrow(validate, next.validate))
}

/** @param growth why the topic cannot grow */
function planPartitions(
  before: StoredTopic,
  next: TopicDefinition,
  growth: string | undefined,
  note: Note,
): void {
  if (before.partitions === next.partitions) return
  const grows = next.partitions > before.partitions
  if (grows && growth === undefined) {
    note(
      "safe",
      ".partitions",
      `${arrow(before.partitions, next.partitions)}: keys may go to others from now on`,
    )
    return
  }
  const reason = grows ? growth : "partitions only grow"
  const remedy = `keep partitions: ${before.partitions}, or ${ANOTHER_NAME}`
  note("refused", ".partitions", arrow(before.partitions, next.partitions), { reason, remedy })
}

function planConfig(before: StoredTopic, next: TopicDefinition, note: Note): void {
  const names = new Set([...Object.keys(before.config), ...Object.keys(next.config)])
  for (const name of [...names].sort()) {
    const [from, to] = [before.config[name], next.config[name]]
    if (from !== to) note("safe", at(".config", name), arrow(from, to))
  }
}

function planSchema(before: JsonSchema, next: TopicDefinition, note: Note): void {
  for (const change of schemaChanges(before, next.schema)) {
    const path = change.path === "" || change.path.startsWith("[") ? change.path : `.${change.path}`
    if (change.safe || next.compatibility === "none") note("safe", `.schema${path}`, change.what)
    else note("refused", `.schema${path}`, change.what, INCOMPATIBLE)
  }
}

const INCOMPATIBLE = {
  reason: "only new optional fields are sure to fit the records that are there",
  remedy: `say compatibility: "none", or ${ANOTHER_NAME}`,
}
