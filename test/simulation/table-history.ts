import { decodeManifest } from "../../shared/serving/manifest/format.ts"
import type { Manifest } from "../../shared/serving/manifest/manifest.ts"
import { keysOfItem, keysOfSegments } from "../../shared/serving/manifest/named-keys.ts"
import { parseWhere } from "../../shared/serving/purge/where.ts"
import { decodeTable, shadowName, TABLES_PK, type TableInfo } from "../../shared/serving/tables/table-item.ts"
import type { Item, MetaStore } from "../../shared/storage/meta-store.ts"
import { NAME_AFTER_UPLOAD_MS, WRITE_AFTER_READ_MS } from "../../shared/storage/not-after.ts"
import type { ObjectStore } from "../../shared/storage/object-store.ts"
import type { Ports } from "../../shared/storage/time.ts"
import type { TableChecker } from "./table-checker.ts"
import { type IdRange, rangeOf } from "./table-erasures.ts"
import { segmentsNamed, verifyManifest } from "./table-manifest.ts"
import { TABLE } from "./table-records.ts"

const MANIFEST_PREFIX = "manifest#"

/** A state of the table's item from the moment when it was stored; undefined: there is none. */
export interface TableMoment {
  readonly at: number
  readonly table: TableInfo | undefined
}

/**
 * Everything that ever stood of the table's item and its manifests, in the order in which the store applied it. Each
 * manifest is checked then and there; what a process may write at all is checked when it asks for it.
 */
export class TableHistory {
  readonly moments: TableMoment[] = [{ at: 0, table: undefined }]
  /** Manifests stored. */
  count = 0
  /** Of those, the ones that name merged segments. */
  merged = 0
  /** Objects that collectors deleted. */
  get collected(): number {
    return this.#deleted.size
  }
  /** Of those, the ones with lists. */
  spills = 0
  readonly #checker: TableChecker
  readonly #standing = new Map<string, Manifest>()
  /** Erasures that are through with a partition. */
  readonly #erased = new Map<string, (IdRange & { readonly end: number })[]>()
  readonly #deleted = new Set<string>()
  /** Topics of tables that are built anew, by the tables' ids. */
  readonly #shadows = new Map<string, string>()
  readonly #cuts = new Map<string, number>()
  #clock = 0

  constructor(checker: TableChecker) {
    this.#checker = checker
  }

  /** Counts the states of the table: orders moments and pins. */
  get now(): number {
    return this.#clock
  }

  /** The table's states that stood at some time since `at`. */
  since(at: number): readonly TableMoment[] {
    return this.moments.slice(this.moments.findLastIndex(moment => moment.at <= at))
  }

  topicOf(tableId: string): string {
    const stood = this.moments.find(({ table }) => table?.id === tableId)?.table
    return stood?.topicId ?? this.#shadows.get(tableId) ?? "none"
  }

  /** The manifest that stands. */
  manifest(tableId: string, partition: number): Manifest | undefined {
    return this.#standing.get(`${tableId}#${partition}`)
  }

  /** The store has applied this. */
  applied(item: Item): void {
    if (item.pk === TABLES_PK && item.sk === TABLE) this.#moment(decodeTable(item))
    if (item.pk === TABLES_PK && item.sk === shadowName(TABLE)) {
      const { id, topicId } = decodeTable(item)
      this.#shadows.set(id, topicId)
    }
    // The note that a drop leaves in the same transaction that frees the name.
    if (item.pk === "dropped-tables") this.#dropped(item.sk)
    if (item.pk.startsWith(MANIFEST_PREFIX)) this.#appliedManifest(decodeOf(item))
  }

  #dropped(tableId: string): void {
    // One that was built anew in vain, or whose place another has taken: what stands under the name goes on standing.
    if (this.moments.at(-1)?.table?.id !== tableId) return
    this.#moment(undefined)
    for (const manifest of this.#standing.values()) {
      if (manifest.tableId !== tableId || manifest.closed) continue
      this.#checker.fail(`a table is dropped, and its manifest ${manifest.partition} is open`)
    }
  }

  #moment(table: TableInfo | undefined): void {
    this.moments.push({ at: ++this.#clock, table })
  }

  #appliedManifest(manifest: Manifest): void {
    const at = `${manifest.tableId}#${manifest.partition}`
    const before = this.#standing.get(at)
    this.#standing.set(at, manifest)
    this.#noteErased(at, before, manifest)
    const { tableId, cutBefore = Number.NEGATIVE_INFINITY } = manifest
    this.#cuts.set(tableId, Math.max(cutBefore, this.#cuts.get(tableId) ?? cutBefore))
    const gone = keysOfItem(manifest).find(key => this.#deleted.has(key))
    if (gone !== undefined) this.#checker.fail(`${gone} is named, and was deleted`)
    if (before !== undefined && before.segments.length + before.lists.length > 0) {
      if (manifest.segments.some(({ level = 0 }) => level > 0)) this.merged++
    }
    this.count++
    if (manifest.lists.length > 0) this.spills++
    this.#checker.track(verifyManifest(this.#checker, manifest, before))
  }

  #noteErased(at: string, before: Manifest | undefined, { purges }: Manifest): void {
    const open = new Set(purges.map(({ id }) => id))
    for (const { id, where, end } of before?.purges ?? []) {
      if (open.has(id)) continue
      const parsed = parseWhere(where, [{ name: "id", type: "int" }])
      if ("fault" in parsed) throw new Error(parsed.fault.message)
      this.#erased.set(at, [...(this.#erased.get(at) ?? []), { ...rangeOf(parsed), end }])
    }
  }

  /** What no segment of a partition may hold any more. */
  erased({ tableId, partition }: Manifest): readonly (IdRange & { readonly end: number })[] {
    return this.#erased.get(`${tableId}#${partition}`) ?? []
  }

  /** The furthest that retention ever came to. */
  cut(tableId: string): number {
    return this.#cuts.get(tableId) ?? Number.NEGATIVE_INFINITY
  }

  /** Everything that manifests name, past every fault; those of dropped tables are closed. */
  named(): ReadonlySet<string> {
    const named = new Set<string>()
    for (const manifest of this.#standing.values()) {
      if (manifest.closed) continue
      for (const key of keysOfItem(manifest)) named.add(key)
      const segments = segmentsNamed(this.#checker, manifest, what => this.#checker.fail(what)) ?? []
      for (const key of keysOfSegments(manifest.tableId, manifest.partition, segments)) named.add(key)
    }
    return named
  }

  /** Whatever a collector deletes, no manifest that stands may name. */
  #checkDelete(keys: readonly string[]): void {
    const named = this.named()
    for (const key of keys.filter(key => key.startsWith("tab/"))) {
      this.#deleted.add(key)
      if (named.has(key)) this.#checker.fail(`${key} is deleted, and a manifest names it`)
    }
  }

  /** A process's ports, watched. @param nameAfterMs how long it may name what it uploaded, but for lists */
  watch(ports: Ports, nameAfterMs = NAME_AFTER_UPLOAD_MS): Ports {
    const uploads = new Map<string, number>()
    const reads = new Map<string, ManifestRead>()
    return {
      ...ports,
      objects: watchObjects(ports.objects, uploads, keys => this.#checkDelete(keys)),
      meta: this.#watchMeta(ports.meta, uploads, reads, nameAfterMs),
    }
  }

  #watchMeta(
    meta: MetaStore,
    uploads: ReadonlyMap<string, number>,
    reads: Map<string, ManifestRead>,
    nameAfterMs: number,
  ): MetaStore {
    return {
      get: async (table, key) => {
        const read = await meta.get(table, key)
        if (read.item?.pk.startsWith(MANIFEST_PREFIX)) {
          // Answers of reads side by side may overtake each other.
          const date = Math.max(read.date, reads.get(read.item.version)?.date ?? 0)
          reads.set(read.item.version, { manifest: decodeOf(read.item), date })
        }
        return read
      },
      queryPage: (table, query, after) => meta.queryPage(table, query, after),
      put: (table, item, options) => {
        const condition = options?.condition
        const from =
          condition !== undefined && "version" in condition ? reads.get(condition.version) : undefined
        if (from !== undefined) this.#checkPut(decodeOf(item), from, options?.notAfter, uploads, nameAfterMs)
        return meta.put(table, item, options)
      },
      delete: (table, key, options) => meta.delete(table, key, options),
      deleteMany: (table, keys) => meta.deleteMany(table, keys),
      transact: (steps, options) => meta.transact(steps, options),
    }
  }

  /** A manifest may rest on what its process read lately, and name what its process surely stored lately. */
  #checkPut(
    manifest: Manifest,
    from: ManifestRead,
    notAfter = Number.POSITIVE_INFINITY,
    uploads: ReadonlyMap<string, number>,
    nameAfterMs: number,
  ): void {
    if (notAfter > from.date + WRITE_AFTER_READ_MS) {
      this.#checker.fail(`a manifest may be written until ${notAfter - from.date} ms after its read`)
    }
    const known = new Set(keysOfItem(from.manifest))
    for (const key of keysOfItem(manifest).filter(key => !known.has(key))) {
      const uploaded = uploads.get(key)
      if (uploaded === undefined) this.#checker.fail(`${key} is named, and its upload was never confirmed`)
      else if (notAfter > uploaded + (key.includes("/lists/") ? NAME_AFTER_UPLOAD_MS : nameAfterMs)) {
        this.#checker.fail(`${key} may be named until ${notAfter - uploaded} ms after its upload`)
      }
    }
  }
}

interface ManifestRead {
  readonly manifest: Manifest
  readonly date: number
}

const decodeOf = (item: Item): Manifest => decodeManifest(item.pk.slice(MANIFEST_PREFIX.length), item)

function watchObjects(
  objects: ObjectStore,
  uploads: Map<string, number>,
  onDelete: (keys: readonly string[]) => void,
): ObjectStore {
  return {
    get: (key, range) => objects.get(key, range),
    list: (prefix, options) => objects.list(prefix, options),
    deleteMany: keys => {
      onDelete(keys)
      return objects.deleteMany(keys)
    },
    put: async (key, body, options) => {
      const put = await objects.put(key, body, options)
      if (put.outcome === "committed") uploads.set(key, put.date)
      return put
    },
  }
}
