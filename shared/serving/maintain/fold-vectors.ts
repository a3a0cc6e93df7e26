import { notAfter } from "../../storage/not-after.ts"
import { deadOffsets, VECTORS_MAX, vectorPointer } from "../manifest/dead-offsets.ts"
import type { Manifest, VectorPointer } from "../manifest/manifest.ts"
import { commitManifest, readManifest } from "../manifest/manifest-store.ts"
import { encodeDeadVector } from "../segment/dead-vector.ts"
import type { OffsetSet } from "../segment/offset-set.ts"
import { companionKey, type SegmentPointer } from "../segment/segment-key.ts"
import type { MaintainPorts } from "./replace-segments.ts"
import { storeAll } from "./rewrite.ts"

export const needsFolding = ({ vectors }: Manifest): boolean => vectors.length > VECTORS_MAX

/** Of dead offsets those that lie in a segment and not in `without`: what is gone needs no grave. */
export function stillDead(
  { offsets }: OffsetSet,
  segments: readonly Pick<SegmentPointer, "base" | "next">[],
  without?: Pick<SegmentPointer, "base" | "next">,
): OffsetSet {
  let at = 0
  const kept = offsets.filter(offset => {
    while (at < segments.length && segments[at]!.next <= offset) at++
    const isHeld = at < segments.length && offset >= segments[at]!.base
    return isHeld && !(without !== undefined && offset >= without.base && offset < without.next)
  })
  return { offsets: kept }
}

/** Stores a vector; undefined pointer: it would be empty. Undefined: the upload failed, or may have. */
export async function storeVector(
  ports: MaintainPorts,
  { tableId, partition }: Pick<Manifest, "tableId" | "partition">,
  set: OffsetSet,
  date: number,
): Promise<{ readonly vector: VectorPointer | undefined; readonly until: number } | undefined> {
  if (set.offsets.length === 0) return { vector: undefined, until: Number.POSITIVE_INFINITY }
  const id = ports.random.id()
  const body = encodeDeadVector(set)
  const key = companionKey(tableId, partition, "dead", id)
  const until = await storeAll(ports, [{ key, body }], date)
  return until === undefined ? undefined : { vector: vectorPointer(id, set, body), until }
}

/** The manifest's vectors with `vector` in the place of those in `of`; as they are, when one of these stands no more. */
export function foldedInto(
  { vectors }: Manifest,
  of: readonly VectorPointer[],
  vector: VectorPointer | undefined,
): readonly VectorPointer[] {
  const standing = new Set(vectors.map(({ id }) => id))
  if (!of.every(({ id }) => standing.has(id))) return vectors
  const gone = new Set(of.map(({ id }) => id))
  return [...(vector === undefined ? [] : [vector]), ...vectors.filter(({ id }) => !gone.has(id))]
}

/** Makes one vector of all. Throws `StorageError`. */
export async function foldVectors(
  ports: MaintainPorts,
  manifest: Manifest,
  segments: readonly SegmentPointer[],
  date: number,
): Promise<"folded" | "lost"> {
  const dead = await deadOffsets(ports, manifest)
  const stored = await storeVector(ports, manifest, stillDead(dead, segments), date)
  if (stored === undefined) return "lost"
  // Builders add vectors all the time: what they add meanwhile stays beside it.
  const { manifest: now, date: read } = await readManifest(ports, manifest.tableId, manifest.partition)
  if (now === undefined || now.closed) return "lost"
  const vectors = foldedInto(now, manifest.vectors, stored.vector)
  if (vectors === now.vectors) return "lost"
  const until = Math.min(notAfter(read), stored.until)
  const to = { ...now, vectors, version: ports.random.id() }
  return (await commitManifest(ports, now, to, until)) === "committed" ? "folded" : "lost"
}
