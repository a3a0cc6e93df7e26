import { InstanceStore } from "../../shared/api/consumers/instance-store.ts"
import { LogError } from "../../shared/log/errors.ts"
import type { ExpiryRounds } from "../../shared/log/groups/expiry-rounds.ts"
import type { LogKeeper } from "../../shared/log/segments/log-keeper.ts"
import type { OverdueRounds } from "../../shared/log/transactions/overdue-rounds.ts"
import { mayNeed } from "../../shared/serving/maintain/may-need.ts"
import type { TableCollector } from "../../shared/serving/maintain/table-collector.ts"
import type { Manifest } from "../../shared/serving/manifest/manifest.ts"
import { readManifests } from "../../shared/serving/manifest/manifest-store.ts"
import { collectResults } from "../../shared/serving/query/result-store.ts"
import { collectQueries } from "../../shared/serving/query/shared-queries.ts"
import type { TableInfo } from "../../shared/serving/tables/table-item.ts"
import type { Home } from "./home.ts"
import type { Invocation } from "./lambda.ts"
import { MAINTENANCE } from "./maintain-partitions.ts"
import { asError } from "./report.ts"
import type { Settings } from "./settings.ts"
import { type JobMemory, tickJobs } from "./tick-jobs.ts"

/** What goes on from tick to tick. */
export interface TickParts {
  readonly memory: JobMemory
  readonly collector: TableCollector
  readonly keeper: LogKeeper
  readonly overdue: OverdueRounds
  readonly expiry: ExpiryRounds
}

type TickHome = Home<Settings<"MILLRACE_BUILD_FUNCTION">>

/** One table, or one job, is looked at in less, however many partitions or tasks it has. */
const TABLE_MS_MAX = 30_000
/** … but a short invocation uses half of its time. */
const TABLE_SHARE_MAX = 0.5
/** Lists of segments are looked into, and objects listed, every so many ticks: once an hour. */
const LISTS_EVERY = 12
/** Partitions whose ends are read at once. */
const PARTITIONS_AT_ONCE = 16

/**
 * What nobody else does: carries through deletions and creations that an ended process left half done, and wakes
 * `build` for every table with something beyond its position or to be merged, or whose topic has ended; deletes what tables
 * no longer need; and jobs' tasks likewise; and keeps the log in shape. One part
 * that fails keeps no other from being done; then it throws.
 */
export async function tick(
  home: TickHome,
  invocation: Invocation,
  { memory, collector, keeper, overdue, expiry }: TickParts,
): Promise<void> {
  const faults: Error[] = []
  const marginMs = Math.min(TABLE_MS_MAX, invocation.leftMs() * TABLE_SHARE_MAX)
  const hasTime = () => invocation.leftMs() > marginMs
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
    const tables = await home.tables.listBuilt()
    // Another one first each time: should time not suffice, none is left out for good.
    const first = tables.length === 0 ? 0 : home.ports.random.integer(tables.length)
    for (const table of [...tables.slice(first), ...tables.slice(0, first)]) {
      if (!hasTime()) break
      const { name } = table.spec
      await part(`new partitions for table ${name}`, () => home.tables.follow(table))
      await part(`table ${name}`, () => wakeFor(home, table))
    }
  })
  await part("what tables left", () => collector.round(hasTime))
  // A list is billed like a put; what goes an hour late costs less.
  if (home.ports.random.integer(LISTS_EVERY) === 0) {
    await part("kept answers", () => collectResults(home.ports))
  }
  await part("idle consumer instances", () => new InstanceStore(home.ports).collect())
  await part("ended queries", () => collectQueries(home.ports))
  await part("jobs", () => tickJobs(home, hasTime, memory, part))
  await part("open transactions", () => overdue.round(hasTime))
  await part("groups", () => expiry.round(hasTime))
  await part("the log", async () => {
    const { faults: met } = await keeper.round(hasTime)
    for (const { what, error } of met) await part(what, () => Promise.reject(error))
  })
  if (faults.length > 0)
    throw new Error(`${faults.length} faults: ${faults[0]!.message}`, { cause: faults[0] })
}

async function wakeFor(home: TickHome, table: TableInfo): Promise<void> {
  const { manifests, date } = await readManifests(home.ports, table.id)
  const lists = home.ports.random.integer(LISTS_EVERY) === 0
  const partitions: number[] = []
  const ended = table.attached && (await isClosed(home, table.topicId))
  for (let from = 0; from < manifests.length; from += PARTITIONS_AT_ONCE) {
    const some = manifests.slice(from, from + PARTITIONS_AT_ONCE)
    const behind = await Promise.all(
      some.map(
        async manifest =>
          (await isBehind(home, table, manifest, ended)) ||
          (await mayNeed(home, table, manifest, date, lists, MAINTENANCE)),
      ),
    )
    partitions.push(...some.filter((_, index) => behind[index]).map(({ partition }) => partition))
  }
  // One that is built anew is put in its place by whoever is woken for it.
  if (partitions.length === 0 && table.rebuild === undefined) return
  const event = {
    tables: [{ table: table.spec.name, partitions: partitions.length === 0 ? [0] : partitions }],
  }
  try {
    await home.cloud.invoker.invokeLater(home.settings.MILLRACE_BUILD_FUNCTION, event)
  } catch (error) {
    home.meter.count("WakesLost", 1)
    throw error
  }
}

async function isClosed({ log }: TickHome, topicId: string): Promise<boolean> {
  try {
    await log.topicById(topicId)
    return false
  } catch (error) {
    if (error instanceof LogError && error.code === "topic_deleted") return true
    throw error
  }
}

/** @param ended the topic is closed: also who has read all of it is to be told so, once */
async function isBehind(
  { log }: TickHome,
  table: TableInfo,
  manifest: Manifest,
  ended: boolean,
): Promise<boolean> {
  const { closed, drained, partition, position } = manifest
  if (closed || drained) return false
  if (ended) return true
  const stop = table.stops?.[partition] ?? Number.POSITIVE_INFINITY
  if (position >= stop) return false
  const lastStableOffset = await log.lastStableOffset(table.topicId, partition)
  return lastStableOffset > position
}
