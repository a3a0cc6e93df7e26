import { LRUCache } from "lru-cache"
import { StorageError } from "../../storage/errors.ts"
import type { Item } from "../../storage/meta-store.ts"
import { readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { listKey, type SegmentPointer } from "../segment/segment-key.ts"
import { decodeManifest, encodeManifest, manifestItemKey, manifestPk } from "./format.ts"
import type { ListPointer, Manifest } from "./manifest.ts"
import { checkManifestSize, decodeList } from "./segment-list.ts"

export type ManifestPorts = Pick<Ports, "meta" | "objects" | "clock">

/** Manifests kept decoded, of each store: each query reads those of its table again, and finds what it knows. */
const MANIFESTS_KEPT = 1_024

const decoded = new WeakMap<object, LRUCache<string, Manifest>>()

/** An item's version names its content: no two writes have one. */
function decodedManifest({ meta }: ManifestPorts, tableId: string, item: Item): Manifest {
  let kept = decoded.get(meta)
  if (kept === undefined) {
    // Counted by size: `max` would make room for all of them at the start.
    kept = new LRUCache({ maxSize: MANIFESTS_KEPT, sizeCalculation: () => 1 })
    decoded.set(meta, kept)
  }
  const key = `${tableId}#${item.sk}#${item.version}`
  const known = kept.get(key)
  if (known !== undefined) return known
  const manifest = decodeManifest(tableId, item)
  kept.set(key, manifest)
  return manifest
}

/** Manifests as of one consistent read, and that read's store date. */
export interface PinnedManifests {
  readonly manifests: readonly Manifest[]
  readonly date: number
}

/** All manifests of a table in the order of their partitions, read consistently. */
export async function readManifests(ports: ManifestPorts, tableId: string): Promise<PinnedManifests> {
  const manifests: Manifest[] = []
  let date = Number.POSITIVE_INFINITY
  let after: string | undefined
  do {
    const page = await readAgain(ports, () =>
      ports.meta.queryPage("meta", { pk: manifestPk(tableId) }, after),
    )
    for (const item of page.items) manifests.push(decodedManifest(ports, tableId, item))
    date = Math.min(date, page.date)
    after = page.next
  } while (after !== undefined)
  return { manifests, date }
}

/** One manifest, read consistently; undefined when there is none. */
export async function readManifest(
  ports: ManifestPorts,
  tableId: string,
  partition: number,
): Promise<{ readonly manifest: Manifest | undefined; readonly date: number }> {
  const { item, date } = await readAgain(ports, () =>
    ports.meta.get("meta", manifestItemKey(tableId, partition)),
  )
  return { manifest: item === undefined ? undefined : decodedManifest(ports, tableId, item), date }
}

/** Makes a partition's manifest unless it is there already. Repeating it is harmless. */
export async function createManifest(
  ports: ManifestPorts,
  manifest: Manifest,
  notAfter: number,
): Promise<"there" | "unknown"> {
  const put = await settlePut(ports, "meta", encodeManifest(manifest), {
    condition: { absent: true },
    notAfter,
  })
  if (put.outcome === "committed") return "there"
  return put.outcome === "refused" && put.reason === "exists" ? "there" : "unknown"
}

/**
 * Replaces `from` by `to` in one conditional write. `lost`: something else stands there now, or nothing was applied:
 * read it again. `unknown`: it may be applied yet: read it again, too, and take nothing for granted.
 *
 * Throws `StorageError` (`too_large`).
 */
export async function commitManifest(
  ports: ManifestPorts,
  from: Manifest,
  to: Manifest,
  notAfter: number,
): Promise<"committed" | "lost" | "unknown"> {
  checkManifestSize(to)
  const put = await settlePut(ports, "meta", encodeManifest(to), {
    condition: { version: from.version },
    notAfter,
  })
  if (put.outcome === "committed") return "committed"
  return put.outcome === "refused" ? "lost" : "unknown"
}

/** Lists by key: immutable, so that a copy never goes stale. */
export type ListCache = LRUCache<string, readonly SegmentPointer[]>

/** The segments of a list. Throws `StorageError` (`corrupt`) when its object is gone: a manifest never names such. */
export async function readList(
  ports: ManifestPorts,
  manifest: Pick<Manifest, "tableId" | "partition">,
  list: ListPointer,
  cache?: ListCache,
): Promise<readonly SegmentPointer[]> {
  const key = listKey(manifest.tableId, manifest.partition, list)
  const known = cache?.get(key)
  if (known !== undefined) return known
  const read = await readAgain(ports, () => ports.objects.get(key))
  if (read === undefined) throw new StorageError("corrupt", `segment list ${key} is missing`)
  const segments = decodeList(read.body)
  cache?.set(key, segments)
  return segments
}

/** Every segment that a manifest names, in the order of their offsets. */
export async function segmentsOf(
  ports: ManifestPorts,
  manifest: Manifest,
  cache?: ListCache,
): Promise<readonly SegmentPointer[]> {
  if (manifest.lists.length === 0) return manifest.segments
  const lists = await Promise.all(manifest.lists.map(list => readList(ports, manifest, list, cache)))
  return [...lists.flat(), ...manifest.segments]
}
