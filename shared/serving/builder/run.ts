import { LogError } from "../../log/errors.ts"
import { StorageError } from "../../storage/errors.ts"
import type { Ports } from "../../storage/time.ts"
import { TableError } from "../tables/table-error.ts"
import type { TableInfo } from "../tables/table-item.ts"
import type { TableRegistry } from "../tables/table-registry.ts"
import { BUILD_HINT } from "../tail/table-source.ts"
import type { Builder } from "./builder.ts"

/** Between two rounds over all tables: a fast topic reaches a segment's worth of records in about this time … */
export const BUILD_PAUSE_MS = 100
/** … and while nothing comes in, rounds become as rare as this. */
export const BUILD_PAUSE_MAX_MS = 1_000
/** Steps of one partition in one round: none starves the others. */
const STEPS_MAX = 8

/** A fault that the next round may find mended: a store that does not answer, a damaged log. */
export interface BuildFault {
  /** Empty when the tables could not even be listed. */
  readonly table: string
  readonly partition: number
  readonly error: LogError | StorageError
}

export interface RunOptions {
  readonly signal: AbortSignal
  readonly onFault: (fault: BuildFault) => void
}

/**
 * Builds segments of all tables until `signal` aborts. A fault of one partition stops no other; it is told once, and
 * again only when another one or a success came between.
 */
export async function runBuilder(
  ports: Pick<Ports, "wake">,
  registry: TableRegistry,
  builder: Builder,
  options: RunOptions,
): Promise<void> {
  const { signal, onFault } = options
  let pauseMs = BUILD_PAUSE_MS
  let told = new Set<string>()
  while (!signal.aborted) {
    const met = new Set<string>()
    const tellOnce = (fault: BuildFault) => {
      const text = `${fault.table}/${fault.partition}: ${fault.error.message}`
      met.add(text)
      if (!told.has(text)) onFault(fault)
    }
    const flushed = await buildAll(registry, builder, { signal, onFault: tellOnce })
    told = met
    pauseMs = flushed ? BUILD_PAUSE_MS : Math.min(pauseMs * 2, BUILD_PAUSE_MAX_MS)
    if (await ports.wake.wait(BUILD_HINT, pauseMs, signal)) pauseMs = BUILD_PAUSE_MS
  }
}

/** One round over all tables and partitions; whether any position moved. */
export async function buildAll(
  registry: TableRegistry,
  builder: Builder,
  options: RunOptions,
): Promise<boolean> {
  let flushed = false
  const tables = await registry.listBuilt().catch((error: unknown) => {
    report(options, "", 0, error)
    return []
  })
  for (const table of tables) {
    const { spec, rebuild } = table
    const partitions = await followed(registry, table, options)
    for (let partition = 0; partition < partitions && !options.signal.aborted; partition++) {
      try {
        if (await buildPartition(builder, spec.name, partition)) flushed = true
      } catch (error) {
        report(options, spec.name, partition, error)
      }
    }
    if (rebuild === undefined) continue
    try {
      await registry.settleRebuild(spec.name)
    } catch (error) {
      report(options, spec.name, 0, error)
    }
  }
  return flushed
}

/** How many partitions a table has by now. */
async function followed(registry: TableRegistry, table: TableInfo, options: RunOptions): Promise<number> {
  try {
    return (await registry.follow(table)).partitions
  } catch (error) {
    if (!(error instanceof TableError)) report(options, table.spec.name, 0, error)
    // Altered or dropped meanwhile: the next round sees what it is.
    return table.partitions
  }
}

async function buildPartition(builder: Builder, table: string, partition: number): Promise<boolean> {
  let flushed = false
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const result = await builder.step(table, partition)
    if (result.kind === "flushed") flushed = true
    if (result.kind !== "lost" && !(result.kind === "flushed" && result.more)) break
  }
  return flushed
}

function report({ onFault }: RunOptions, table: string, partition: number, error: unknown): void {
  if (!(error instanceof LogError) && !(error instanceof StorageError)) throw error
  onFault({ table, partition, error })
}
