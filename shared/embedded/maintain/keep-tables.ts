import type { Log } from "../../log/types.ts"
import { Builder } from "../../serving/builder/builder.ts"
import { runBuilder } from "../../serving/builder/run.ts"
import type { TableRegistry } from "../../serving/tables/table-registry.ts"
import type { TailCache } from "../../serving/tail/tail-cache.ts"
import type { KeyIndexes } from "../../serving/upsert/key-indexes.ts"
import type { Ports } from "../../storage/time.ts"
import { maintainLoop } from "./maintain-loop.ts"

export interface KeepTablesOptions {
  readonly ports: Ports
  readonly log: Log
  readonly tables: TableRegistry
  readonly tails: TailCache
  /** Shared with queries: they resolve tails against the same keys. */
  readonly indexes: KeyIndexes
  readonly signal: AbortSignal
  /** `what`: a table's partition, or what else was being done. */
  readonly onFault: (what: string, error: unknown) => void
}

/** Builds segments of tails, and merges, rewrites and collects them, until `signal` aborts. */
export async function keepTables({ tails, indexes, ...options }: KeepTablesOptions): Promise<void> {
  const { ports, tables, signal, onFault } = options
  const building = runBuilder(ports, tables, new Builder(ports, tables, tails, { indexes }), {
    signal,
    onFault: ({ table, partition, error }) => onFault(`table ${table}/${partition}`, error),
  })
  await Promise.all([building, maintainLoop(options)])
}
