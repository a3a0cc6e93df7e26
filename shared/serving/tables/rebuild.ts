import { canonicalJson } from "../../definition/canonical.ts"
import type { TableSpec } from "../../definition/table-spec.ts"
import type { TransactionStep } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { settleTransaction } from "../../storage/settle.ts"
import type { Manifest, Purge } from "../manifest/manifest.ts"
import { commitManifest, readManifests } from "../manifest/manifest-store.ts"
import { type KeptPurge, keepPurge, keptPurges } from "../purge/kept-purges.ts"
import { parseWhere } from "../purge/where.ts"
import { dropTable } from "./drop.ts"
import { TableError } from "./table-error.ts"
import { encodeTable, shadowName, TABLES_PK, type TableInfo } from "./table-item.ts"
import type { RegistryPorts } from "./table-registry.ts"

/**
 * What a look at a table that is being built anew came to. `obsolete`: the table that it was to replace is another one
 * by now, or none: it is to be dropped.
 */
export type RebuildStep = "swapped" | "waiting" | "obsolete" | "lost"

/** Whether a shadow is what a table is to become: made for the table as it stands, by the same definition. */
export function isShadowOf(shadow: TableInfo, table: TableInfo, next: TableSpec): boolean {
  const spec = { ...shadow.spec, name: table.spec.name }
  return shadow.rebuild?.version === table.version && canonicalJson(spec) === canonicalJson(next)
}

/** The erasures that hold for a table that is built anew: those of the table that it replaces, to be done again. */
export async function purgesToKeep(
  ports: RegistryPorts,
  table: TableInfo,
): Promise<ReadonlyMap<number, readonly Purge[]>> {
  const purges = await erasuresOf(ports, table)
  const partitions = Math.max(0, ...purges.map(({ ends }) => ends.length))
  return new Map(Array.from({ length: partitions }, (_, partition) => [partition, openIn(purges, partition)]))
}

/** Erasures of the standing table, also those that are through with it. */
async function erasuresOf(
  ports: RegistryPorts,
  { rebuild, topicId }: TableInfo,
): Promise<readonly KeptPurge[]> {
  if (rebuild === undefined || rebuild.topicId !== topicId) return []
  const { manifests } = await readManifests(ports, rebuild.of)
  const kept = new Map((await keptPurges(ports, rebuild.of)).map(purge => [purge.id, purge]))
  for (const { partition, purges } of manifests) {
    for (const { id, where, end } of purges) {
      const { ends } = kept.get(id) ?? { ends: manifests.map(() => 0) }
      kept.set(id, { id, where, ends: ends.with(partition, Math.max(end, ends[partition] ?? 0)) })
    }
  }
  return [...kept.values()]
}

function openIn(purges: readonly KeptPurge[], partition: number): readonly Purge[] {
  return purges
    .map(({ id, where, ends }) => ({ id, where, end: ends[partition] ?? 0, done: 0 }))
    .filter(({ end }) => end > 0)
}

/**
 * Refuses a definition under which an erasure could no longer be told apart from what stays.
 * Throws `alteration_refused`.
 */
export function checkPurges(next: TableSpec, purges: ReadonlyMap<number, readonly Purge[]>): void {
  const all = [...purges.values()].flat()
  if (next.upsert?.mode === "partial" && all.length > 0) {
    throw new TableError(
      "alteration_refused",
      `tables.${next.name}.upsert.mode: rows were erased, which merged rows would bring back; expected "full"`,
    )
  }
  for (const { where } of all) {
    const parsed = parseWhere(where, next.columns)
    if (!("fault" in parsed)) continue
    throw new TableError(
      "alteration_refused",
      `tables.${next.name}.columns: the erasure of ${where} would lose its meaning: ${parsed.fault.message}`,
    )
  }
}

/**
 * Puts a table that was built anew in the place of the one that stands, once it has come to where the log ended when it
 * was begun. One transaction on condition of both versions: whatever was done to the standing table since makes the new
 * one obsolete. May be repeated from any point.
 * @param standing the table under the name as of a read at store date `date`, epoch ms
 */
export async function swapRebuilt(
  ports: RegistryPorts,
  shadow: TableInfo,
  standing: TableInfo | undefined,
  date: number,
): Promise<RebuildStep> {
  const { rebuild } = shadow
  if (rebuild === undefined || standing?.state !== "open" || standing.version !== rebuild.version)
    return "obsolete"
  const { manifests } = await readManifests(ports, shadow.id)
  if (manifests.length < shadow.partitions || !manifests.every(manifest => hasCome(manifest, rebuild.ends)))
    return "waiting"
  if (await addPurges(ports, shadow, manifests, date)) return "waiting"
  const { rebuild: _rebuild, ...built } = shadow
  const next: TableInfo = {
    ...built,
    attached: standing.attached,
    spec: { ...shadow.spec, name: standing.spec.name },
    version: ports.random.id(),
  }
  // What stood until now is a table that is being dropped: who dies here leaves it to the next start or tick.
  const replaced: TableInfo = {
    ...standing,
    state: "dropping",
    spec: { ...standing.spec, name: shadowName(shadowName(standing.id)) },
    version: ports.random.id(),
  }
  const item = encodeTable(next)
  const steps: TransactionStep[] = [
    { kind: "put", table: "meta", item, condition: { version: standing.version } },
    {
      kind: "delete",
      table: "meta",
      key: { pk: TABLES_PK, sk: shadow.spec.name },
      condition: { version: shadow.version },
    },
    { kind: "put", table: "meta", item: encodeTable(replaced), condition: { absent: true } },
  ]
  const options = { notAfter: notAfter(date), token: ports.random.id() }
  const settled = await settleTransaction(ports, steps, { table: "meta", item }, options)
  if (settled.outcome !== "committed") return "lost"
  await dropTable(ports, replaced, date)
  return "swapped"
}

function hasCome({ partition, position, drained }: Manifest, ends: readonly number[]): boolean {
  return drained || position >= (ends[partition] ?? 0)
}

/** Brings erasures over that the new table does not know yet; whether there were any. */
async function addPurges(
  ports: RegistryPorts,
  shadow: TableInfo,
  manifests: readonly Manifest[],
  date: number,
): Promise<boolean> {
  const kept = new Set((await keptPurges(ports, shadow.id)).map(({ id }) => id))
  const fresh = (await erasuresOf(ports, shadow)).filter(({ id }) => !kept.has(id))
  if (fresh.length === 0) return false
  for (const manifest of manifests) {
    const known = new Set(manifest.purges.map(({ id }) => id))
    const missing = openIn(fresh, manifest.partition).filter(({ id }) => !known.has(id))
    if (missing.length === 0) continue
    const purges = [...manifest.purges, ...missing]
    const next = { ...manifest, purges, version: ports.random.id() }
    if ((await commitManifest(ports, manifest, next, notAfter(date))) !== "committed") return true
  }
  // Known from here on, also when it is through with them.
  for (const purge of fresh) await keepPurge(ports, shadow.id, purge, notAfter(date))
  return true
}
