import { canonicalJson } from "./canonical.ts"
import { arrow, type Change, type Note, noteFor, ownerText, type PlanContext } from "./change.ts"
import { typeText } from "./column-traits.ts"
import { at } from "./faults.ts"
import type { StoredTable } from "./stored.ts"
import type { ColumnSpec, ColumnType, RollupSpec, TableSpec } from "./table-spec.ts"

/** Types that hold every value of another: what is stored need not be touched. */
const WIDER: Readonly<Partial<Record<ColumnType, readonly ColumnType[]>>> = {
  int: ["long", "double"],
  float: ["double"],
}

const REBUILD = {
  reason: "the rows that are there were made otherwise",
  remedy:
    "say rebuild: true to have the table built anew from what the log still holds, or make one under another name",
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

/**
 * Whether going over to a definition builds the table anew. Its changes are then all allowed, and columns that it lacks
 * are gone.
 */
export function rebuilds(before: StoredTable, next: TableSpec): boolean {
  const changes: Change[] = []
  planTable(before, next, { owner: before.owner, changes })
  return changes.some(({ rebuild }) => rebuild === true)
}

function planOwn(before: StoredTable, next: TableSpec, note: Note): void {
  const { spec } = before
  const remade: Remake = (path, what) => {
    if (next.rebuild === true)
      note("background", path, `${what}: built anew from what the log still holds`, { rebuild: true })
    else note("refused", path, what, REBUILD)
  }
  if (!before.attached)
    note("safe", "", "attached again: it consumes on from where it stopped", undefined, "attach")
  if (spec.topic !== next.topic) remade(".from", arrow(spec.topic, next.topic))
  for (const part of ["where", "primaryKey", "upsert", "dedup", "pinotNulls"] as const) {
    if (!same(spec[part], next[part])) remade(`.${part}`, arrow(text(spec[part]), text(next[part])))
  }
  planColumns(before, next, note, remade)
  // Segments say of one column from when to when their rows are: queries and retention leave them out by that.
  if (spec.time === undefined && next.time !== undefined) note("safe", ".time", arrow(spec.time, next.time))
  else if (spec.time !== next.time) remade(".time", arrow(spec.time, next.time))
  if (!same(spec.sort ?? [], next.sort ?? [])) {
    note("background", ".sort", arrow(spec.sort?.join(", "), next.sort?.join(", ")))
  }
  planIndexes(spec.indexes ?? {}, next.indexes ?? {}, note)
  planRollups(spec.rollups ?? [], next.rollups ?? [], note)
  const policies = [spec.badRecords ?? "skip", next.badRecords ?? "skip"] as const
  if (!same(policies[0], policies[1]))
    note("safe", ".badRecords", `${arrow(text(policies[0]), text(policies[1]))}, from now on`)
  if (spec.rowGroupRows !== next.rowGroupRows) {
    note("safe", ".rowGroupRows", `${arrow(spec.rowGroupRows, next.rowGroupRows)}, in new segments`)
  }
  if (spec.retentionMs !== next.retentionMs)
    note("safe", ".retention", arrow(spec.retentionMs, next.retentionMs))
}

type Remake = (path: string, what: string) => void

function same(left: unknown, right: unknown): boolean {
  return canonicalJson(left ?? null) === canonicalJson(right ?? null)
}

/** Text as it is, else as JSON; undefined stays. */
function text(value: unknown): string | undefined {
  return value === undefined || typeof value === "string" ? value : canonicalJson(value)
}

type Indexes = NonNullable<TableSpec["indexes"]>

function planIndexes(before: Indexes, next: Indexes, note: Note): void {
  for (const column of [...new Set([...Object.keys(before), ...Object.keys(next)])].sort()) {
    const [old = [], now = []] = [before[column], next[column]]
    const path = at(".indexes", column)
    const added = now.filter(kind => !old.includes(kind))
    const gone = old.filter(kind => !now.includes(kind))
    if (added.length > 0) note("background", path, `${added.join(", ")} added`)
    if (gone.length > 0) note("safe", path, `${gone.join(", ")} left out of new segments`)
  }
}

function planRollups(before: readonly RollupSpec[], next: readonly RollupSpec[], note: Note): void {
  for (const name of [...new Set([...before, ...next].map(rollup => rollup.name))].sort()) {
    const old = before.find(rollup => rollup.name === name)
    const now = next.find(rollup => rollup.name === name)
    const path = at(".rollups", name)
    if (now === undefined) note("safe", path, "left out of new segments")
    else if (old === undefined) note("background", path, "added")
    else if (!same(old, now)) note("background", path, "made anew")
  }
}

function planColumns(before: StoredTable, next: TableSpec, note: Note, remade: Remake): void {
  const hidden = new Set(before.hidden)
  const known = new Map(before.spec.columns.map(column => [column.name, column]))
  const folded = new Map(before.spec.columns.map(column => [column.name.toLowerCase(), column.name]))
  for (const column of next.columns) {
    const path = at(".columns", column.name)
    const old = known.get(column.name)
    const twin = folded.get(column.name.toLowerCase())
    if (old !== undefined)
      planColumn(old, column, path, {
        hidden: hidden.has(column.name),
        isCompared: next.upsert?.compare === column.name,
        note,
        remade,
      })
    else if (twin === undefined) note("background", path, `added as ${typeText(column)}`)
    else {
      const reason = `the table has a column ${twin}, and SQL ignores case`
      note("refused", path, `added as ${typeText(column)}`, {
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

interface ColumnNotes {
  readonly hidden: boolean
  /** Rows of a key replace each other by it. */
  readonly isCompared: boolean
  readonly note: Note
  readonly remade: Remake
}

function planColumn(old: ColumnSpec, next: ColumnSpec, path: string, notes: ColumnNotes): void {
  const { hidden, isCompared, note, remade } = notes
  if (hidden) note("safe", path, "shown again")
  const [from, to] = [typeText(old), typeText(next)]
  if (from !== to) {
    // A key index orders integers otherwise than doubles.
    const isOtherOrder = isCompared && old.type === "int" && next.type === "double"
    const isPlain = old.list !== true && next.list !== true
    const widens = isPlain && !isOtherOrder && WIDER[old.type]?.includes(next.type) === true
    if (widens) note("safe", `${path}.type`, arrow(from, to))
    else remade(`${path}.type`, arrow(from, to))
  }
  for (const part of ["sql", "format", "default"] as const) {
    if (old[part] !== next[part]) remade(`${path}.${part}`, arrow(old[part], next[part]))
  }
}
