import { StorageError } from "../../storage/errors.ts"

/** Which records a segment holds, where it is stored, and what it weighs. */
export interface SegmentPointer {
  readonly base: number
  readonly next: number
  /** The commit id: makes the key one that no other writer chooses. */
  readonly id: string
  readonly rows: number
  readonly sizeBytes: number
  /** Of all its bytes: Parquet would decode most damage to other values without a word. */
  readonly crc32c: number
  readonly schemaVersion: number
  /** The time column's least and greatest value, epoch ms; absent without a time column or a value in it. */
  readonly timeMin?: number
  readonly timeMax?: number
}

/** Offsets in keys are padded so that a listing is in their order. */
const OFFSET_DIGITS = 20

const padded = (offset: number) => String(offset).padStart(OFFSET_DIGITS, "0")

/** `tab/{table id}/{partition}/{base}-{next}-{id}.parquet`. */
export function segmentKey(
  tableId: string,
  partition: number,
  segment: Pick<SegmentPointer, "base" | "next" | "id">,
): string {
  return `tab/${tableId}/${partition}/${padded(segment.base)}-${padded(segment.next)}-${segment.id}.parquet`
}

/** `tab/{table id}/{partition}/lists/{base}-{next}-{id}.json`. */
export function listKey(
  tableId: string,
  partition: number,
  list: { base: number; next: number; id: string },
): string {
  return `tab/${tableId}/${partition}/lists/${padded(list.base)}-${padded(list.next)}-${list.id}.json`
}

/** A pointer as stored: a row of numbers, since lists hold a thousand. */
export type StoredPointer = readonly [
  base: number,
  next: number,
  id: string,
  rows: number,
  sizeBytes: number,
  crc32c: number,
  schemaVersion: number,
  timeMin: number | null,
  timeMax: number | null,
]

export function encodePointer(pointer: SegmentPointer): StoredPointer {
  const { base, next, id, rows, sizeBytes, crc32c, schemaVersion, timeMin, timeMax } = pointer
  return [base, next, id, rows, sizeBytes, crc32c, schemaVersion, timeMin ?? null, timeMax ?? null]
}

/** Throws `StorageError` (`corrupt`) for what is no pointer. */
export function decodePointer(stored: unknown): SegmentPointer {
  const [base, next, id, rows, sizeBytes, crc32c, schemaVersion, timeMin, timeMax] = Array.isArray(stored)
    ? stored
    : []
  const numbers = [base, next, rows, sizeBytes, crc32c, schemaVersion]
  if (!numbers.every(Number.isSafeInteger) || typeof id !== "string" || next <= base) {
    throw new StorageError("corrupt", `expected a segment pointer, got ${JSON.stringify(stored)}`)
  }
  const times = typeof timeMin === "number" && typeof timeMax === "number" ? { timeMin, timeMax } : {}
  return { base, next, id, rows, sizeBytes, crc32c, schemaVersion, ...times }
}
