import { parsedText } from "../records/ranked-row.ts"
import type { ValueWriter } from "../state/value-writer.ts"
import { asTextBuffer } from "../text-buffer.ts"
import type { Updated } from "./updating.ts"

/** The field that ranked rows have besides their record's. */
export const RANK = "rank"

/** A record that has a rank: its JSON text, a character for each byte, or itself. */
export interface Ranked {
  readonly by: number | string
  readonly text: string | undefined
  readonly record: Readonly<Record<string, unknown>> | undefined
  readonly timestamp: number
}

export interface Top extends Updated {
  rows: Ranked[]
  /** Ranks below this one are as they were given, 0-based. */
  changedFrom: number
}

export function rankedRecord({ text, record }: Ranked): Readonly<Record<string, unknown>> {
  return text === undefined ? (record as Readonly<Record<string, unknown>>) : parsedText(text)
}

/** What is stored of a row whose record is kept as it is; of rows that are text, three elements of a list each. */
interface StoredRow {
  readonly by: number | string
  readonly record: Readonly<Record<string, unknown>>
  readonly timestamp: number
}

type StoredTop =
  | { readonly rows: readonly StoredRow[]; readonly changedFrom: number }
  | readonly [changedFrom: number, ...rows: (number | string | Uint8Array)[]]

const PARTS_PER_ROW = 3

/** Writes rows that are text as they are stored: a list of `changedFrom`, then order, time and text of each. */
export function writeTop({ rows, changedFrom }: Top, out: ValueWriter): boolean {
  for (const { text } of rows) if (text === undefined) return false
  out.array(1 + PARTS_PER_ROW * rows.length)
  out.number(changedFrom)
  for (const { by, text, timestamp } of rows) {
    if (typeof by === "number") out.number(by)
    else out.any(by)
    out.number(timestamp)
    out.binary(text as string)
  }
  return true
}

export function unpackTop(packed: unknown): Top {
  const stored = packed as StoredTop
  if (!("changedFrom" in stored)) {
    const [changedFrom, ...parts] = stored
    const rows: Ranked[] = []
    for (let at = 0; at < parts.length; at += PARTS_PER_ROW) {
      const bytes = asTextBuffer(parts[at + 2] as Uint8Array)
      const text = bytes.latin1Slice(0, bytes.length)
      rows.push({
        by: parts[at] as number | string,
        text,
        record: undefined,
        timestamp: Number(parts[at + 1]),
      })
    }
    return { rows, changedFrom, changedAt: undefined }
  }
  const rows = stored.rows.map(({ by, record, timestamp }) => ({ by, text: undefined, record, timestamp }))
  return { rows, changedFrom: stored.changedFrom, changedAt: undefined }
}
