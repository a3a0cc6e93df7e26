import { LogError } from "../../shared/log/errors.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { LogOptions } from "../../shared/log/options.ts"
import type { Log } from "../../shared/log/types.ts"
import { Builder, type BuilderOptions } from "../../shared/serving/builder/builder.ts"
import { QueryError } from "../../shared/serving/errors.ts"
import { Maintainer, type MaintainOptions } from "../../shared/serving/maintain/maintainer.ts"
import { NAME_MERGED_MS } from "../../shared/serving/maintain/rewrite.ts"
import { TableCollector } from "../../shared/serving/maintain/table-collector.ts"
import { TableError } from "../../shared/serving/tables/table-error.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { StoredTableSource } from "../../shared/serving/tail/table-source.ts"
import { TailCache, type TailLimits } from "../../shared/serving/tail/tail-cache.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import type { Ports } from "../../shared/storage/time.ts"
import type { SimProcess } from "./sim-process.ts"
import type { TableHistory } from "./table-history.ts"

/** The serving of one process: the production modules over its watched ports, caches of its own. */
export interface TableNode {
  readonly process: SimProcess
  readonly ports: Ports
  readonly log: Log
  readonly registry: TableRegistry
  readonly source: StoredTableSource
  readonly builder: Builder
  readonly maintainer: Maintainer
  readonly collector: TableCollector
}

export interface NodeOptions {
  readonly log: Partial<LogOptions>
  readonly builder: BuilderOptions
  readonly maintain?: MaintainOptions
  readonly fetchCost: number
  /** What a query may read of a tail; default as in production. */
  readonly tailLimits?: TailLimits
}

/** @param own the process's ports, where they differ from what the world gave it */
export function openNode(
  process: SimProcess,
  history: TableHistory,
  options: NodeOptions,
  own: Ports = process.ports,
): TableNode {
  const ports = history.watch(own)
  const log = openLog(ports, options.log)
  const registry = new TableRegistry(ports, log)
  const tails = new TailCache(log, { fetchCost: options.fetchCost })
  // What merges make may be named for longer.
  const maintained = history.watch(own, NAME_MERGED_MS)
  const source = new StoredTableSource(ports, registry, tails, options.tailLimits)
  return {
    process,
    ports,
    log,
    registry,
    source,
    builder: new Builder(ports, registry, tails, options.builder),
    maintainer: new Maintainer(maintained, registry, log, options.maintain),
    collector: new TableCollector(ports, registry, log),
  }
}

/** Faults of stored data: no interleaving and no failing call may ever lead to one. */
const NEVER = new Set(["log_damaged", "corrupt", "unknown_format", "too_large", "invalid", "corrupt_batch"])
/** Nor may readers of a table that stands be told so: its topic's records stand too. */
const NEVER_OF_READERS = new Set([...NEVER, "topic_deleted", "unknown_topic", "unknown_partition"])

/** Passes over an error that faults explain; rethrows any other. */
export function expected(error: unknown, by: "reader" | "writer"): void {
  // A tail that is too long is an honest answer, and a short one would not be.
  if (error instanceof QueryError && error.code === "tail_too_long") return
  const known = error instanceof LogError || error instanceof StorageError || error instanceof TableError
  if (!known || (by === "reader" ? NEVER_OF_READERS : NEVER).has(error.code)) throw error
}
