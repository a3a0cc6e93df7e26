import type { RunPointer } from "../manifest/manifest.ts"
import { ENTRY_LANES } from "./entry.ts"

/** Bytes of an entry in memory, with its place in the table of hashes. */
const ENTRY_BYTES = 60
/** Bytes that an array takes beside what it holds. */
const ARRAY_BYTES = 200
/** Bytes of an entry in a run. */
const STORED_BYTES = ENTRY_LANES * 4

/** Bytes of merged rows in memory. */
export const imagesWeight = (images: number, bytes: number): number => images * ARRAY_BYTES + bytes

/**
 * What a key index weighs in memory, in entries without merged rows: such a row weighs as many as would fit in its place.
 * @param bytes of the merged rows
 */
export function indexWeight(entries: number, images: number, bytes: number): number {
  return entries + Math.ceil(imagesWeight(images, bytes) / ENTRY_BYTES)
}

/** What runs weigh once they are in memory: at most, since keys may be in several. */
export function weightOfRuns(
  runs: readonly Pick<RunPointer, "entries" | "sizeBytes" | "directoryBytes">[],
): number {
  return runs.reduce((sum, { entries, sizeBytes, directoryBytes }) => {
    // Blocks without merged rows hold entries alone.
    const more = sizeBytes - directoryBytes - entries * STORED_BYTES
    return sum + indexWeight(entries, more > 0 ? entries : 0, Math.max(0, more))
  }, 0)
}
