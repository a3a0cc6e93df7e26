import { QueryError } from "../errors.ts"
import { newMeter } from "../read/chunk-store.ts"
import { covers } from "../rollup/cover.ts"
import type { Scanner } from "../scan/scanner.ts"
import type { Analysis, Dialect, EngineReply, RunRequest, SqlEngine } from "../sql/engine.ts"
import type { PinnedTable, QueryCost, SqlAnswer } from "../types.ts"
import type { DirectEngine } from "./direct-engine.ts"
import type { DirectPlan } from "./plan.ts"
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
  readonly #scanner: Scanner | undefined

  /** @param scanner leaves segments out for the direct path; absent: all are read */
  constructor(direct: DirectEngine, other: SqlEngine, scanner?: Scanner) {
    this.#direct = direct
    this.#other = other
    this.#plans = new Plans(other)
    this.#scanner = scanner
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
      const asked = { plan, limits, useRollups, ...(signal === undefined ? {} : { signal }) }
      return await this.#scanned(plan, table, useRollups, pruned =>
        this.#direct.run({ ...asked, table: pruned }),
      )
    } catch (error) {
      return asError(error)
    }
  }

  /** Runs over what pruning leaves of the table. Where a rollup may answer, indexes of rows are not read for it. */
  async #scanned(
    plan: DirectPlan,
    table: PinnedTable,
    useRollups: boolean,
    run: (table: PinnedTable) => ReturnType<DirectEngine["run"]>,
  ): ReturnType<DirectEngine["run"]> {
    if (this.#scanner === undefined) return run(table)
    const meter = newMeter()
    const pointersAlone = useRollups && table.rollups?.some(rollup => covers(plan, rollup)) === true
    const rules = { nullsAreValues: false, pointersAlone }
    const startedMs = this.#scanner.elapsed()
    const scanned = await this.#scanner.prune(table, plan.filter, meter, rules)
    const prune = this.#scanner.elapsed() - startedMs
    const reply = await run(scanned.table)
    if ("why" in reply || !reply.ok || reply.value.cost === undefined) return reply
    const { cost } = reply.value
    const whole: QueryCost = {
      ...cost,
      segments: table.segments.length,
      pruned: scanned.pruned,
      requests: cost.requests + meter.requests,
      bytesFetched: cost.bytesFetched + meter.bytesFetched,
      bytesCached: cost.bytesCached + meter.bytesCached,
      phasesMs: { prune, ...cost.phasesMs },
    }
    return { ok: true, value: { ...reply.value, cost: whole } }
  }

  close(): Promise<void> {
    return this.#other.close()
  }
}
