import { join } from "node:path"
import { setImmediate } from "node:timers/promises"
import { createApi } from "../api/api.ts"
import { createAuthenticator } from "../api/auth/authenticator.ts"
import type { JwtOptions } from "../api/auth/jwt.ts"
import { keyStore } from "../api/auth/keys.ts"
import type { KeyStore } from "../api/auth/types.ts"
import { RestConsumers } from "../api/consumers/rest-consumers.ts"
import { jobService } from "../api/job-service.ts"
import { Quotas } from "../api/quotas.ts"
import { schemaStore } from "../api/schema-store.ts"
import { sqlService } from "../api/sql-service.ts"
import { tableDirectory } from "../api/table-directory.ts"
import type { Api } from "../api/types.ts"
import { openLog } from "../log/open-log.ts"
import type { LogOptions } from "../log/options.ts"
import type { Log } from "../log/types.ts"
import { Jobs } from "../processing/jobs/lifecycle.ts"
import { CommitStore } from "../processing/task/commit-store.ts"
import { DuckdbEngine } from "../serving/duckdb/engine.ts"
import { QueryService } from "../serving/query/query-service.ts"
import { ResultStore } from "../serving/query/result-store.ts"
import { openQueryEngine } from "../serving/scan/open-engine.ts"
import { TableRegistry } from "../serving/tables/table-registry.ts"
import { QUERY_TAIL_LIMITS, StoredTableSource } from "../serving/tail/table-source.ts"
import { TailCache } from "../serving/tail/tail-cache.ts"
import { KeyIndexes } from "../serving/upsert/key-indexes.ts"
import { localClock } from "../storage/local/clock.ts"
import { openLocalStores } from "../storage/local/local-stores.ts"
import { localRandom } from "../storage/local/random.ts"
import { localWake } from "../storage/local/wake.ts"
import type { Ports } from "../storage/time.ts"
import { DeadRecords } from "./dead-records.ts"
import { fetchJson } from "./fetch-json.ts"
import { collectLoop } from "./jobs/collect-loop.ts"
import { JobManager } from "./jobs/job-manager.ts"
import { openJournal } from "./journal.ts"
import { keepTables } from "./maintain/keep-tables.ts"
import { upkeep } from "./upkeep.ts"

/**
 * What suits LMDB. A slot's payload goes into its item as long as that saves the object's own syncs and does not
 * burden the pages that every later transaction writes; no key has a rate of its own.
 */
const LOCAL_LOG_OPTIONS: Partial<LogOptions> = {
  inlineItemBytesMax: 32 * 1024,
  inlineFlushBytesMax: Number.POSITIVE_INFINITY,
  inlineCommitsPerSecMax: Number.POSITIVE_INFINITY,
  inlineBytesPerSecMax: Number.POSITIVE_INFINITY,
  flushesMax: 2,
  // One process owns the folder.
  rivalWaitPuts: 0,
}

/** What suits LMDB: as for slots of the log, an object is two more syncs. */
const LOCAL_COMMIT_INLINE_BYTES_MAX = 32 * 1024

/** Files are at hand: columns are read as a whole up to a quarter of the memory for them, at two bytes a value. */
const LOCAL_WANTED_VALUES_MAX = 64_000_000

export interface Platform {
  readonly ports: Ports
  readonly log: Log
  readonly tables: TableRegistry
  readonly keys: KeyStore
  readonly api: Api
  /** Runs the jobs of an app, once they are deployed. */
  readonly jobs: JobManager
  /** Ends what is under way and gives the data folder up. */
  close(): Promise<void>
}

export interface PlatformOptions {
  /** Where everything is kept; made if need be. */
  readonly data: string
  /** Told of faults that no request sees: each one line. */
  readonly report: (line: string) => void
  /** Whether segments are built of tails; default true. Benchmarks hold a tail as it is. */
  readonly builds?: boolean
  /** Asks everybody who he is: by keys, and by an issuer's tokens where one is named. Default: nobody is asked. */
  readonly authentication?: { readonly jwt?: TokenIssuer }
}

/** Whose tokens count. */
export type TokenIssuer = Omit<JwtOptions, "fetchJson" | "onFault">

/**
 * Everything in one process, over local files: log, tables, their builder, SQL in child processes, and the API.
 * Throws `StorageError` (`folder_in_use`, `folder_unusable`, `unknown_format`).
 */
export async function openPlatform(options: PlatformOptions): Promise<Platform> {
  const { data, report, builds = true, authentication } = options
  const stores = await openLocalStores(data)
  const ports: Ports = {
    objects: stores.objects,
    meta: stores.meta,
    clock: localClock(),
    random: localRandom(),
    wake: localWake(),
  }
  const log = openLog(ports, LOCAL_LOG_OPTIONS)
  const tables = new TableRegistry(ports, log)
  await log.recover()
  await tables.recover()
  const dead = new DeadRecords(ports, log)
  const journal = await openJournal({ folder: join(data, "journal"), log, ports, dead, report })
  const tails = new TailCache(log)
  const indexes = new KeyIndexes(ports)
  const source = new StoredTableSource(ports, tables, tails, QUERY_TAIL_LIMITS, indexes, () => setImmediate())
  const engine = new DuckdbEngine({ folder: join(data, "scratch") })
  engine.start()
  const { clock, random } = ports
  const choosing = openQueryEngine(ports, engine, {
    breathe: () => setImmediate(),
    wantedValuesMax: LOCAL_WANTED_VALUES_MAX,
  })
  const queries = new QueryService({ tables: source, engine: choosing, clock, random })
  const keys = keyStore(ports)
  const onFault = (error: unknown) => report(`the tokens' issuer: ${faultText(error)}`)
  const jwt = authentication?.jwt && { ...authentication.jwt, fetchJson, onFault }
  const commits = new CommitStore(ports, { inlineBytesMax: LOCAL_COMMIT_INLINE_BYTES_MAX })
  const jobs = new Jobs(ports, log, commits)
  const manager = new JobManager({ ports, log, jobs: jobs.store, commits, report })
  const onChange = (name: string) => manager.changed(name)
  const consumers = new RestConsumers(ports, log)
  const api = createApi({
    ...(authentication === undefined ? {} : { authenticate: createAuthenticator({ keys, jwt, clock }) }),
    keys,
    deadLetters: dead,
    quotas: new Quotas(clock),
    consumers,
    jobs: jobService({ ports, log, jobs, commits, activity: manager, onChange }),
    log,
    journal: journal.journal,
    tables: tableDirectory(ports, tables, log),
    schemas: schemaStore(ports),
    sql: sqlService(queries, new ResultStore(ports, () => setImmediate())),
    onFailure: (error, request) => report(`${request.method} ${request.path}: ${describe(error)}`),
  })
  const stop = new AbortController()
  const { signal } = stop
  const onKeepFault = (what: string, error: unknown) => report(`${what}: ${describe(error)}`)
  const keeping = builds
    ? keepTables({ ports, log, tables, tails, indexes, signal, onFault: onKeepFault })
    : Promise.resolve()
  const collecting = collectLoop({
    ports,
    jobs: jobs.store,
    commits,
    savepoints: jobs.savepoints,
    signal,
    onFault: (job, error) =>
      report(`what ${job === undefined ? "removed jobs" : `job ${job}`} left: ${describe(error)}`),
  })
  const upkeeping = upkeep({ ports, log, consumers, signal, onFault: onKeepFault })
  const close = async () => {
    stop.abort()
    api.close()
    await Promise.all([journal.close(), manager.close()])
    await Promise.all([keeping, collecting, upkeeping])
    await log.close()
    await engine.close()
    await stores.close()
  }
  return { ports, log, tables, keys, api, jobs: manager, close }
}

function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error)
}

/** In one line, with what is behind it: fetch itself says no more than that it failed. */
function faultText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message
}
