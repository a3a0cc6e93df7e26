import { StorageError } from "../../storage/errors.ts"
import { OBJECT_DELETES_MAX } from "../../storage/object-store.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { readManifests, segmentsOf } from "../manifest/manifest-store.ts"
import { keysOfItem, keysOfSegments } from "../manifest/named-keys.ts"
import { DEADLINE_MS_MAX } from "../query/limits.ts"
import type { TableInfo } from "../tables/table-item.ts"

/** An object that is older and that nobody names will be named by nobody: what is uploaded is named within 12 h. */
export const ORPHAN_AGE_MS = 24 * 3_600_000
/** A query that pinned before the manifests were read has ended by then: its longest deadline, and as much again. */
export const DELETE_AFTER_READ_MS = 2 * DEADLINE_MS_MAX

type CollectPorts = Pick<Ports, "meta" | "objects" | "clock">

/** How far the collection of a table is: a value, which may be forgotten at any time. */
export interface CollectProgress {
  /** Keys up to this one are looked at. */
  readonly after?: string
  /** Objects that no manifest named at `readAt`, store time, epoch ms. */
  readonly doomed?: { readonly keys: readonly string[]; readonly readAt: number }
}

export interface CollectStep {
  readonly deleted: number
  /** Undefined: the table is looked at to its end. */
  readonly next: CollectProgress | undefined
  /** What is to be deleted has to wait for the store's date: later steps will do it. */
  readonly waiting: boolean
}

/**
 * Looks at a page of a table's objects, or deletes what was found by an earlier look. First the listing, by whose date
 * ages count, then the manifests: what is old and not named then will never be. It is deleted once no query can be under
 * way that pinned before. Throws `StorageError`.
 */
export async function collectTable(
  ports: CollectPorts,
  { id: tableId, partitions }: Pick<TableInfo, "id" | "partitions">,
  progress: CollectProgress = {},
): Promise<CollectStep> {
  const { after, doomed } = progress
  const options = after === undefined ? {} : { after }
  const page = await readAgain(ports, () => ports.objects.list(`tab/${tableId}/`, options))
  if (doomed !== undefined) {
    if (page.date <= doomed.readAt + DELETE_AFTER_READ_MS)
      return { deleted: 0, next: progress, waiting: true }
    const rest = after === undefined ? undefined : { after }
    return { deleted: await deleteAll(ports, doomed.keys), next: rest, waiting: false }
  }
  const old = page.objects.filter(({ modified }) => modified < page.date - ORPHAN_AGE_MS)
  const rest = page.next === undefined ? undefined : { after: page.next }
  if (old.length === 0) return { deleted: 0, next: rest, waiting: false }
  const named = await namedKeys(ports, tableId, partitions)
  const keys = old.map(({ key }) => key).filter(key => !named.keys.has(key))
  if (keys.length === 0) return { deleted: 0, next: rest, waiting: false }
  return { deleted: 0, next: { ...rest, doomed: { keys, readAt: named.date } }, waiting: true }
}

/** Everything that a table's manifests name, as of one consistent read, and that read's date. */
async function namedKeys(
  ports: CollectPorts,
  tableId: string,
  partitions: number,
): Promise<{ readonly keys: ReadonlySet<string>; readonly date: number }> {
  const { manifests, date } = await readManifests(ports, tableId)
  if (manifests.length < partitions) {
    throw new StorageError(
      "corrupt",
      `table ${tableId} has ${manifests.length} manifests; expected ${partitions}`,
    )
  }
  const keys = new Set<string>()
  for (const manifest of manifests) {
    for (const key of keysOfItem(manifest)) keys.add(key)
    const segments = await segmentsOf(ports, manifest)
    for (const key of keysOfSegments(tableId, manifest.partition, segments)) keys.add(key)
  }
  return { keys, date }
}

/** What may not have been deleted is found again. */
export async function deleteAll(ports: CollectPorts, keys: readonly string[]): Promise<number> {
  for (let from = 0; from < keys.length; from += OBJECT_DELETES_MAX) {
    await ports.objects.deleteMany(keys.slice(from, from + OBJECT_DELETES_MAX))
  }
  return keys.length
}
