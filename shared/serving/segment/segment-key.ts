import { StorageError } from "../../storage/errors.ts"

/** An object beside a segment, named by its own id since it may be made later than the segment. */
export interface CompanionPointer {
  readonly id: string
  readonly sizeBytes: number
  readonly crc32c: number
}

/** What a blob of a sidecar is: an index of a column, or a copy of the segment's footer. */
export type BlobKind = "bloom" | "inverted" | "range" | "sorted" | "footer"

/** Where a blob stands in its sidecar; `column` is empty for the footer. */
export type BlobPlace = readonly [column: string, kind: BlobKind, start: number, sizeBytes: number]

/** Index blobs, a copy of the segment's footer and a directory, in one object. */
export interface SidecarPointer extends CompanionPointer {
  /** What the directory says, so that a query needs one round less. */
  readonly blobs?: readonly BlobPlace[]
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

/**
 * What the hashes of a column's values leave when they are divided by `modulus`: those that a log's default partitioner
 * puts them into partitions by. No value is null.
 */
export type Placement = readonly [modulus: number, rest: number]

export interface FooterPointer {
  readonly sizeBytes: number
  readonly crc32c: number
}

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
  /** Its footer without the trailer: with it, ranges of the segment are read without asking for its end first. */
  readonly footer?: FooterPointer
  /** The time column's least and greatest value, epoch ms; absent without a time column or a value in it. */
  readonly timeMin?: number
  readonly timeMax?: number
  /** Some rows have no value in the time column: retention does not reach them. */
  readonly untimed?: true
  /** How often its rows were merged; 0 as flushed. */
  readonly level?: number
  readonly sidecar?: SidecarPointer
  readonly rollups?: readonly LevelPointer[]
  /** Rollups that were asked of its rows, whether they were worth a level or not: by `rollupId`. */
  readonly rolled?: readonly string[]
  /** Of the columns that the table sorts by, partitions by or indexes, so that most segments are left out unopened. */
  readonly zones?: Readonly<Record<string, Zone>>
  /** Of the columns whose values lie in partitions by their hash, whatever the reason. */
  readonly places?: Readonly<Record<string, Placement>>
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
  kind: "index" | "rollup" | "dead" | "keys" | "letters",
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
  readonly untimed?: true
  readonly level?: number
  readonly footer?: readonly [sizeBytes: number, crc32c: number]
  readonly sidecar?: readonly [
    id: string,
    sizeBytes: number,
    crc32c: number,
    directoryBytes: number,
    blobs?: readonly BlobPlace[],
  ]
  readonly rolled?: readonly string[]
  readonly rollups?: readonly (readonly [
    rollup: string,
    id: string,
    sizeBytes: number,
    crc32c: number,
    rows: number,
    dimensions: readonly number[],
  ])[]
  readonly zones?: Readonly<Record<string, Zone>>
  readonly places?: Readonly<Record<string, Placement>>
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

function extrasOf(pointer: SegmentPointer): StoredExtras | undefined {
  const { untimed, level, footer, sidecar, rollups, rolled, zones, places } = pointer
  const extras: StoredExtras = {
    ...(untimed === undefined ? {} : { untimed }),
    ...(level === undefined || level === 0 ? {} : { level }),
    ...(footer === undefined ? {} : { footer: [footer.sizeBytes, footer.crc32c] }),
    ...(sidecar === undefined ? {} : { sidecar: sidecarRow(sidecar) }),
    ...(rolled === undefined || rolled.length === 0 ? {} : { rolled }),
    ...(rollups === undefined || rollups.length === 0
      ? {}
      : {
          rollups: rollups.map(
            one => [one.rollup, one.id, one.sizeBytes, one.crc32c, one.rows, one.dimensions] as const,
          ),
        }),
    ...(zones === undefined ? {} : { zones }),
    ...(places === undefined ? {} : { places }),
  }
  return Object.keys(extras).length === 0 ? undefined : extras
}

function sidecarRow(sidecar: SidecarPointer): StoredExtras["sidecar"] {
  const { id, sizeBytes, crc32c, directoryBytes, blobs } = sidecar
  return blobs === undefined
    ? [id, sizeBytes, crc32c, directoryBytes]
    : [id, sizeBytes, crc32c, directoryBytes, blobs]
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

function readExtras(extras: StoredExtras): Partial<SegmentPointer> {
  const { untimed, level, footer, sidecar, rollups, rolled, zones, places } = extras
  return {
    ...(footer === undefined ? {} : { footer: { sizeBytes: footer[0], crc32c: footer[1] } }),
    ...(untimed === undefined ? {} : { untimed }),
    ...(level === undefined ? {} : { level }),
    ...(sidecar === undefined
      ? {}
      : {
          sidecar: {
            id: sidecar[0],
            sizeBytes: sidecar[1],
            crc32c: sidecar[2],
            directoryBytes: sidecar[3],
            ...(sidecar[4] === undefined ? {} : { blobs: sidecar[4] }),
          },
        }),
    ...(rolled === undefined ? {} : { rolled }),
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
    ...(places === undefined ? {} : { places }),
  }
}
