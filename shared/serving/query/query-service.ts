import { LRUCache } from "lru-cache"
import type { Clock, Random } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import type { Analysis, SqlEngine } from "../sql/engine.ts"
import { readStatement } from "../sql/statement.ts"
import type { PinnedTable, QueryLimits, SqlAnswer, TableSource } from "../types.ts"
import { LIMITS_DEFAULT } from "./limits.ts"
import { readOptions } from "./options.ts"
import { failureReply, type PinotReply, successReply } from "./reply.ts"

/** Dashboards repeat their statements: characters of statements whose analysis is kept. */
const CACHED_CHARS_MAX = 1024 ** 2

export interface QueryRequest {
  /** One SELECT, with Pinot's `SET k=v;` before or after it. */
  readonly sql: string
  /** Pinot's query options beside the statement; `SET` in the statement wins. */
  readonly options?: Readonly<Record<string, string>>
  /** Aborts when nobody waits for the reply any more. */
  readonly signal?: AbortSignal
  /**
   * The error for a table that the caller may not read. It is asked of every table that the statement names before any
   * is looked up, and what it gives is thrown; names that it refuses are not told either. Default: all may be read.
   */
  readonly refuses?: (table: string) => Error | undefined
}

export interface QueryServiceOptions {
  readonly tables: TableSource
  readonly engine: SqlEngine
  readonly clock: Clock
  readonly random: Random
  /** The name by which replies call this process. */
  readonly brokerId?: string
  readonly limits?: Partial<QueryLimits>
}

interface Outcome {
  readonly tables: readonly PinnedTable[]
  readonly result: SqlAnswer | QueryError
}

type Refuses = NonNullable<QueryRequest["refuses"]>

/** The caller may not read a table: an error that is thrown as it is. */
interface Refused {
  readonly refused: Error
}

const refusesNone: Refuses = () => undefined

function asQueryError(error: unknown): QueryError {
  return error instanceof QueryError
    ? error
    : new QueryError("query_execution", error instanceof Error ? error.message : String(error), {
        cause: error,
      })
}

/** Answers SQL over the tables as of one moment, in the form of a Pinot broker's reply. */
export class QueryService {
  readonly #tables: TableSource
  readonly #engine: SqlEngine
  readonly #clock: Clock
  readonly #brokerId: string
  readonly #limits: QueryLimits
  readonly #analyses = new LRUCache<string, Analysis>({
    maxSize: CACHED_CHARS_MAX,
    sizeCalculation: ({ sql }, text) => sql.length + text.length + 1,
  })
  #requestId: number

  constructor({ tables, engine, clock, random, brokerId = "Broker_millrace", limits }: QueryServiceOptions) {
    this.#tables = tables
    this.#engine = engine
    this.#clock = clock
    this.#brokerId = brokerId
    this.#limits = { ...LIMITS_DEFAULT, ...limits }
    // Ids of two runs of a process are told apart by where they start.
    this.#requestId = random.integer(1_000_000) * 1_000_000_000
  }

  async #analyze(sql: string, deadlineMs: number): Promise<Analysis | QueryError> {
    const cached = this.#analyses.get(sql)
    if (cached !== undefined) return cached
    const reply = await this.#engine.analyze(sql, deadlineMs)
    if (!reply.ok) return reply.error
    this.#analyses.set(sql, reply.value)
    return reply.value
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

  async #execute(
    { sql, options: requested = {}, signal, refuses = refusesNone }: QueryRequest,
    startedAt: number,
  ): Promise<Outcome | Refused> {
    const fail = (result: QueryError, tables: readonly PinnedTable[] = []): Outcome => ({ tables, result })
    const statement = readStatement(sql)
    if (statement instanceof QueryError) return fail(statement)
    const options = readOptions(requested, statement.options)
    if (options instanceof QueryError) return fail(options)
    const deadlineMs = options.timeoutMs ?? this.#limits.deadlineMs
    const leftMs = (): number => Math.max(1, deadlineMs - (this.#clock.elapsed() - startedAt))
    const analysis = await this.#analyze(statement.text, leftMs())
    if (analysis instanceof QueryError) return fail(analysis)
    const [refused] = analysis.tables.map(refuses).filter(refusal => refusal !== undefined)
    if (refused !== undefined) return { refused }
    const tables = await this.#pinBefore(analysis.tables, leftMs(), refuses)
    if (tables instanceof QueryError) return fail(tables)
    const limits = { ...this.#limits, deadlineMs: leftMs() }
    const reply = await this.#engine.run({ sql: analysis.sql, tables, limits, signal })
    return reply.ok ? { tables, result: reply.value } : fail(reply.error, tables)
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
        this.#clock
          .sleep(leftMs, stop.signal)
          .then(() => new QueryError("timeout", "The query waited for its tables until its deadline")),
      ])
    } finally {
      stop.abort()
    }
  }

  /**
   * Answers a request; a failure stands in the reply's `exceptions`. Throws `too_many_requests` and what the request's
   * `refuses` gave, which are for the carrier to say.
   */
  async query(request: QueryRequest): Promise<PinotReply> {
    const startedAt = this.#clock.elapsed()
    const outcome = await this.#execute(request, startedAt).catch(
      (error: unknown): Outcome => ({ tables: [], result: asQueryError(error) }),
    )
    if ("refused" in outcome) throw outcome.refused
    const { tables, result } = outcome
    if (result instanceof QueryError && result.code === "too_many_requests") throw result
    const facts = {
      requestId: String(this.#requestId++),
      brokerId: this.#brokerId,
      timeUsedMs: Math.round(this.#clock.elapsed() - startedAt),
      tables,
    }
    return result instanceof QueryError ? failureReply(facts, result) : successReply(facts, result)
  }
}
