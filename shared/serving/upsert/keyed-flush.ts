import { StorageError } from "../../storage/errors.ts"
import type { Ports } from "../../storage/time.ts"
import { addCounts, NO_COUNTS } from "../ingest/batch.ts"
import type { ColumnBatch } from "../ingest/column.ts"
import { deadOffsets, VECTORS_MAX, vectorPointer } from "../manifest/dead-offsets.ts"
import type { Manifest, RunPointer, VectorPointer } from "../manifest/manifest.ts"
import { encodeDeadVector } from "../segment/dead-vector.ts"
import { unionOffsets } from "../segment/offset-set.ts"
import { companionKey } from "../segment/segment-key.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { withoutErased } from "./erase-images.ts"
import { KEYS_MAX, type KeyIndexes } from "./key-indexes.ts"
import { newResolution } from "./keyed-tails.ts"
import type { Resolution } from "./resolution.ts"
import { type KeyRules, keyRules } from "./rules.ts"
import { forgettable, mergeRuns } from "./run.ts"
import { encodeRun } from "./run-format.ts"

type FlushPorts = Pick<Ports, "meta" | "objects" | "clock" | "random">

/**
 * A run is at least so many times as large as the next one. So all runs hold at most half as many entries again as
 * there are keys, and ten million keys lie in ten runs.
 */
const RUN_RATIO = 3
/** Smaller ones are merged at once: their number would be bounded by nothing. */
const RUN_ENTRIES_MIN = 1_024

/** Maintenance folds vectors, and drops those of rows that merges left out. Where it does not come to it, builders fold. */
const VECTORS_KEPT = 2 * VECTORS_MAX

/** An object to be stored before the manifest's write. */
export interface KeyedObject {
  readonly key: string
  readonly body: Uint8Array | readonly Uint8Array[]
}

/** What a flush of a table with a key comes to. */
export interface KeyedFlush {
  /** The rows that stand, and what was counted. */
  readonly batch: ColumnBatch
  readonly objects: readonly KeyedObject[]
  /** Changes with the position. */
  readonly parts: Partial<Manifest>
  /** To be called once the manifest's write is known to be committed, and only then. */
  committed(next: Manifest): void
}

/**
 * Resolves what is to become a segment: which of its rows stand, which rows of older segments died, what the key index
 * has to say from then on. Undefined for a table without a key. Throws `StorageError`, `too_large` where a partition
 * would have more than `KEYS_MAX` keys.
 * @param start the offset that the batch begins at
 */
export async function keyedFlush(
  ports: FlushPorts,
  indexes: KeyIndexes,
  table: TableInfo,
  manifest: Manifest,
  start: number,
  batch: ColumnBatch,
): Promise<KeyedFlush | undefined> {
  const rules = keyRules(table.spec)
  if (rules === undefined) return undefined
  const resolution = newResolution(rules, table, { ...manifest, position: start })
  await resolution.extend(batch, await indexes.at(manifest))
  const [vector, run] = await Promise.all([
    vectorOf(ports, manifest, resolution),
    runOf(ports, indexes, table, rules, manifest, resolution),
  ])
  const { compareMax } = resolution
  return {
    batch: { ...resolution.standing(batch), counts: countsOf(batch, resolution) },
    objects: [...vector.objects, ...run.objects],
    parts: {
      vectors: vector.vectors,
      runs: run.runs,
      ...(compareMax === undefined ? {} : { compareMax }),
    },
    // In memory the index still has what the new run is without.
    committed: next =>
      run.isErased ? indexes.forget(manifest) : indexes.committed(manifest, next, resolution.keys),
  }
}

/** Records that a key's rules drop are counted like those that cannot be read, with their reasons. */
function countsOf({ counts }: ColumnBatch, { expired, unfolded }: Resolution): ColumnBatch["counts"] {
  const faults = new Map([
    ["older than the time to live", expired],
    ["merged value is out of range", unfolded],
  ])
  for (const [reason, count] of faults) if (count === 0) faults.delete(reason)
  return addCounts(counts, { ...NO_COUNTS, skipped: expired + unfolded, faults })
}

/** The offsets that died, as one more vector; with too many of them already, all as one. */
async function vectorOf(
  ports: FlushPorts,
  manifest: Manifest,
  resolution: Resolution,
): Promise<{ vectors: readonly VectorPointer[]; objects: readonly KeyedObject[] }> {
  const dead = resolution.dead()
  if (dead.offsets.length === 0) return { vectors: manifest.vectors, objects: [] }
  const folds = manifest.vectors.length >= VECTORS_KEPT
  const set = folds ? unionOffsets([await deadOffsets(ports, manifest), dead]) : dead
  const body = encodeDeadVector(set)
  const pointer = vectorPointer(ports.random.id(), set, body)
  const key = companionKey(manifest.tableId, manifest.partition, "dead", pointer.id)
  return { vectors: [...(folds ? [] : manifest.vectors), pointer], objects: [{ key, body }] }
}

/** What changed, as a run; neighbouring runs that are not much larger become part of it. */
async function runOf(
  ports: FlushPorts,
  indexes: KeyIndexes,
  table: TableInfo,
  rules: KeyRules,
  manifest: Manifest,
  resolution: Resolution,
): Promise<{ runs: readonly RunPointer[]; objects: readonly KeyedObject[]; isErased: boolean }> {
  const changes = resolution.changes()
  if (changes.entries === 0) return { runs: manifest.runs, objects: [], isErased: false }
  const kept = manifest.runs.length - mergedRuns(manifest.runs, changes.entries)
  const found = await Promise.all(
    manifest.runs.slice(kept).map(pointer => indexes.reader.whole(manifest, pointer)),
  )
  const inputs = found.map(run => withoutErased(run, table, manifest))
  const isErased = inputs.some((run, at) => run !== found[at])
  // A deletion that is left out uncovers what older runs say of the key: only with all of them there is nothing to uncover.
  const forget = kept === 0 ? forgettable(rules, resolution.compareMax) : undefined
  const merged = mergeRuns([changes, ...inputs], forget)
  const runs = manifest.runs.slice(0, kept)
  if (merged.entries === 0) return { runs, objects: [], isErased }
  if (merged.entries > KEYS_MAX) {
    throw new StorageError(
      "too_large",
      `table ${table.spec.name}, partition ${manifest.partition}: expected at most ${KEYS_MAX} keys, got ${merged.entries}: give the topic more partitions`,
    )
  }
  const { body, sizeBytes, directoryBytes, crc32c } = encodeRun(merged)
  const level = manifest.runs.slice(kept).reduce((max, pointer) => Math.max(max, pointer.level + 1), 0)
  const id = ports.random.id()
  const pointer: RunPointer = { id, sizeBytes, crc32c, directoryBytes, entries: merged.entries, level }
  const key = companionKey(manifest.tableId, manifest.partition, "keys", id)
  return { runs: [...runs, pointer], objects: [{ key, body }], isErased }
}

/** How many of the newest runs are merged with so many new entries. Pure. */
export function mergedRuns(runs: readonly Pick<RunPointer, "entries">[], entries: number): number {
  let total = entries
  let count = 0
  for (const run of runs.toReversed()) {
    if (run.entries >= RUN_ENTRIES_MIN && run.entries >= RUN_RATIO * total) break
    total += run.entries
    count++
  }
  return count
}
