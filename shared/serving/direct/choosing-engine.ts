import { LRUCache } from "lru-cache"
import { QueryError } from "../errors.ts"
import type { PruneRules } from "../index/segment-facts.ts"
import { newMeter } from "../read/chunk-store.ts"
import { covers } from "../rollup/cover.ts"
import { explainAnswer, operator, planOperators, tableOperators } from "../scan/explain.ts"
import type { Scanner } from "../scan/scanner.ts"
import type { Analysis, Dialect, EngineReply, RunRequest, SqlEngine } from "../sql/engine.ts"
import { folded } from "../sql/folded.ts"
import type { PinnedTable, QueryCost, SqlAnswer } from "../types.ts"
import type { DirectEngine } from "./direct-engine.ts"
import { columnsRead, type DirectPlan } from "./plan.ts"
import { Plans } from "./plans.ts"
import type { DirectRequest } from "./run/query-run.ts"

/** Questions by an index over the same columns before these are read as a whole: then it is cheaper to have them. */
const ASKED_MIN = 16
const ASKED_KEPT = 4_096
/** Values of such columns together, dead row groups included: some 32 MB in files, a second to fetch. */
const WANTED_VALUES_MAX = 16_000_000

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

function rulesOf(plan: DirectPlan, { rollups = [] }: PinnedTable, useRollups: boolean): PruneRules {
  return { nullsAreValues: false, pointersAlone: useRollups && rollups.some(rollup => covers(plan, rollup)) }
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
  readonly #wantedValuesMax: number
  /** How often columns were asked for that were not in memory as a whole. */
  readonly #asked = new LRUCache<string, number>({ max: ASKED_KEPT })

  /**
   * @param scanner leaves segments out for the direct path; absent: all are read
   * @param wantedValuesMax values of columns that are asked for often, up to which they are read as a whole
   */
  constructor(
    direct: DirectEngine,
    other: SqlEngine,
    scanner?: Scanner,
    wantedValuesMax: number = WANTED_VALUES_MAX,
  ) {
    this.#wantedValuesMax = wantedValuesMax
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
      const asked = { plan, table, limits, useRollups, ...(signal === undefined ? {} : { signal }) }
      const answer = this.#scanned(asked)
      return await (this.#scanner?.before(limits.deadlineMs, answer) ?? answer)
    } catch (error) {
      return asError(error)
    }
  }

  /** The plan of the engine that would answer. */
  async explain(request: RunRequest): Promise<EngineReply<SqlAnswer>> {
    try {
      const explained = request.engine === "duckdb" ? undefined : await this.#explainDirect(request)
      if (explained !== undefined) return explained
    } catch (error) {
      return asError(error)
    }
    if (this.#other.explain !== undefined) return await this.#other.explain(request)
    return { ok: false, error: new QueryError("query_validation", "EXPLAIN is not supported here") }
  }

  /** Undefined: another engine would answer. */
  async #explainDirect(request: RunRequest): Promise<EngineReply<SqlAnswer> | undefined> {
    const { tables, useRollups = true } = request
    const plan = await this.#plans.of(request)
    const [table] = tables
    if (this.#scanner === undefined || table === undefined) return undefined
    if ("why" in plan) return request.engine === "direct" ? refusal(plan.why) : undefined
    const columns = new Set([...columnsRead(plan)].map(folded))
    const rules = rulesOf(plan, table, useRollups)
    const needs = { columns, ...(plan.filter === undefined ? {} : { filter: plan.filter }) }
    const explained = await this.#scanner.explain(table, needs, rules, useRollups ? plan : undefined)
    const root = operator("ENGINE_DIRECT", {}, [planOperators(plan, tableOperators(explained))])
    return { ok: true, value: explainAnswer(root) }
  }

  /** Whether a plan's columns are asked for so often, and are so small, that they are worth having in memory as a whole. */
  #isWanted(plan: DirectPlan, table: PinnedTable): boolean {
    const columns = columnsRead(plan)
    const rows = table.segments.reduce((sum, file) => sum + file.rows, 0)
    if (rows * columns.size > this.#wantedValuesMax) return false
    const key = `${table.name} ${[...columns].sort().join()}`
    const asked = (this.#asked.get(key) ?? 0) + 1
    this.#asked.set(key, asked)
    return asked > ASKED_MIN
  }

  /** Runs over what pruning leaves of the table. Where a rollup may answer, indexes of rows are not read for it. */
  async #scanned(request: DirectRequest): ReturnType<DirectEngine["run"]> {
    const { plan, table, useRollups = true } = request
    const scanner = this.#scanner
    if (scanner === undefined) return this.#direct.run(request)
    let meter = newMeter()
    const rules = rulesOf(plan, table, useRollups)
    const startedMs = scanner.elapsed()
    let scanned = await scanner.prune(table, plan.filter, meter, { ...rules, heldAlone: true })
    // Columns that are in memory have their rows by value there, too.
    if (rules.pointersAlone !== true && !this.#direct.holds({ ...request, table: scanned.table })) {
      if (!this.#isWanted(plan, scanned.table)) {
        meter = newMeter()
        scanned = await scanner.prune(table, plan.filter, meter, rules)
      }
    }
    const prune = scanner.elapsed() - startedMs
    const reply = await this.#direct.run({ ...request, table: scanned.table })
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
