import { StorageError } from "../../storage/errors.ts"

/** An object beside a segment, named by its own id since it may be made later than the segment. */
export interface CompanionPointer {
  readonly id: string
  readonly sizeBytes: number
  readonly crc32c: number
}

/** Index blobs, a copy of the segment's footer and a directory, in one object. */
export interface SidecarPointer extends CompanionPointer {
  /** Bytes at its end that hold the directory and the footer's copy: one ranged read opens an index. */
  readonly directoryBytes: number
}

/** One level of a rollup, pre-aggregated rows of this segment alone. */
export interface LevelPointer extends CompanionPointer {
  readonly rollup: string
  /** Indexes of the rollup's dimensions that the level keeps, ascending. */
  readonly dimensions: readonly number[]
  readonly rows: number
}

/** A column's least and greatest value; absent values mean that all are null. Text is cut to some characters, upwards. */
export type Zone = readonly [min: number | string | null, max: number | string | null, hasNull: 0 | 1]

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
  /** How often its rows were merged; 0 as flushed. */
  readonly level?: number
  readonly sidecar?: SidecarPointer
  readonly rollups?: readonly LevelPointer[]
  /** Of the columns that the table sorts by, partitions by or indexes, so that most segments are left out unopened. */
  readonly zones?: Readonly<Record<string, Zone>>
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

/** `tab/{table id}/{partition}/{kind}/{id}`, of what stands beside segments: sidecars, levels, vectors, runs. */
export function companionKey(
  tableId: string,
  partition: number,
  kind: "index" | "rollup" | "dead" | "keys",
  id: string,
): string {
  return `tab/${tableId}/${partition}/${kind}/${id}`
}

/** `tab/{table id}/{partition}/lists/{base}-{next}-{id}.json`. */
export function listKey(
  tableId: string,
  partition: number,
  list: { base: number; next: number; id: string },
): string {
  return `tab/${tableId}/${partition}/lists/${padded(list.base)}-${padded(list.next)}-${list.id}.json`
}

/** What a pointer of format 2 holds after its numbers; absent parts are left out. */
interface StoredExtras {
  readonly level?: number
  readonly sidecar?: readonly [id: string, sizeBytes: number, crc32c: number, directoryBytes: number]
  readonly rollups?: readonly (readonly [
    rollup: string,
    id: string,
    sizeBytes: number,
    crc32c: number,
    rows: number,
    dimensions: readonly number[],
  ])[]
  readonly zones?: Readonly<Record<string, Zone>>
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
  extras?: StoredExtras,
]

function extrasOf({ level, sidecar, rollups, zones }: SegmentPointer): StoredExtras | undefined {
  const extras: StoredExtras = {
    ...(level === undefined || level === 0 ? {} : { level }),
    ...(sidecar === undefined
      ? {}
      : { sidecar: [sidecar.id, sidecar.sizeBytes, sidecar.crc32c, sidecar.directoryBytes] }),
    ...(rollups === undefined || rollups.length === 0
      ? {}
      : {
          rollups: rollups.map(
            one => [one.rollup, one.id, one.sizeBytes, one.crc32c, one.rows, one.dimensions] as const,
          ),
        }),
    ...(zones === undefined ? {} : { zones }),
  }
  return Object.keys(extras).length === 0 ? undefined : extras
}

/** Whether only a reader of format 2 knows all that the pointer says. */
export const hasExtras = (pointer: SegmentPointer): boolean => extrasOf(pointer) !== undefined

export function encodePointer(pointer: SegmentPointer): StoredPointer {
  const { base, next, id, rows, sizeBytes, crc32c, schemaVersion, timeMin, timeMax } = pointer
  const extras = extrasOf(pointer)
  const numbers = [base, next, id, rows, sizeBytes, crc32c, schemaVersion, timeMin ?? null, timeMax ?? null]
  return (extras === undefined ? numbers : [...numbers, extras]) as unknown as StoredPointer
}

/** Throws `StorageError` (`corrupt`) for what is no pointer. */
export function decodePointer(stored: unknown): SegmentPointer {
  const [base, next, id, rows, sizeBytes, crc32c, schemaVersion, timeMin, timeMax, extras] = Array.isArray(
    stored,
  )
    ? stored
    : []
  const numbers = [base, next, rows, sizeBytes, crc32c, schemaVersion]
  if (!numbers.every(Number.isSafeInteger) || typeof id !== "string" || next <= base) {
    throw new StorageError("corrupt", `expected a segment pointer, got ${JSON.stringify(stored)}`)
  }
  const times = typeof timeMin === "number" && typeof timeMax === "number" ? { timeMin, timeMax } : {}
  return {
    base,
    next,
    id,
    rows,
    sizeBytes,
    crc32c,
    schemaVersion,
    ...times,
    ...(extras === undefined ? {} : readExtras(extras as StoredExtras)),
  }
}

function readExtras({ level, sidecar, rollups, zones }: StoredExtras): Partial<SegmentPointer> {
  return {
    ...(level === undefined ? {} : { level }),
    ...(sidecar === undefined
      ? {}
      : {
          sidecar: { id: sidecar[0], sizeBytes: sidecar[1], crc32c: sidecar[2], directoryBytes: sidecar[3] },
        }),
    ...(rollups === undefined
      ? {}
      : {
          rollups: rollups.map(([rollup, id, sizeBytes, crc32c, rows, dimensions]) => ({
            rollup,
            id,
            sizeBytes,
            crc32c,
            rows,
            dimensions,
          })),
        }),
    ...(zones === undefined ? {} : { zones }),
  }
}
