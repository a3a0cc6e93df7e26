import type { ColumnSpec, TableSpec } from "../../shared/definition/table-spec.ts"
import type { RecordSource } from "../../shared/log/types.ts"
import type { Prng } from "./prng.ts"

/** What a record is for the table: its key says it, so that a checker need not read values as the table does. */
export type RecordKind = "row" | "filtered" | "filterNull" | "tombstone" | "notJson" | "badId"

const KINDS: readonly RecordKind[] = ["filtered", "filterNull", "tombstone", "notJson", "badId"]
const ROW_CHANCE = 0.6

export const TABLE = "events"
export const TOPIC = "events"

const COLUMNS: readonly ColumnSpec[] = [
  { name: "id", type: "int" },
  { name: "at", type: "timestamp" },
]
/** The column that alterations add. */
const ADDED: ColumnSpec = { name: "x", type: "string" }

export function tableSpec(options: {
  wide: boolean
  badRecords: "skip" | "null"
  sort: readonly string[]
  /** Rows are kept for so long; default for ever. */
  retentionMs?: number
}): TableSpec {
  const columns = options.wide ? [...COLUMNS, ADDED] : COLUMNS
  const { badRecords, sort, retentionMs } = options
  const kept = retentionMs === undefined ? {} : { retentionMs }
  const where = "k > 0"
  return { name: TABLE, topic: TOPIC, columns, where, time: "at", badRecords, sort, rebuild: true, ...kept }
}

export interface SimRecord {
  readonly key: string
  readonly value: string | null
}

/** @param pad bytes that make the value longer */
export function drawRecord(prng: Prng, id: number, pad: number): SimRecord {
  const kind: RecordKind = prng.chance(ROW_CHANCE) ? "row" : prng.pick(KINDS)
  return { key: `${kind}:${id}`, value: textOf(kind, id, pad) }
}

function textOf(kind: RecordKind, id: number, pad: number): string | null {
  const padding = pad === 0 ? {} : { pad: "p".repeat(pad) }
  const fields = { id, at: id * 1_000, k: 1, x: `x${id}`, ...padding }
  switch (kind) {
    case "row":
      return JSON.stringify(fields)
    case "filtered":
      return JSON.stringify({ ...fields, k: 0 })
    case "filterNull":
      return JSON.stringify({ ...fields, k: null })
    case "badId":
      return JSON.stringify({ ...fields, id: "none" })
    case "tombstone":
      return null
    case "notJson":
      return `{"id":${id},`
  }
}

const encoder = new TextEncoder()

export function sourceOf(records: readonly SimRecord[]): RecordSource {
  const encoded = records.map(({ key, value }) => {
    const bytes = encoder.encode(key + (value ?? ""))
    return { bytes, keyEnd: key.length, valueStart: value === null ? -1 : key.length }
  })
  return {
    count: records.length,
    bytesMax: encoded.reduce((sum, { bytes }) => sum + bytes.length + 60, 0),
    write(builder, from, to, timestamp) {
      for (const { bytes, keyEnd, valueStart } of encoded.slice(from, to)) {
        builder.add(bytes, 0, keyEnd, valueStart, bytes.length, timestamp)
      }
    },
  }
}
