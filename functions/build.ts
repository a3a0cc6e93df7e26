import { Builder, type StepResult } from "../shared/serving/builder/builder.ts"
import { COLD_KEYS } from "../shared/serving/builder/cold-keys.ts"
import { Maintainer } from "../shared/serving/maintain/maintainer.ts"
import { isShadow } from "../shared/serving/tables/table-item.ts"
import { TailCache } from "../shared/serving/tail/tail-cache.ts"
import { KeyIndexes } from "../shared/serving/upsert/key-indexes.ts"
import type { Base } from "./runtime/base.ts"
import { type BuildEvent, buildEvent } from "./runtime/build-event.ts"
import { endings, type Home, openHome } from "./runtime/home.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import { MAINTENANCE, maintainPartitions } from "./runtime/maintain-partitions.ts"
import { asError } from "./runtime/report.ts"

/** Partitions at once: while one is encoded, others are read and uploaded. */
const PARTITIONS_AT_ONCE = 4
/** Below this nothing new is begun: the largest segment is encoded, uploaded and committed in less. */
const STEP_MS_MAX = 30_000
/** … but a short invocation uses half of its time. */
const STEP_SHARE_MAX = 0.5

/** Keys in memory: some 250 MB. Those of larger indexes are looked up in the store. */
const KEY_ENTRIES_MAX = 4_000_000

/** Steps of a partition lost in a row: somebody else is at it, who will do as well. */
const LOST_MAX = 8

export interface BuildResult {
  readonly rows: number
  readonly segments: number
  /** Partitions that are not through: the next wake or tick begins where this ended. */
  readonly left: number
}

interface Work {
  readonly table: string
  readonly partition: number
}

type Step = (work: Work) => Promise<StepResult>

/**
 * Makes segments of the tables named, and keeps those in shape that they have. What fails does not keep the rest from being
 * done; then it throws.
 */
export function createBuild(base: Base): Served<BuildEvent, BuildResult> {
  const home = openHome(base)
  const builder = new Builder(home.ports, home.tables, new TailCache(home.log), {
    indexes: new KeyIndexes(home.ports, { residentEntriesMax: KEY_ENTRIES_MAX }),
    cold: COLD_KEYS,
  })
  const maintainer = new Maintainer(home.ports, home.tables, home.log, MAINTENANCE)
  return {
    ...endings(home),
    async handle(event, invocation) {
      const known = buildEvent(event)
      if (known === undefined)
        throw new Error(
          "event: expected { tables: [{ table, partitions? }], force? } or { all: true, force? }",
        )
      const works = await worksOf(home, known)
      const marginMs = Math.min(STEP_MS_MAX, invocation.leftMs() * STEP_SHARE_MAX)
      const step = ({ table, partition }: Work) => builder.step(table, partition, known.force)
      const { faults, ...result } = await buildAll(home, step, works, () => invocation.leftMs() > marginMs)
      const shadows = new Set(works.map(({ table }) => table).filter(isShadow))
      for (const name of shadows) await home.tables.settleRebuild(name)
      home.meter.count("RowsBuilt", result.rows)
      const more = await maintainPartitions(home, maintainer, works, () => invocation.leftMs())
      const all = [...faults, ...more]
      if (all.length > 0) throw faultOf(all, works.length)
      return result
    },
  }
}

async function worksOf({ tables }: Home, event: BuildEvent): Promise<readonly Work[]> {
  if (!("all" in event) && event.tables.every(({ partitions }) => partitions !== undefined)) {
    return event.tables.flatMap(({ table, partitions = [] }) =>
      partitions.map(partition => ({ table, partition })),
    )
  }
  const partitionsOf = new Map(
    (await tables.listBuilt()).map(({ spec, partitions }) => [spec.name, partitions]),
  )
  const asked = "all" in event ? [...partitionsOf.keys()].map(table => ({ table })) : event.tables
  return asked.flatMap(({ table, partitions }: { table: string; partitions?: readonly number[] }) =>
    (partitions ?? Array.from({ length: partitionsOf.get(table) ?? 0 }, (_, partition) => partition)).map(
      partition => ({ table, partition }),
    ),
  )
}

interface Fault extends Work {
  readonly error: Error
}

async function buildAll(
  { report }: Pick<Home, "report">,
  step: Step,
  works: readonly Work[],
  hasTime: () => boolean,
): Promise<BuildResult & { faults: readonly Fault[] }> {
  const result = { rows: 0, segments: 0, left: 0, faults: [] as Fault[] }
  const waiting = [...works]
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      try {
        await buildOne(step, next, hasTime, result)
      } catch (error) {
        result.faults.push({ ...next, error: asError(error) })
        report.error(`table ${next.table}/${next.partition}`, asError(error))
      }
    }
  }
  await Promise.all(Array.from({ length: PARTITIONS_AT_ONCE }, work))
  return result
}

/** Steps until there is nothing more to do, or no time to do it in. */
async function buildOne(
  step: Step,
  work: Work,
  hasTime: () => boolean,
  sum: { rows: number; segments: number; left: number },
): Promise<void> {
  let lost = 0
  for (let goOn = true; goOn; ) {
    if (lost === LOST_MAX || !hasTime()) {
      sum.left++
      return
    }
    const came = await step(work)
    lost = came.kind === "lost" ? lost + 1 : 0
    if (came.kind === "flushed") {
      sum.rows += came.rows
      if (came.rows > 0) sum.segments++
    }
    goOn = came.kind === "lost" || (came.kind === "flushed" && came.more)
  }
}

function faultOf(faults: readonly Fault[], of: number): Error {
  const [first] = faults
  const where = `table ${first!.table}/${first!.partition}: ${first!.error.message}`
  return new Error(`${faults.length} of ${of} partitions failed: ${where}`, { cause: first!.error })
}

export const handler = lambda("build", [], createBuild)
