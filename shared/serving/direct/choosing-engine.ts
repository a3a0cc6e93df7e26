import { QueryError } from "../errors.ts"
import type { Analysis, Dialect, EngineReply, RunRequest, SqlEngine } from "../sql/engine.ts"
import type { QueryCost, SqlAnswer } from "../types.ts"
import type { DirectEngine } from "./direct-engine.ts"
import { Plans } from "./plans.ts"

function refusal(why: string): { readonly ok: false; readonly error: QueryError } {
  const message = `Query option engine: the direct path cannot answer the statement (${why}): expected duckdb`
  return { ok: false, error: new QueryError("query_validation", message) }
}

function asError(error: unknown): { readonly ok: false; readonly error: QueryError } {
  if (error instanceof QueryError) return { ok: false, error }
  const message = error instanceof Error ? error.message : String(error)
  return { ok: false, error: new QueryError("query_execution", message, { cause: error }) }
}

/** What is known of an answer of the other engine. */
function withEngine(reply: EngineReply<SqlAnswer>, { tables }: RunRequest): EngineReply<SqlAnswer> {
  if (!reply.ok || reply.value.cost !== undefined) return reply
  const cost: QueryCost = {
    engine: "duckdb",
    segments: tables.reduce((sum, { segments }) => sum + segments.length, 0),
    pruned: {},
    requests: 0,
    bytesFetched: 0,
    bytesCached: 0,
    rowsScanned: reply.value.rowsScanned ?? 0,
    phasesMs: {},
  }
  return { ok: true, value: { ...reply.value, cost } }
}

/**
 * Answers by the direct path what it can plan, and everything else by another engine: exactly alike, as far as SQL says
 * what the answer is.
 */
export class ChoosingEngine implements SqlEngine {
  readonly #direct: DirectEngine
  readonly #other: SqlEngine
  readonly #plans: Plans

  constructor(direct: DirectEngine, other: SqlEngine) {
    this.#direct = direct
    this.#other = other
    this.#plans = new Plans(other)
  }

  analyze(sql: string, deadlineMs: number, dialect?: Dialect): Promise<EngineReply<Analysis>> {
    return this.#other.analyze(sql, deadlineMs, dialect)
  }

  async run(request: RunRequest): Promise<EngineReply<SqlAnswer>> {
    if (request.engine !== "duckdb") {
      const reply = await this.#directly(request)
      if (!("why" in reply)) return reply
      if (request.engine === "direct") return refusal(reply.why)
    }
    return withEngine(await this.#other.run(request), request)
  }

  async #directly(request: RunRequest): Promise<EngineReply<SqlAnswer> | { readonly why: string }> {
    const { tables, limits, signal, useRollups = true } = request
    try {
      const plan = await this.#plans.of(request)
      const [table] = tables
      if ("why" in plan) return plan
      if (table === undefined) return { why: "no table" }
      const asked = { plan, table, limits, useRollups, ...(signal === undefined ? {} : { signal }) }
      return await this.#direct.run(asked)
    } catch (error) {
      return asError(error)
    }
  }

  close(): Promise<void> {
    return this.#other.close()
  }
}
