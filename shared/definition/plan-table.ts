import { canonicalJson } from "./canonical.ts"
import { arrow, type Note, noteFor, ownerText, type PlanContext } from "./change.ts"
import { at } from "./faults.ts"
import type { StoredTable } from "./stored.ts"
import type { ColumnSpec, ColumnType, TableSpec } from "./table-spec.ts"

/** Types that hold every value of another: what is stored need not be touched. */
const WIDER: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  int: ["long", "double"],
  float: ["double"],
}

const REBUILD = {
  reason: "the rows that are there were made otherwise, and rebuilding a table is not supported yet",
  remedy: "make a new table under another name; it starts from the log's beginning",
}

/** Compares one table as it stands with its definition; either may be missing. */
export function planTable(
  before: StoredTable | undefined,
  next: TableSpec | undefined,
  context: PlanContext,
): void {
  const name = next?.name ?? before?.spec.name ?? ""
  const note = noteFor("table", name, context)
  if (next === undefined) {
    if (before?.owner !== context.owner || !before.attached) return
    note("safe", "", "detached: it stops consuming and stays queryable", undefined, "detach")
  } else if (before === undefined)
    note("safe", "", `created over the topic ${next.topic}`, undefined, "create")
  else if (before.owner === context.owner) planOwn(before, next, note)
  else {
    const reason = `it was made by ${ownerText(before.owner)}`
    note("refused", "", "taken over", { reason, remedy: "choose another name" }, "attach")
  }
}

function planOwn(before: StoredTable, next: TableSpec, note: Note): void {
  const { spec } = before
  if (!before.attached)
    note("safe", "", "attached again: it consumes on from where it stopped", undefined, "attach")
  if (spec.topic !== next.topic) note("refused", ".from", arrow(spec.topic, next.topic), REBUILD)
  if (spec.where !== next.where) note("refused", ".where", arrow(spec.where, next.where), REBUILD)
  planColumns(before, next, note)
  if (spec.time !== next.time) note("safe", ".time", arrow(spec.time, next.time))
  if (canonicalJson(spec.sort ?? []) !== canonicalJson(next.sort ?? [])) {
    note("background", ".sort", arrow(spec.sort?.join(", "), next.sort?.join(", ")))
  }
  const policies = [spec.badRecords ?? "skip", next.badRecords ?? "skip"]
  if (policies[0] !== policies[1])
    note("safe", ".badRecords", `${arrow(policies[0], policies[1])}, from now on`)
  if (spec.rowGroupRows !== next.rowGroupRows) {
    note("safe", ".rowGroupRows", `${arrow(spec.rowGroupRows, next.rowGroupRows)}, in new segments`)
  }
  if (spec.retentionMs !== next.retentionMs)
    note("safe", ".retention", arrow(spec.retentionMs, next.retentionMs))
}

function planColumns(before: StoredTable, next: TableSpec, note: Note): void {
  const hidden = new Set(before.hidden)
  const known = new Map(before.spec.columns.map(column => [column.name, column]))
  const folded = new Map(before.spec.columns.map(column => [column.name.toLowerCase(), column.name]))
  for (const column of next.columns) {
    const path = at(".columns", column.name)
    const old = known.get(column.name)
    const twin = folded.get(column.name.toLowerCase())
    if (old !== undefined) planColumn(old, column, path, hidden.has(column.name), note)
    else if (twin === undefined) note("background", path, `added as ${column.type}`)
    else {
      const reason = `the table has a column ${twin}, and SQL ignores case`
      note("refused", path, `added as ${column.type}`, {
        reason,
        remedy: "choose another name for the column",
      })
    }
  }
  const names = new Set(next.columns.map(column => column.name))
  const shown = before.spec.columns.filter(column => !hidden.has(column.name))
  for (const { name } of shown) {
    if (!names.has(name)) note("safe", at(".columns", name), "hidden: its values stay")
  }
  const kept = shown.filter(column => names.has(column.name)).map(column => column.name)
  const order = next.columns.filter(column => kept.includes(column.name)).map(column => column.name)
  if (canonicalJson(kept) !== canonicalJson(order)) note("safe", ".columns", "in another order")
}

function planColumn(old: ColumnSpec, next: ColumnSpec, path: string, hidden: boolean, note: Note): void {
  if (hidden) note("safe", path, "shown again")
  if (old.type !== next.type) {
    const widens = WIDER[old.type]?.includes(next.type) === true
    if (widens) note("safe", `${path}.type`, arrow(old.type, next.type))
    else note("refused", `${path}.type`, arrow(old.type, next.type), REBUILD)
  }
  for (const part of ["sql", "format", "default"] as const) {
    if (old[part] !== next[part]) note("refused", `${path}.${part}`, arrow(old[part], next[part]), REBUILD)
  }
}
