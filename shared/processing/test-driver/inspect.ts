import type { Job } from "../../definition/job/job.ts"
import { uidOf } from "../../definition/job/job.ts"
import { KEY_GROUPS, type StateTable } from "../operator.ts"
import { storedByName } from "../operators/named-accumulators.ts"
import { TIMER_SIGN } from "../operators/process-operator.ts"
import { rankedRecord, unpackTop } from "../operators/top-rows.ts"
import { type StoredWindow, storedTimes } from "../operators/window-operator.ts"
import { type SubKey, splitEntryKey } from "../state/keyed-store.ts"
import type { KeyPart } from "../state/keys.ts"
import { unpackState } from "../state/packing.ts"

/** A timer that is set. */
export interface TestTimer {
  readonly operator: string
  /** The key's parts: one, or those of several fields. */
  readonly key: readonly KeyPart[]
  readonly kind: "event" | "processing"
  /** When it is due, epoch ms. */
  readonly time: number
}

interface Entry {
  readonly key: readonly KeyPart[]
  readonly sub: SubKey
  readonly value: unknown
}

function entriesOf(table: StateTable): readonly Entry[] {
  const entries: Entry[] = []
  for (let group = 0; group < KEY_GROUPS; group++) {
    table.readGroup(group, {
      entry(_group, bytes, keyEnd, end) {
        const [key, sub] = splitEntryKey(bytes.subarray(0, keyEnd))
        if (end >= 0) entries.push({ key, sub, value: unpackState(bytes.subarray(keyEnd, end)) })
      },
    })
  }
  return entries
}

function kindOf(job: Job, uid: string): string | undefined {
  return job.graph.find(node => uidOf(node) === uid)?.operator.kind
}

/** A key's state of a step as plain data; undefined: it has none. */
export function stateOf(job: Job, uid: string, table: StateTable, key: readonly KeyPart[]): unknown {
  const wanted = JSON.stringify(key)
  const entries = entriesOf(table).filter(entry => JSON.stringify(entry.key) === wanted)
  if (entries.length === 0) return undefined
  switch (kindOf(job, uid)) {
    case "process":
      return processState(entries)
    case "window":
      return entries.some(({ value }) => !Array.isArray(value))
        ? entries[0]?.value
        : windowsOf(entries, isAggregated(job, uid))
    case "deduplicate":
      return Object.fromEntries(entries.map(({ sub, value }) => [String(sub), value]))
    case "aggregate":
      return byName((entries[0] as { readonly value: readonly unknown[] }).value[1])
    case "topN":
      return rankedOf(entries[0]?.value)
    default:
      return entries[0]?.value
  }
}

function rankedOf(stored: unknown): unknown {
  const { rows, changedFrom } = unpackTop(stored)
  return {
    rows: rows.map(row => ({ by: row.by, record: rankedRecord(row), timestamp: row.timestamp })),
    changedFrom,
  }
}

function processState(entries: readonly Entry[]): Readonly<Record<string, unknown>> {
  const state: Record<string, unknown> = {}
  for (const { sub, value } of entries) {
    const name = String(sub)
    if (name.startsWith(TIMER_SIGN)) continue
    const slash = name.indexOf("/")
    const stamped = value as readonly unknown[]
    if (slash >= 0) {
      const mapName = name.slice(0, slash)
      const map = (state[mapName] ?? new Map()) as Map<string | number, unknown>
      const key = name.slice(slash + 2)
      state[mapName] = map.set(name[slash + 1] === "n" ? Number(key) : key, stamped[0])
    } else if (stamped.length > 0 && stamped.every(Array.isArray)) {
      state[name] = (stamped as readonly (readonly unknown[])[]).map(([item]) => item)
    } else state[name] = stamped[0]
  }
  return state
}

function isAggregated(job: Job, uid: string): boolean {
  const operator = job.graph.find(node => uidOf(node) === uid)?.operator
  return operator?.kind === "window" && operator.result.kind === "aggregate"
}

function byName(stored: unknown): Readonly<Record<string, unknown>> {
  return Object.fromEntries(storedByName(stored))
}

function windowsOf(entries: readonly Entry[], aggregated: boolean): readonly unknown[] {
  return entries
    .map(({ sub, value }) => ({ ...storedTimes(value as StoredWindow, Number(sub)), end: Number(sub) }))
    .map(({ start, end, content }) => ({
      start,
      end,
      content: aggregated && content !== undefined ? byName(content) : content,
    }))
    .sort((left, right) => left.end - right.end)
}

/** The timers of a step, in ascending order. */
export function timersOf(job: Job, uid: string, table: StateTable): readonly TestTimer[] {
  const kind = kindOf(job, uid)
  const timers = entriesOf(table).flatMap(({ key, sub, value }): TestTimer[] => {
    if (kind === "process") {
      const name = String(sub)
      if (!name.startsWith(TIMER_SIGN)) return []
      const by = name[1] === "e" ? "event" : "processing"
      return [{ operator: uid, key, kind: by, time: Number(name.slice(2)) }]
    }
    if (kind !== "window" || !Array.isArray(value)) return []
    const { eventTimers, processingTimers } = storedTimes(value as unknown as StoredWindow, Number(sub))
    return [
      ...eventTimers.map(time => ({ operator: uid, key, kind: "event" as const, time })),
      ...processingTimers.map(time => ({ operator: uid, key, kind: "processing" as const, time })),
    ]
  })
  return timers.sort((left, right) => left.time - right.time)
}
