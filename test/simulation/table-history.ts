import { decodeManifest } from "../../shared/serving/manifest/format.ts"
import type { Manifest } from "../../shared/serving/manifest/manifest.ts"
import { UPLOAD_AGE_MAX_MS, VIEW_AGE_MAX_MS } from "../../shared/serving/manifest/not-after.ts"
import { decodeTable, TABLES_PK, type TableInfo } from "../../shared/serving/tables/table-item.ts"
import type { Item, MetaStore } from "../../shared/storage/meta-store.ts"
import type { ObjectStore } from "../../shared/storage/object-store.ts"
import type { Ports } from "../../shared/storage/time.ts"
import type { TableChecker } from "./table-checker.ts"
import { namedKeys, verifyManifest } from "./table-manifest.ts"
import { TABLE } from "./table-records.ts"

const MANIFEST_PREFIX = "manifest#"

/** A manifest that some process tried to write. */
interface Proposal {
  readonly manifest: Manifest
  readonly parent: string | undefined
}

/** A state of the table's item, from the moment it was first known to stand; undefined: there was none. */
export interface TableMoment {
  readonly at: number
  readonly table: TableInfo | undefined
}

/**
 * Everything that ever stood of the table's item and its manifests, gathered from what processes write and read: a
 * version can only be replaced by who has read it. Each manifest is checked when it is first known to stand.
 */
export class TableHistory {
  readonly moments: TableMoment[] = []
  /** By version. */
  readonly manifests = new Map<string, Manifest>()
  readonly #newest = new Map<string, Manifest>()
  readonly #checker: TableChecker
  readonly #proposals = new Map<string, Proposal>()
  readonly #children = new Map<string, string>()
  #clock = 0
  #tableVersion = ""

  constructor(checker: TableChecker) {
    this.#checker = checker
  }

  /** Counts what was noted: orders moments and pins. */
  get now(): number {
    return this.#clock
  }

  /** Looks at what stands now. */
  look(): void {
    let seen = false
    for (const item of this.#checker.stores.items("meta")) {
      if (item.pk === TABLES_PK && item.sk === TABLE) seen = true
      this.#note(item)
    }
    if (!seen) this.#noteTable(undefined)
    this.#clock++
  }

  /** The table's states that stood at some time since `at`. */
  since(at: number): readonly TableMoment[] {
    const first = this.moments.findLastIndex(moment => moment.at <= at)
    return this.moments.slice(Math.max(0, first))
  }

  /** The manifest that stands, as far as is known. */
  newest(tableId: string, partition: number): Manifest | undefined {
    return this.#newest.get(`${tableId}#${partition}`)
  }

  /** A process's ports, watched. */
  watch(ports: Ports): Ports {
    const uploads = new Map<string, number>()
    const reads = new Map<string, number>()
    return {
      ...ports,
      objects: watchObjects(ports.objects, uploads),
      meta: this.#watchMeta(ports.meta, uploads, reads),
    }
  }

  #watchMeta(meta: MetaStore, uploads: Map<string, number>, reads: Map<string, number>): MetaStore {
    const seen = (item: Item | undefined, date: number) => {
      if (item === undefined) return
      if (item.pk.startsWith(MANIFEST_PREFIX)) reads.set(item.version, date)
      this.#note(item)
    }
    return {
      get: async (table, key) => {
        const read = await meta.get(table, key)
        seen(read.item, read.date)
        return read
      },
      queryPage: async (table, query, after) => {
        const page = await meta.queryPage(table, query, after)
        if (table === "meta") for (const item of page.items) seen(item, page.date)
        return page
      },
      put: async (table, item, options) => {
        if (item.pk.startsWith(MANIFEST_PREFIX)) this.#propose(item, options, uploads, reads)
        const outcome = await meta.put(table, item, options)
        if (outcome.outcome === "committed") this.#note(item)
        if (outcome.outcome === "refused" && outcome.standing !== undefined) this.#note(outcome.standing)
        return outcome
      },
      delete: (table, key, options) => meta.delete(table, key, options),
      transact: (steps, options) => meta.transact(steps, options),
    }
  }

  #propose(
    item: Item,
    options: Parameters<MetaStore["put"]>[2],
    uploads: ReadonlyMap<string, number>,
    reads: ReadonlyMap<string, number>,
  ): void {
    const manifest = decodeManifest(item.pk.slice(MANIFEST_PREFIX.length), item)
    const condition = options?.condition
    const parent = condition !== undefined && "version" in condition ? condition.version : undefined
    this.#proposals.set(item.version, { manifest, parent })
    const before = parent === undefined ? undefined : this.#proposals.get(parent)?.manifest
    const notAfter = options?.notAfter ?? Number.POSITIVE_INFINITY
    const readDate = parent === undefined ? undefined : reads.get(parent)
    if (readDate !== undefined && notAfter > readDate + VIEW_AGE_MAX_MS) {
      this.#checker.fail(`manifest ${item.sk} may be written until ${notAfter - readDate} ms after its read`)
    }
    const known = new Set(before === undefined ? [] : namedKeys(before))
    for (const key of namedKeys(manifest).filter(key => !known.has(key))) {
      const uploaded = uploads.get(key)
      if (uploaded === undefined) this.#checker.fail(`${key} is named, and its upload was never confirmed`)
      else if (notAfter > uploaded + UPLOAD_AGE_MAX_MS) {
        this.#checker.fail(`${key} may be named until ${notAfter - uploaded} ms after its upload`)
      }
    }
  }

  #note(item: Item): void {
    if (item.pk === TABLES_PK && item.sk === TABLE && item.version !== this.#tableVersion) {
      this.#noteTable(decodeTable(item))
    }
    if (item.pk.startsWith(MANIFEST_PREFIX)) this.#noteManifest(item)
  }

  #noteTable(table: TableInfo | undefined): void {
    const version = table?.version ?? ""
    if (this.moments.length > 0 && version === this.#tableVersion) return
    // A read that was answered late may tell of what stood before.
    if (table !== undefined && this.moments.some(moment => moment.table?.version === version)) return
    this.#tableVersion = version
    this.moments.push({ at: ++this.#clock, table })
  }

  #noteManifest(item: Item): void {
    if (this.manifests.has(item.version)) return
    const proposal = this.#proposals.get(item.version)
    if (proposal === undefined) {
      this.#checker.fail(`manifest ${item.sk} stands, and nobody wrote it`)
      return
    }
    const { parent } = proposal
    const manifest = decodeManifest(item.pk.slice(MANIFEST_PREFIX.length), item)
    this.manifests.set(item.version, manifest)
    if (parent !== undefined) {
      const other = this.#children.get(parent)
      if (other !== undefined) this.#checker.fail(`two manifests ${item.sk} were made from one`)
      this.#children.set(parent, item.version)
    }
    const at = `${manifest.tableId}#${manifest.partition}`
    const newest = this.#newest.get(at)
    if (newest === undefined || newest.position <= manifest.position) this.#newest.set(at, manifest)
    const before = parent === undefined ? undefined : this.#proposals.get(parent)?.manifest
    this.#checker.track(verifyManifest(this.#checker, manifest, before))
  }
}

function watchObjects(objects: ObjectStore, uploads: Map<string, number>): ObjectStore {
  return {
    get: (key, range) => objects.get(key, range),
    list: (prefix, options) => objects.list(prefix, options),
    deleteMany: keys => objects.deleteMany(keys),
    put: async (key, body, options) => {
      const put = await objects.put(key, body, options)
      if (put.outcome === "committed") uploads.set(key, put.date)
      return put
    },
  }
}
