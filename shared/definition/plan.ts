import type { AppDefinition } from "./app-definition.ts"
import type { Change, PlanContext } from "./change.ts"
import { planJob } from "./plan-job.ts"
import { planTable } from "./plan-table.ts"
import { planTopic } from "./plan-topic.ts"
import { NOTHING_STORED, type Stored } from "./stored.ts"

export interface Plan {
  readonly changes: readonly Change[]
}

/**
 * Compares what stands in a deployment with an app's definition. Pure. Nothing may be applied if anything is refused;
 * what stands afterwards is `storedAfter`.
 */
export function plan(stored: Stored | undefined, next: AppDefinition): Plan {
  const { topics, tables, jobs } = stored ?? NOTHING_STORED
  const changes: Change[] = []
  const context: PlanContext = { owner: `app:${next.app}`, changes }
  const readers = { tables: tables.map(({ spec }) => spec), jobs: jobs.map(({ definition }) => definition) }
  const topicNames = new Set([...topics, ...next.topics].map(topic => topic.name))
  for (const name of [...topicNames].sort()) {
    const before = topics.find(topic => topic.name === name)
    planTopic(
      before,
      next.topics.find(topic => topic.name === name),
      readers,
      context,
    )
  }
  const tableNames = new Set([...tables.map(table => table.spec), ...next.tables].map(table => table.name))
  for (const name of [...tableNames].sort()) {
    const before = tables.find(table => table.spec.name === name)
    planTable(
      before,
      next.tables.find(table => table.name === name),
      context,
    )
  }
  const jobNames = new Set([...jobs.map(job => job.definition), ...next.jobs].map(job => job.name))
  for (const name of [...jobNames].sort()) {
    const before = jobs.find(job => job.definition.name === name)
    planJob(
      before,
      next.jobs.find(job => job.name === name),
      context,
    )
  }
  return { changes }
}

/** The changes that stop the plan. */
export function refusals(plan: Plan): readonly Change[] {
  return plan.changes.filter(change => change.kind === "refused")
}

/** A plan in words, one change a line, the refused ones first. */
export function planText(plan: Plan): string {
  const rank = { refused: 0, background: 1, safe: 2 } as const
  const sorted = [...plan.changes].sort((left, right) => rank[left.kind] - rank[right.kind])
  return sorted.map(changeText).join("\n")
}

function changeText({ kind, path, what, reason, remedy }: Change): string {
  const because = reason === undefined ? "" : `: ${reason}`
  const instead = remedy === undefined ? "" : `; ${remedy}`
  return `${kind.padEnd(10)} ${path}: ${what}${because}${instead}`
}
