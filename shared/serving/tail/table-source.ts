import { LRUCache } from "lru-cache"
import type { ColumnSpec } from "../../definition/table-spec.ts"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import type { Manifest } from "../manifest/manifest.ts"
import { type ListCache, readManifests, segmentsOf } from "../manifest/manifest-store.ts"
import { encodeParquet } from "../segment/parquet.ts"
import { type SegmentPointer, segmentKey } from "../segment/segment-key.ts"
import { schemaVersionOf, shownColumns, type TableInfo } from "../tables/table-item.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import type { PinnedTable, TableFile, TableSource } from "../types.ts"
import { Rounds } from "./rounds.ts"
import type { TailCache, TailLimits } from "./tail-cache.ts"
import { emptyTail, type TailState, tailRows } from "./tail-state.ts"

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
  readonly #rounds = new Rounds<PinnedTable | undefined>()

  constructor(
    ports: SourcePorts,
    registry: TableRegistry,
    tails: TailCache,
    limits: TailLimits = QUERY_TAIL_LIMITS,
  ) {
    this.#ports = ports
    this.#registry = registry
    this.#tails = tails
    this.#limits = limits
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
    const { name } = table.spec
    const { manifests } = await readManifests(this.#ports, table.id)
    if (manifests.length < table.partitions) {
      throw new StorageError(
        "corrupt",
        `table ${name} has ${manifests.length} manifests; expected ${table.partitions}`,
      )
    }
    const [tails, segments] = await Promise.all([
      Promise.all(manifests.map(manifest => this.#tail(table, manifest))),
      Promise.all(manifests.map(manifest => segmentsOf(this.#ports, manifest, this.#lists))),
    ])
    const versions = schemaVersionOf(table)
    const isNewer = segments.some(pointers => pointers.some(({ schemaVersion }) => schemaVersion > versions))
    if (isNewer && mayBeOld) return undefined
    const tail = tails.flatMap((state, index) => this.#tailFiles(table, manifests[index]!.partition, state))
    const files = segments.flatMap((pointers, index) =>
      pointers.map(pointer => this.#segmentFile(table, manifests[index]!.partition, pointer)),
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
      freshAt: fresh.reduce((max, timestamp) => Math.max(max, timestamp), stored),
    }
  }

  async #tail(table: TableInfo, manifest: Manifest): Promise<TailState> {
    if (manifest.drained) return emptyTail(manifest.position)
    const { tail, ended } = await this.#tails.read(table, manifest, this.#limits, "query")
    if (ended === "limit") {
      this.#ports.wake.notify(BUILD_HINT)
      const where = `table ${table.spec.name}, partition ${manifest.partition}`
      throw new QueryError(
        "tail_too_long",
        `${where}: the tail is longer than a query may read; try again shortly`,
      )
    }
    return tail
  }

  #segmentFile(table: TableInfo, partition: number, pointer: SegmentPointer): TableFile {
    const key = segmentKey(table.id, partition, pointer)
    return {
      id: key,
      rows: pointer.rows,
      sizeBytes: pointer.sizeBytes,
      columns: columnsAt(table, pointer.schemaVersion),
      read: async () => {
        const read = await readAgain(this.#ports, () => this.#ports.objects.get(key))
        const body = read?.body
        if (body?.length === pointer.sizeBytes && crc32c(body) === pointer.crc32c) return body
        throw new StorageError("corrupt", `segment ${key} is ${read === undefined ? "missing" : "damaged"}`)
      },
    }
  }

  #tailFiles(table: TableInfo, partition: number, tail: TailState): readonly TableFile[] {
    if (tailRows(tail) === 0) return []
    const schemaVersion = schemaVersionOf(table)
    const columns = columnsAt(table, schemaVersion)
    const identity = { tableId: table.id, partition, schemaVersion }
    return tail.chunks
      .filter(({ batch }) => batch.rows > 0)
      .map(chunk => {
        const { base, next, rows } = chunk.batch
        const bytes = chunk.file(batch => encodeParquet(columns, batch, identity, { codec: "none" }))
        const id = `tail/${table.id}/${table.version}/${partition}/${base}-${next}`
        return { id, rows, sizeBytes: bytes.length, columns, read: async () => bytes }
      })
  }
}

/** The columns of files written under a schema version. */
function columnsAt(table: TableInfo, schemaVersion: number): readonly ColumnSpec[] {
  const columns = table.schemas[schemaVersion - 1]
  if (columns !== undefined) return columns
  throw new StorageError("corrupt", `table ${table.spec.name} has no schema version ${schemaVersion}`)
}
