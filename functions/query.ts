import { sqlService } from "../shared/api/sql-service.ts"
import { COLD_KEYS } from "../shared/serving/builder/cold-keys.ts"
import { DuckdbEngine } from "../shared/serving/duckdb/engine.ts"
import { QueryService } from "../shared/serving/query/query-service.ts"
import { ResultStore } from "../shared/serving/query/result-store.ts"
import { SharedQueries } from "../shared/serving/query/shared-queries.ts"
import { openQueryEngine } from "../shared/serving/scan/open-engine.ts"
import type { SqlEngine } from "../shared/serving/sql/engine.ts"
import { QUERY_TAIL_LIMITS, StoredTableSource } from "../shared/serving/tail/table-source.ts"
import { TailCache } from "../shared/serving/tail/tail-cache.ts"
import { KeyIndexes } from "../shared/serving/upsert/key-indexes.ts"
import type { Base } from "./runtime/base.ts"
import { openHome } from "./runtime/home.ts"
import type { HttpEvent } from "./runtime/http-event.ts"
import type { HttpResult } from "./runtime/http-result.ts"
import { httpServed } from "./runtime/http-served.ts"
import { lambda, type Served } from "./runtime/lambda.ts"
import { scratch } from "./runtime/scratch.ts"

/** An environment answers one request at a time: a second child would only take memory. */
const CHILDREN = 1
/** Of the function's disk, for copies of segments … */
const SEGMENTS_SHARE = 0.75
/** … and for tails; the rest is for what is being written. */
const TAILS_SHARE = 0.1

/** Keys in memory, of small indexes: some 120 MB. */
const KEY_ENTRIES_MAX = 2_000_000

/** Of the function's memory, beside a child's: indexes, and decoded columns. */
const MEMORY = { indexBytesMax: 32 * 1024 ** 2, columnBytesMax: 192 * 1024 ** 2 }

/** SQL over HTTP. The engine is closed with it. */
export function createQuery(
  base: Base,
  engine: SqlEngine & { close(): Promise<void> },
): Served<HttpEvent, HttpResult> {
  // It may not write: what stops its reads is ended by others.
  const home = openHome(base, { settles: false })
  const { ports, log, tables } = home
  const indexes = new KeyIndexes(ports, {
    residentEntriesMax: KEY_ENTRIES_MAX,
    loadEntriesMax: COLD_KEYS.entriesMax,
  })
  const source = new StoredTableSource(ports, tables, new TailCache(log), QUERY_TAIL_LIMITS, indexes)
  const { clock, random } = ports
  const queries = new QueryService({
    tables: source,
    engine: openQueryEngine(ports, engine, MEMORY),
    clock,
    random,
    // An environment answers one request at a time: who wants to stop a query comes to another.
    shared: new SharedQueries(ports),
  })
  const served = httpServed(home, {
    sql: sqlService(queries, new ResultStore(ports)),
  })
  return {
    ...served,
    async close() {
      await Promise.all([engine.close(), served.close?.()])
    },
  }
}

/** DuckDB in a child process, as at home: its program lies beside the bundle, its library in a layer. */
function duckdb(): DuckdbEngine {
  const { folder, bytes } = scratch("millrace-query")
  const { NODE_PATH } = process.env
  const engine = new DuckdbEngine({
    folder,
    children: CHILDREN,
    segmentBytesMax: Math.floor(bytes * SEGMENTS_SHARE),
    tailBytesMax: Math.floor(bytes * TAILS_SHARE),
    env: NODE_PATH === undefined ? {} : { NODE_PATH },
  })
  engine.start()
  return engine
}

export const handler = lambda("query", ["MILLRACE_AUTHENTICATION"], base => createQuery(base, duckdb()))
