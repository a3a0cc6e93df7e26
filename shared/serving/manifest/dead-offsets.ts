import { LRUCache } from "lru-cache"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import { decodeDeadVector } from "../segment/dead-vector.ts"
import { NO_OFFSETS, type OffsetSet, unionOffsets } from "../segment/offset-set.ts"
import { companionKey } from "../segment/segment-key.ts"
import type { Manifest, VectorPointer } from "./manifest.ts"
import type { ManifestPorts } from "./manifest-store.ts"

/** A manifest may name so many vectors; more are folded into one, so that a cold query reads few objects. */
export const VECTORS_MAX = 16
/** Kept by a process: four million offsets. */
const DEAD_BYTES_KEPT = 32 * 1024 * 1024

/** Dead offsets by the vectors that hold them: immutable, so that a copy never goes stale. */
export type DeadCache = LRUCache<string, OffsetSet>

export const deadCache = (): DeadCache =>
  new LRUCache({ maxSize: DEAD_BYTES_KEPT, sizeCalculation: ({ offsets }) => 64 + offsets.byteLength })

/** Every dead offset of a partition, as of its manifest. Throws `StorageError` (`corrupt`). */
export async function deadOffsets(
  ports: ManifestPorts,
  manifest: Pick<Manifest, "tableId" | "partition" | "vectors">,
  cache?: DeadCache,
): Promise<OffsetSet> {
  const { vectors } = manifest
  if (vectors.length === 0) return NO_OFFSETS
  const all = vectors.map(({ id }) => id).join()
  const known = cache?.get(all)
  if (known !== undefined) return known
  const union = unionOffsets(
    await Promise.all(vectors.map(vector => readVector(ports, manifest, vector, cache))),
  )
  cache?.set(all, union)
  return union
}

async function readVector(
  ports: ManifestPorts,
  { tableId, partition }: Pick<Manifest, "tableId" | "partition">,
  vector: VectorPointer,
  cache: DeadCache | undefined,
): Promise<OffsetSet> {
  const known = cache?.get(vector.id)
  if (known !== undefined) return known
  const key = companionKey(tableId, partition, "dead", vector.id)
  const body = (await readAgain(ports, () => ports.objects.get(key)))?.body
  if (body?.length !== vector.sizeBytes || crc32c(body) !== vector.crc32c) {
    throw new StorageError("corrupt", `deletion vector ${key} is ${body ? "damaged" : "missing"}`)
  }
  const set = decodeDeadVector(body)
  cache?.set(vector.id, set)
  return set
}

/** What a manifest says of a vector with these bytes; `set` is not empty. */
export function vectorPointer(id: string, { offsets }: OffsetSet, body: Uint8Array): VectorPointer {
  return {
    id,
    sizeBytes: body.length,
    crc32c: crc32c(body),
    base: offsets[0]!,
    next: offsets.at(-1)! + 1,
    offsets: offsets.length,
  }
}
