import type { TableSpec, UpsertStrategy } from "../../../shared/definition/table-spec.ts"
import type { KeyedLog, TestRecord } from "./keyed-log.ts"

/** A row: its offset and the columns' values in the order of the table. */
export type ModelRow = readonly unknown[]

type Value = Record<string, unknown>

interface Entry {
  readonly offset: number
  readonly compare: number | null
  readonly deleted: boolean
  readonly row: Value
}

/** An erasure of rows whose `v` is at least so much, by partition. */
export interface ModelPurge {
  readonly least: number
  readonly ends: readonly number[]
  /** How far flushes were: what they merged before, they merged without it. */
  readonly from: readonly number[]
}

const lowest = (value: number | null) => value ?? Number.NEGATIVE_INFINITY

/** What a table with a key holds of the first records of a partition: a Map, and the rules as they are written down. */
export function modelRows(
  spec: TableSpec,
  log: KeyedLog,
  partition: number,
  end: number,
  purges: readonly ModelPurge[] = [],
): ModelRow[] {
  const state = {
    entries: new Map<string, Entry>(),
    rows: new Map<number, Value>(),
    max: null as number | null,
  }
  const erase = (offset: number) => {
    for (const { least, ends, from } of purges) {
      if (from[partition]! <= offset) eraseRows(state, least, ends[partition]!)
    }
  }
  for (const [offset, record] of log.partitions[partition]!.slice(0, end).entries()) {
    erase(offset)
    if (isPlaced(log, partition, record)) apply(spec, state, offset, record)
  }
  erase(end)
  const rows = [...state.rows].sort(([a], [b]) => a - b)
  return rows.map(([offset, row]) => [offset, ...spec.columns.map(({ name }) => row[name] ?? null)])
}

/** Keys of rows that are taken are deleted, and their comparison values stand. */
function eraseRows({ entries, rows }: State, least: number, end: number): void {
  for (const [offset, row] of rows) if (offset < end && Number(row.v ?? -1) >= least) rows.delete(offset)
  for (const [id, entry] of entries) if (!rows.has(entry.offset)) entries.set(id, { ...entry, deleted: true })
}

function isPlaced(log: KeyedLog, partition: number, { key, value }: TestRecord): boolean {
  if (log.partitions.length === 1) return true
  if (key === null || log.partitionOf(key) !== partition) return false
  return value === null || value.k === key
}

type State = { entries: Map<string, Entry>; rows: Map<number, Value>; max: number | null }

function apply(spec: TableSpec, state: State, offset: number, { key, value }: TestRecord): void {
  const { upsert, dedup, primaryKey = [] } = spec
  const { entries, rows } = state
  if (value === null) {
    const entry =
      primaryKey.length === 1 && upsert !== undefined ? entries.get(JSON.stringify([key])) : undefined
    if (entry === undefined || entry.deleted) return
    rows.delete(entry.offset)
    entries.set(JSON.stringify([key]), { ...entry, offset, deleted: true })
    return
  }
  if (spec.where !== undefined && !(value.v !== 13)) return
  if (primaryKey.some(name => (value[name] ?? null) === null)) return
  const id = JSON.stringify(primaryKey.map(name => value[name]))
  const column = upsert?.compare ?? (dedup?.ttlMs === undefined ? undefined : spec.time)
  const compare = column === undefined ? null : ((value[column] as number | null | undefined) ?? null)
  const ttlMs = upsert?.ttlMs ?? dedup?.ttlMs
  const tooOld = (at: number | null) =>
    ttlMs !== undefined && state.max !== null && lowest(at) < state.max - ttlMs
  if (tooOld(compare)) return
  if (compare !== null) state.max = Math.max(state.max ?? compare, compare)
  const entry = entries.get(id)
  if (dedup !== undefined) {
    if (entry !== undefined && !tooOld(entry.compare)) return
    entries.set(id, { offset, compare, deleted: false, row: value })
    rows.set(offset, value)
    return
  }
  if (entry !== undefined && lowest(compare) < lowest(entry.compare)) return
  const stands = entry !== undefined && !entry.deleted
  const deleted = upsert?.delete !== undefined && value[upsert.delete] === true
  const isPartial = upsert?.mode === "partial" && stands && !deleted
  const row = isPartial ? merged(spec, entry.row, value) : value
  if (stands) rows.delete(entry.offset)
  entries.set(id, { offset, compare, deleted, row })
  if (!deleted) rows.set(offset, row)
}

function merged(spec: TableSpec, before: Value, own: Value): Value {
  const { upsert, primaryKey = [] } = spec
  return Object.fromEntries(
    spec.columns.map(({ name }) => {
      const isFixed = primaryKey.includes(name) || name === upsert?.compare
      const strategy = isFixed ? "overwrite" : (upsert?.strategies?.[name] ?? "overwrite")
      return [name, mergedCell(strategy, before[name] ?? null, own[name] ?? null)]
    }),
  )
}

function mergedCell(strategy: UpsertStrategy, before: unknown, own: unknown): unknown {
  if (before === null) return own
  if (own === null) return before
  if (strategy === "increment") return (before as number) + (own as number)
  if (strategy === "min") return (own as number) < (before as number) ? own : before
  if (strategy === "max") return (own as number) > (before as number) ? own : before
  return strategy === "ignore" ? before : own
}
