import type { Clock, Random } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import type { Analysis, Dialect, EngineReply, RunRequest, SqlEngine, TableView } from "../sql/engine.ts"
import { type ParameterValue, parameterFault } from "../sql/parameters.ts"
import { readStatement } from "../sql/statement.ts"
import type { PinnedTable, QueryLimits, SqlAnswer, TableSource } from "../types.ts"
import { Analyses, columnsOf } from "./analyses.ts"
import { LARGE_RESULT_BYTES_MAX, LARGE_ROWS_MAX, LIMITS_DEFAULT } from "./limits.ts"
import { type QueryOptions, readOptions } from "./options.ts"
import { type Quota, Rates } from "./rate.ts"
import { failureReply, type PinotReply, successReply } from "./reply.ts"
import { RunningQueries } from "./running.ts"
import type { SharedQueries } from "./shared-queries.ts"

export interface QueryRequest {
  /** One SELECT, with Pinot's `SET k=v;` before or after it. */
  readonly sql: string
  /** Pinot's query options beside the statement; `SET` in the statement wins. */
  readonly options?: Readonly<Record<string, string>>
  /** Values of the statement's `?` or `$1` to `$n`. */
  readonly parameters?: readonly ParameterValue[]
  /** Aborts when nobody waits for the reply any more. */
  readonly signal?: AbortSignal
  /**
   * The error for a table that the caller may not read. It is asked of every table that the statement names before any
   * is looked up, and what it gives is thrown; names that it refuses are not told either. Default: all may be read.
   */
  readonly refuses?: (table: string) => Error | undefined
  /** The condition, checked before, of which rows of a table the caller may know. Default: all. */
  readonly rowFilter?: (table: string) => string | undefined
  /** How often the caller may ask. Default: as often as he likes. */
  readonly quota?: Quota
  /** Who may stop the query. Default: everybody who reaches this process. */
  readonly owner?: string
  /** The answer is not for one reply: it may be larger. */
  readonly isLarge?: boolean
}

export interface QueryServiceOptions {
  readonly tables: TableSource
  readonly engine: SqlEngine
  readonly clock: Clock
  readonly random: Random
  /** The name by which replies call this process. */
  readonly brokerId?: string
  readonly limits?: Partial<QueryLimits>
  /** Where queries are found by those who do not reach this process. */
  readonly shared?: SharedQueries
}

const LARGE = { rowsMax: LARGE_ROWS_MAX, resultBytesMax: LARGE_RESULT_BYTES_MAX }

interface Outcome {
  readonly tables: readonly PinnedTable[]
  readonly result: SqlAnswer | QueryError
}

type Refuses = NonNullable<QueryRequest["refuses"]>

/** The caller may not read a table: an error that is thrown as it is. */
interface Refused {
  readonly refused: Error
}

/** Figures of rows that the caller may not know of would stand in it. */
const NOT_FILTERED = "is not for keys with a row filter"

const refusesNone: Refuses = () => undefined

const PINNED = "pinned"

function waitedTooLong(): QueryError {
  return new QueryError("timeout", "The query waited for its tables until its deadline")
}

function asQueryError(error: unknown): QueryError {
  return error instanceof QueryError
    ? error
    : new QueryError("query_execution", error instanceof Error ? error.message : String(error), {
        cause: error,
      })
}

/** Before its tables are known, a statement is SQL's unless it says otherwise; a table made from Pinot's is Pinot's. */
function dialectOf(
  { pinotCompat, nullHandling }: QueryOptions,
  tables: readonly PinnedTable[] = [],
): Dialect {
  const isPinot = pinotCompat ?? tables.some(({ pinotNulls }) => pinotNulls === true)
  return { pinotCompat: isPinot, nullHandling: isPinot && nullHandling === true }
}

function viewsOf(
  tables: readonly PinnedTable[],
  options: QueryOptions,
  rowFilter: QueryRequest["rowFilter"],
): ReadonlyMap<string, TableView> {
  const { pinotCompat = false, nullHandling = false } = dialectOf(options, tables)
  const pinotNulls = pinotCompat && !nullHandling
  return new Map(tables.map(({ name }) => [name, { filter: rowFilter?.(name), pinotNulls }]))
}

function tooOften(perSecond: number, retryAfterMs: number): QueryError {
  const message = `The key may ask ${perSecond} queries a second of a process: try again later`
  return new QueryError("too_many_requests", message, { retryAfterMs })
}

/** What the caller is told: of what failed while rows were read, a caller with a row filter learns no more than that. */
function toldOf(
  result: SqlAnswer | QueryError,
  isCancelled: boolean,
  isRestricted: boolean,
): SqlAnswer | QueryError {
  if (!(result instanceof QueryError)) return result
  if (isCancelled) return new QueryError("cancelled", "The query was cancelled", { cause: result })
  const isTelling = isRestricted && result.code === "query_execution"
  return isTelling ? new QueryError(result.code, "The query failed while it ran", { cause: result }) : result
}

/** Answers SQL over the tables as of one moment, in the form of a Pinot broker's reply. */
export class QueryService {
  readonly #tables: TableSource
  readonly #engine: SqlEngine
  readonly #clock: Clock
  readonly #brokerId: string
  readonly #limits: QueryLimits
  readonly #analyses: Analyses
  readonly #rates: Rates
  /** What is being answered, for those who want to stop it. */
  readonly running: RunningQueries
  #requestId: number

  constructor(options: QueryServiceOptions) {
    const { tables, engine, clock, random, brokerId = "Broker_millrace", limits, shared } = options
    this.running = new RunningQueries(shared)
    this.#tables = tables
    this.#engine = engine
    this.#analyses = new Analyses(engine)
    this.#rates = new Rates(clock)
    this.#clock = clock
    this.#brokerId = brokerId
    this.#limits = { ...LIMITS_DEFAULT, ...limits }
    // Ids of two runs of a process are told apart by where they start.
    this.#requestId = random.integer(1_000_000) * 1_000_000_000
  }

  async #pin(names: readonly string[], refuses: Refuses): Promise<readonly PinnedTable[] | QueryError> {
    const pinned: PinnedTable[] = []
    for (const name of names) {
      const table = await this.#tables.pin(name)
      if (table === undefined) {
        const known = (await this.#tables.names()).filter(other => refuses(other) === undefined).join(", ")
        return new QueryError(
          "table_does_not_exist",
          `TableDoesNotExistError: there is no table '${name}': expected one of: ${known}`,
        )
      }
      pinned.push(table)
    }
    return pinned
  }

  async #execute(request: QueryRequest, requestId: string, startedAt: number): Promise<Outcome | Refused> {
    const { sql, options: requested = {}, parameters = [], signal, refuses = refusesNone } = request
    const fail = (result: QueryError, tables: readonly PinnedTable[] = []): Outcome => ({ tables, result })
    const statement = readStatement(sql)
    if (statement instanceof QueryError) return fail(statement)
    const options = readOptions(requested, statement.options)
    if (options instanceof QueryError) return fail(options)
    this.running.name(requestId, options.clientQueryId)
    const deadlineMs = options.timeoutMs ?? this.#limits.deadlineMs
    const leftMs = (): number => Math.max(1, deadlineMs - (this.#clock.elapsed() - startedAt))
    const first = await this.#analyses.of(statement.text, dialectOf(options), leftMs())
    if (first instanceof QueryError) return fail(first)
    const fault = parameterFault(first.parameters ?? 0, parameters.length)
    if (fault !== undefined) return fail(fault)
    const [refused] = first.tables.map(refuses).filter(refusal => refusal !== undefined)
    if (refused !== undefined) return { refused }
    const tables = await this.#pinBefore(first.tables, leftMs(), refuses)
    if (tables instanceof QueryError) return fail(tables)
    const analysis = await this.#settle(statement.text, options, first, tables, leftMs())
    if (analysis instanceof QueryError) return fail(analysis, tables)
    const reply = await this.#answered(statement.isExplained, {
      sql: analysis.sql,
      tree: analysis.tree,
      isRewritten: analysis.isRewritten,
      engine: options.engine,
      useRollups: options.useRollups,
      resultCache: options.resultCache,
      tables,
      views: viewsOf(tables, options, request.rowFilter),
      parameters,
      limits: { ...this.#limits, ...(request.isLarge === true ? LARGE : {}), deadlineMs: leftMs() },
      signal,
    })
    return reply.ok ? { tables, result: reply.value } : fail(reply.error, tables)
  }

  /** Runs it, or tells how it would be run. */
  async #answered(isExplained: boolean, request: RunRequest): Promise<EngineReply<SqlAnswer>> {
    if (!isExplained) return await this.#engine.run(request)
    const isFiltered = [...(request.views?.values() ?? [])].some(({ filter }) => filter !== undefined)
    const fault =
      this.#engine.explain === undefined ? "is not supported here" : isFiltered ? NOT_FILTERED : ""
    if (fault === "") return await this.#engine.explain!(request)
    return { ok: false, error: new QueryError("query_validation", `EXPLAIN ${fault}`) }
  }

  /** What the statement means over these tables: once more with their columns where it depends on them. */
  async #settle(
    text: string,
    options: QueryOptions,
    first: Analysis,
    tables: readonly PinnedTable[],
    leftMs: number,
  ): Promise<Analysis | QueryError> {
    const dialect = dialectOf(options, tables)
    const isTyped = tables.some(({ columns }) => columns.some(({ list }) => list === true))
    const isOther = dialect.pinotCompat !== dialectOf(options).pinotCompat
    if (first.wantsColumns !== true && !isTyped && !isOther) return first
    return await this.#analyses.of(text, { ...dialect, columns: columnsOf(tables) }, leftMs)
  }

  /** A store that hangs while tables are pinned must not hold the caller past the deadline. */
  async #pinBefore(
    names: readonly string[],
    leftMs: number,
    refuses: Refuses,
  ): Promise<readonly PinnedTable[] | QueryError> {
    const stop = new AbortController()
    try {
      return await Promise.race([
        this.#pin(names, refuses),
        this.#clock.sleep(leftMs, stop.signal).then(() => (stop.signal.aborted ? [] : waitedTooLong())),
      ])
    } finally {
      // With a reason of its own: to make the usual one, with its stack, takes longer than all of this.
      stop.abort(PINNED)
    }
  }

  /**
   * Answers a request; a failure stands in the reply's `exceptions`. Throws `too_many_requests` and what the request's
   * `refuses` gave, which are for the carrier to say.
   */
  async query(request: QueryRequest): Promise<PinotReply> {
    const startedAt = this.#clock.elapsed()
    const waitMs = request.quota === undefined ? 0 : this.#rates.take(request.quota)
    if (waitMs > 0) throw tooOften(request.quota?.queriesPerSecond ?? 0, waitMs)
    const requestId = String(this.#requestId++)
    const signal = this.running.add({ requestId, sql: request.sql }, request.owner ?? "", request.signal)
    const outcome = await this.#execute({ ...request, signal }, requestId, startedAt).catch(
      (error: unknown): Outcome => ({ tables: [], result: asQueryError(error) }),
    )
    const { isStopped: isCancelled, ended } = this.running.remove(requestId)
    if (ended !== undefined) await ended
    if ("refused" in outcome) throw outcome.refused
    const { tables } = outcome
    const isRestricted = tables.some(({ name }) => request.rowFilter?.(name) !== undefined)
    const result = toldOf(outcome.result, isCancelled, isRestricted)
    if (result instanceof QueryError && result.code === "too_many_requests") throw result
    const facts = {
      requestId,
      brokerId: this.#brokerId,
      timeUsedMs: Math.round(this.#clock.elapsed() - startedAt),
      tables,
      isRestricted,
    }
    return result instanceof QueryError ? failureReply(facts, result) : successReply(facts, result)
  }
}
