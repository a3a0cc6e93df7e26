import { LogError } from "../../log/errors.ts"
import type { Log } from "../../log/types.ts"
import { notAfter } from "../../storage/not-after.ts"
import type { Ports } from "../../storage/time.ts"
import { commitManifest, readManifest, readManifests } from "../manifest/manifest-store.ts"
import { TableError } from "../tables/table-error.ts"
import { shadowName, type TableInfo } from "../tables/table-item.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import { type KeptPurge, keepPurge } from "./kept-purges.ts"
import { parseWhere } from "./where.ts"

/** Characters: it stands in every manifest until it is done. */
export const PURGE_WHERE_CHARS_MAX = 1_000
/** Erasures of a table that are under way at once: each is tested against every row that is read. */
export const PURGES_OPEN_MAX = 16
/** Builders write every few seconds at the most, and a write takes a fraction of one. */
const TRIES = 16

export interface PurgeReceipt {
  readonly id: string
  /** The table that stood when it was done. */
  readonly tableId: string
  /** By partition: rows below are gone from every answer from now on. */
  readonly ends: readonly number[]
}

type PurgePorts = Pick<Ports, "meta" | "objects" | "clock" | "random">

/**
 * Erases rows: those that are in the table now and for which the condition is true. Once this returns they are in no
 * answer any more, and no builder or merge writes them again; maintenance rewrites the segments that hold them. The log is
 * not touched: it has its own retention.
 *
 * Throws `TableError`: `unknown_table`, `invalid_purge`, `too_many_purges`, `outcome_unknown`: then some partitions may be rid of
 * them and others not; repeating it is harmless. Throws `LogError`, `StorageError`.
 */
export async function purgeTable(
  ports: PurgePorts,
  registry: TableRegistry,
  log: Pick<Log, "offsets">,
  name: string,
  where: string,
): Promise<PurgeReceipt> {
  const id = ports.random.id()
  const done = new Set<string>()
  let receipt: PurgeReceipt | undefined
  for (;;) {
    // What is built anew is looked at first: if it takes the table's place after that, the table is read as the new one.
    const shadow = await registry.findBuilt(shadowName(name))
    const standing = await registry.findBuilt(name)
    if (standing === undefined) throw new TableError("unknown_table", `table ${name} does not exist`)
    const waiting = [standing, shadow].filter(read => read !== undefined && !done.has(read.table.id))
    if (receipt !== undefined && waiting.length === 0) return receipt
    for (const read of waiting) {
      const { table, date } = read!
      checkWhere(table, where)
      const ends = await endsOf(ports, log, table)
      await erase(ports, table, { id, where, ends }, date)
      done.add(table.id)
      if (table.id === standing.table.id) receipt = { id, tableId: table.id, ends }
    }
  }
}

function checkWhere({ spec }: TableInfo, where: string): void {
  if (where.length > PURGE_WHERE_CHARS_MAX) {
    throw new TableError(
      "invalid_purge",
      `where: expected at most ${PURGE_WHERE_CHARS_MAX} characters, got ${where.length}`,
    )
  }
  const parsed = parseWhere(where, spec.columns)
  if (!("fault" in parsed)) return
  const { message, position } = parsed.fault
  throw new TableError("invalid_purge", `where: ${message}, at character ${position}`)
}

/** Where the log ends: what is appended from now on is none of the erasure's. */
function endsOf(
  ports: PurgePorts,
  log: Pick<Log, "offsets">,
  { id, topicId, partitions }: TableInfo,
): Promise<readonly number[]> {
  return Promise.all(
    Array.from({ length: partitions }, async (_, partition) => {
      try {
        return (await log.offsets(topicId, partition)).endOffset
      } catch (error) {
        if (!(error instanceof LogError) || error.code !== "topic_deleted") throw error
        return (await readManifest(ports, id, partition)).manifest?.position ?? 0
      }
    }),
  )
}

async function erase(ports: PurgePorts, table: TableInfo, purge: KeptPurge, date: number): Promise<void> {
  // What is refused must not be kept: a table that is built anew would do it.
  const { manifests } = await readManifests(ports, table.id)
  if (manifests.some(({ closed, purges }) => !closed && purges.length >= PURGES_OPEN_MAX))
    throw tooMany(table)
  // First of all: what is in a manifest must be there again when the table is built anew.
  if ((await keepPurge(ports, table.id, purge, notAfter(date))) === "unknown") throw unknown(table)
  await Promise.all(purge.ends.map((_, partition) => addPurge(ports, table, partition, purge)))
}

async function addPurge(
  ports: PurgePorts,
  table: TableInfo,
  partition: number,
  { id, where, ends }: KeptPurge,
): Promise<void> {
  const end = ends[partition] ?? 0
  if (end === 0) return
  for (let tries = 0; tries < TRIES; tries++) {
    const { manifest, date } = await readManifest(ports, table.id, partition)
    // Dropped, or another stands in its place by now: whoever asked looks again.
    if (manifest === undefined || manifest.closed) return
    if (manifest.purges.some(purge => purge.id === id)) return
    if (manifest.purges.length >= PURGES_OPEN_MAX) throw tooMany(table)
    const purges = [...manifest.purges, { id, where, end, done: 0 }]
    const next = { ...manifest, purges, version: ports.random.id() }
    if ((await commitManifest(ports, manifest, next, notAfter(date))) === "committed") return
  }
  throw unknown(table)
}

const tooMany = ({ spec }: TableInfo) =>
  new TableError(
    "too_many_purges",
    `table ${spec.name}: ${PURGES_OPEN_MAX} erasures are under way; try again when one is done`,
  )

const unknown = ({ spec }: TableInfo) =>
  new TableError("outcome_unknown", `the erasure from ${spec.name} may be done in part; ask for it again`)
