import type { Manifest } from "../../shared/serving/manifest/manifest.ts"
import { readManifests } from "../../shared/serving/manifest/manifest-store.ts"
import type { TableInfo } from "../../shared/serving/tables/table-item.ts"
import type { Home } from "./home.ts"
import type { Invocation } from "./lambda.ts"
import { asError } from "./report.ts"
import type { Settings } from "./settings.ts"
import { type Standing, tickJobs } from "./tick-jobs.ts"

type TickHome = Home<Settings<"MILLRACE_BUILD_FUNCTION">>

/** One table is looked at in less, however many partitions it has. */
const TABLE_MS_MAX = 30_000
/** Partitions whose ends are read at once. */
const PARTITIONS_AT_ONCE = 16

/**
 * What nobody else does: carries through deletions and creations that an ended process left half done, and wakes
 * `build` for every table with something beyond its position, and jobs' tasks likewise. One part that fails keeps no other from being done; then
 * it throws.
 */
export async function tick(home: TickHome, invocation: Invocation, standing: Standing): Promise<void> {
  const faults: Error[] = []
  const part = async (what: string, work: () => Promise<unknown>) => {
    try {
      await work()
    } catch (error) {
      faults.push(asError(error))
      home.report.error(what, asError(error))
    }
  }
  await part("topics", () => home.log.recover())
  await part("tables", () => home.tables.recover())
  await part("wakes", async () => {
    const tables = await home.tables.list()
    // Another one first each time: should time not suffice, none is left out for good.
    const first = tables.length === 0 ? 0 : home.ports.random.integer(tables.length)
    for (const table of [...tables.slice(first), ...tables.slice(0, first)]) {
      if (invocation.leftMs() < TABLE_MS_MAX) break
      await part(`table ${table.spec.name}`, () => wakeFor(home, table))
    }
  })
  await part("jobs", () => tickJobs(home, invocation, standing, part))
  if (faults.length > 0)
    throw new Error(`${faults.length} faults: ${faults[0]!.message}`, { cause: faults[0] })
}

async function wakeFor(home: TickHome, table: TableInfo): Promise<void> {
  const { manifests } = await readManifests(home.ports, table.id)
  const partitions: number[] = []
  for (let from = 0; from < manifests.length; from += PARTITIONS_AT_ONCE) {
    const some = manifests.slice(from, from + PARTITIONS_AT_ONCE)
    const behind = await Promise.all(some.map(manifest => isBehind(home, table, manifest)))
    partitions.push(...some.filter((_, index) => behind[index]).map(({ partition }) => partition))
  }
  if (partitions.length === 0) return
  const event = { tables: [{ table: table.spec.name, partitions }] }
  try {
    await home.cloud.invoker.invokeLater(home.settings.MILLRACE_BUILD_FUNCTION, event)
  } catch (error) {
    home.meter.count("WakesLost", 1)
    throw error
  }
}

async function isBehind({ log }: TickHome, table: TableInfo, manifest: Manifest): Promise<boolean> {
  const { closed, drained, partition, position } = manifest
  if (closed || drained) return false
  const stop = table.stops?.[partition] ?? Number.POSITIVE_INFINITY
  if (position >= stop) return false
  const { lastStableOffset } = await log.offsets(table.topicId, partition)
  return lastStableOffset > position
}
