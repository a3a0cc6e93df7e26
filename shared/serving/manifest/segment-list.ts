import { StorageError } from "../../storage/errors.ts"
import { itemBytes } from "../../storage/item-size.ts"
import { decodePointer, encodePointer, hasExtras, type SegmentPointer } from "../segment/segment-key.ts"
import { encodeManifest, MANIFEST_FORMATS } from "./format.ts"
import type { ListPointer, Manifest } from "./manifest.ts"

/** A list of a thousand pointers is about 120 KB: one read. */
export const LIST_SEGMENTS_MAX = 1_000
/** DynamoDB bills writes by the KB: above this the item's own segments move into a list. */
export const MANIFEST_BYTES_STEADY = 4 * 1024
/** About 600 lists of a thousand segments: beyond it, segments have to be merged. */
export const MANIFEST_BYTES_MAX = 64 * 1024

/** When segments move out of a manifest, and how many a list may hold. */
export interface SpillLimits {
  readonly itemBytesMax: number
  readonly listSegmentsMax: number
}

export const SPILL_LIMITS: SpillLimits = {
  itemBytesMax: MANIFEST_BYTES_STEADY,
  listSegmentsMax: LIST_SEGMENTS_MAX,
}

/** How segments move out of a manifest: the pointers of a new list, and the list that it takes the place of. */
export interface Spill {
  readonly replaced: ListPointer | undefined
  readonly segments: readonly SegmentPointer[]
}

/** What has to move into a list before the manifest may be written; undefined while it is small. */
export function planSpill(manifest: Manifest, limits: SpillLimits = SPILL_LIMITS): Spill | undefined {
  if (itemBytes(encodeManifest(manifest)) <= limits.itemBytesMax || manifest.segments.length === 0)
    return undefined
  const last = manifest.lists.at(-1)
  const fits = last !== undefined && last.segments + manifest.segments.length <= limits.listSegmentsMax
  return { replaced: fits ? last : undefined, segments: manifest.segments }
}

/** The manifest once `spill` is stored as the list `id`. */
export function applySpill(manifest: Manifest, spill: Spill, id: string): Manifest {
  const { replaced, segments } = spill
  const pointer: ListPointer = {
    base: replaced?.base ?? segments[0]!.base,
    next: segments.at(-1)!.next,
    id,
    segments: (replaced?.segments ?? 0) + segments.length,
    rows: segments.reduce((sum, segment) => sum + segment.rows, replaced?.rows ?? 0),
  }
  const lists = replaced === undefined ? manifest.lists : manifest.lists.slice(0, -1)
  return { ...manifest, lists: [...lists, pointer], segments: [] }
}

/** Throws `StorageError` (`too_large`) for a manifest that must not be written. */
export function checkManifestSize(manifest: Manifest): void {
  const bytes = itemBytes(encodeManifest(manifest))
  if (bytes <= MANIFEST_BYTES_MAX) return
  const where = `manifest of table ${manifest.tableId}, partition ${manifest.partition}`
  throw new StorageError("too_large", `${where}: expected at most ${MANIFEST_BYTES_MAX} bytes, got ${bytes}`)
}

/** A list's object: JSON, a pointer an array. */
export function encodeList(segments: readonly SegmentPointer[]): Uint8Array {
  return Buffer.from(
    JSON.stringify({ v: segments.some(hasExtras) ? 2 : 1, segments: segments.map(encodePointer) }),
  )
}

/** Throws `StorageError` (`unknown_format`, `corrupt`). */
export function decodeList(body: Uint8Array): SegmentPointer[] {
  let parsed: { v?: unknown; segments?: unknown }
  try {
    parsed = JSON.parse(Buffer.from(body).toString("utf8"))
  } catch (cause) {
    throw new StorageError("corrupt", "a segment list is not JSON", { cause })
  }
  if (!MANIFEST_FORMATS.includes(parsed.v)) {
    throw new StorageError(
      "unknown_format",
      `a segment list has format ${parsed.v}; expected ${MANIFEST_FORMATS.join(" or ")}`,
    )
  }
  if (!Array.isArray(parsed.segments)) throw new StorageError("corrupt", "a segment list holds no segments")
  return parsed.segments.map(decodePointer)
}
