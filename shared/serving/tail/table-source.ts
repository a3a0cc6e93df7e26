import { LRUCache } from "lru-cache"
import { StorageError } from "../../storage/errors.ts"
import type { Ports } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import { deadCache, deadOffsets } from "../manifest/dead-offsets.ts"
import type { Manifest } from "../manifest/manifest.ts"
import { type ListCache, readManifests, segmentsOf } from "../manifest/manifest-store.ts"
import { openPurges } from "../manifest/open-purges.ts"
import { NO_OFFSETS } from "../segment/offset-set.ts"
import { schemaVersionOf, shownColumns, type TableInfo } from "../tables/table-item.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import type { PinnedPurge, PinnedTable, TableSource } from "../types.ts"
import { KeyIndexes } from "../upsert/key-indexes.ts"
import { KeyedTails, type ResolvedTail } from "../upsert/keyed-tails.ts"
import { DeadSlices } from "./dead-slices.ts"
import type { Hidden } from "./hide-rows.ts"
import { segmentFile, tailFiles } from "./pinned-files.ts"
import { Rounds } from "./rounds.ts"
import type { TailCache, TailLimits } from "./tail-cache.ts"
import { emptyTail, type TailState } from "./tail-state.ts"

/** What one query reads of one partition's tail; beyond it fails, since a short answer would be a wrong one. */
export const QUERY_TAIL_LIMITS: TailLimits = { records: 500_000, bytes: 64 * 1024 * 1024 }
/** Segment lists kept: 64 of at most a thousand pointers. */
const LISTS_KEPT = 64
/** Who builds segments listens for this hint: a tail has grown long. */
export const BUILD_HINT = "serving/build"

type SourcePorts = Pick<Ports, "meta" | "objects" | "clock" | "wake">

/** Pins tables for queries: manifests first, then the log's end. */
export class StoredTableSource implements TableSource {
  readonly #ports: SourcePorts
  readonly #registry: TableRegistry
  readonly #tails: TailCache
  readonly #limits: TailLimits
  readonly #lists: ListCache = new LRUCache({ max: LISTS_KEPT })
  readonly #dead = deadCache()
  readonly #slices = new DeadSlices()
  readonly #keyed: KeyedTails
  readonly #rounds: Rounds<PinnedTable | undefined>

  /** @param gather lets in those who ask just now, who share a pin; default: nobody is waited for */
  constructor(
    ports: SourcePorts,
    registry: TableRegistry,
    tails: TailCache,
    limits: TailLimits = QUERY_TAIL_LIMITS,
    indexes: KeyIndexes = new KeyIndexes(ports),
    gather?: () => Promise<void>,
  ) {
    this.#rounds = new Rounds(gather)
    this.#ports = ports
    this.#registry = registry
    this.#tails = tails
    this.#limits = limits
    this.#keyed = new KeyedTails(indexes)
  }

  async names(): Promise<readonly string[]> {
    return (await this.#registry.list()).map(table => table.spec.name)
  }

  /**
   * The table as of a moment after this call: what the log acknowledged before is in it. Throws `QueryError`
   * (`tail_too_long`), `LogError`, `StorageError`.
   */
  pin(name: string): Promise<PinnedTable | undefined> {
    return this.#rounds.join(name, () => this.#pin(name))
  }

  async #pin(name: string): Promise<PinnedTable | undefined> {
    for (let tried = ""; ; ) {
      const table = (await this.#registry.find(name))?.table
      if (table === undefined) return undefined
      const pinned = await this.#pinAs(table, table.version !== tried)
      if (pinned !== undefined) return pinned
      tried = table.version
    }
  }

  /**
   * Pins the table as its item says. Undefined: it was altered since, and a segment has the newer schema already; an
   * item that was read after that and does not know the schema either (`mayBeOld` is false then) is damage.
   */
  async #pinAs(table: TableInfo, mayBeOld: boolean): Promise<PinnedTable | undefined> {
    const { name, time, sort, rollups, pinotNulls } = table.spec
    const { manifests } = await readManifests(this.#ports, table.id)
    if (manifests.length < table.partitions) {
      throw new StorageError(
        "corrupt",
        `table ${name} has ${manifests.length} manifests; expected ${table.partitions}`,
      )
    }
    const [resolved, segments, vectors] = await Promise.all([
      Promise.all(manifests.map(manifest => this.#tail(table, manifest))),
      Promise.all(manifests.map(manifest => segmentsOf(this.#ports, manifest, this.#lists))),
      Promise.all(manifests.map(manifest => deadOffsets(this.#ports, manifest, this.#dead))),
    ])
    const tails = resolved.map(({ tail }) => tail)
    const dead = vectors.map((stored, index) => this.#slices.all(stored, resolved[index]!.dead))
    const versions = schemaVersionOf(table)
    const isNewer = segments.some(pointers => pointers.some(({ schemaVersion }) => schemaVersion > versions))
    if (isNewer && mayBeOld) return undefined
    const purges = manifests.map(manifest => openPurges(table, manifest))
    if (purges.includes(undefined) && mayBeOld) return undefined
    const hiding = hiddenOf(table, manifests, purges)
    const tail = tails.flatMap((state, index) =>
      tailFiles(table, manifests[index]!, state, hiding.of[index]!),
    )
    const files = segments.flatMap((pointers, index) =>
      pointers.map(pointer =>
        segmentFile(this.#ports, table, manifests[index]!.partition, pointer, dead[index]!, this.#slices),
      ),
    )
    const rows = [...files, ...tail].reduce((sum, file) => sum + file.rows, 0)
    const stored = manifests.reduce((max, { freshAt }) => Math.max(max, freshAt), 0)
    const fresh = tails.flatMap(({ chunks }) => chunks.map(({ batch }) => batch.maxTimestamp))
    return {
      name,
      columns: shownColumns(table),
      schemaVersion: schemaVersionOf(table),
      segments: files,
      tail,
      rows,
      snapshot: snapshotOf(table, manifests, tails),
      ...(time === undefined ? {} : { time }),
      ...(pinotNulls === true ? { pinotNulls } : {}),
      ...(sort === undefined ? {} : { sort }),
      ...(rollups === undefined ? {} : { rollups }),
      ...(hiding.cutBefore === undefined ? {} : { cutBefore: hiding.cutBefore }),
      ...(hiding.purges.length === 0 ? {} : { purges: hiding.purges }),
      freshAt: fresh.reduce((max, timestamp) => Math.max(max, timestamp), stored),
    }
  }

  async #tail(table: TableInfo, manifest: Manifest): Promise<ResolvedTail> {
    if (manifest.drained) return { tail: emptyTail(manifest.position), dead: NO_OFFSETS }
    const { tail, ended } = await this.#tails.read(table, manifest, this.#limits, "query")
    if (ended === "limit") {
      this.#ports.wake.notify(BUILD_HINT)
      const where = `table ${table.spec.name}, partition ${manifest.partition}`
      throw new QueryError(
        "tail_too_long",
        `${where}: the tail is longer than a query may read; try again shortly`,
      )
    }
    return this.#keyed.resolve(table, manifest, tail)
  }
}

interface Hiding {
  readonly cutBefore: number | undefined
  readonly purges: readonly PinnedPurge[]
  /** By partition. */
  readonly of: readonly Hidden[]
}

/** What is hidden of a table: the cut is the furthest that any partition came to, for all alike. */
function hiddenOf(
  { spec }: TableInfo,
  manifests: readonly Manifest[],
  purges: readonly (readonly PinnedPurge[] | undefined)[],
): Hiding {
  const cuts = manifests.flatMap(({ cutBefore }) => (cutBefore === undefined ? [] : [cutBefore]))
  const cutBefore = cuts.length === 0 ? undefined : Math.max(...cuts)
  const cut =
    cutBefore === undefined || spec.time === undefined
      ? {}
      : { cut: { column: spec.time, before: cutBefore } }
  const known = purges.map(of => {
    if (of !== undefined) return of
    throw new StorageError("corrupt", `table ${spec.name} has a purge of columns that it does not have`)
  })
  return { cutBefore, purges: known.flat(), of: known.map(of => ({ purges: of, ...cut })) }
}

function snapshotOf(table: TableInfo, manifests: readonly Manifest[], tails: readonly TailState[]): string {
  return [table.version, ...manifests.map(({ version }, at) => `${version}-${tails[at]!.next}`)].join("/")
}
