import type { Clock } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import { placedTail } from "../index/placement.ts"
import type { PruneRules } from "../index/segment-facts.ts"
import { newMeter } from "../read/chunk-store.ts"
import type { ReadMeter } from "../read/types.ts"
import type { Analysis, Dialect, EngineReply, RunRequest, SqlEngine } from "../sql/engine.ts"
import { folded } from "../sql/folded.ts"
import { bindTree } from "../sql/parameters.ts"
import type { PinnedTable, PrunedBy, QueryCost, SqlAnswer, TableFile } from "../types.ts"
import { before } from "./deadline.ts"
import { explainAnswer, operator, tableOperators } from "./explain.ts"
import { needsOf, type TableNeeds } from "./needs.ts"
import type { Scanned, Scanner } from "./scanner.ts"

/** An engine over files that are no more than a statement needs: fewer segments, row groups and columns. */
export class NarrowingEngine implements SqlEngine {
  readonly #engine: SqlEngine
  readonly #scanner: Scanner
  readonly #clock: Clock

  constructor(engine: SqlEngine, scanner: Scanner, clock: Clock) {
    this.#engine = engine
    this.#scanner = scanner
    this.#clock = clock
  }

  analyze(sql: string, deadlineMs: number, dialect?: Dialect): Promise<EngineReply<Analysis>> {
    return this.#engine.analyze(sql, deadlineMs, dialect)
  }

  async run(request: RunRequest): Promise<EngineReply<SqlAnswer>> {
    const startedAt = this.#clock.elapsed()
    const meter = newMeter()
    try {
      const scans = await before(this.#clock, request.limits.deadlineMs, this.#scan(request, meter))
      const prunedAt = this.#clock.elapsed()
      const reads = new Reads(this.#clock)
      const tables = scans.map(({ table }) => ({ ...table, segments: table.segments.map(reads.watched) }))
      const { deadlineMs } = request.limits
      const limits = { ...request.limits, deadlineMs: Math.max(1, deadlineMs - (prunedAt - startedAt)) }
      const reply = await this.#engine.run({ ...request, tables, limits })
      if (!reply.ok) return reply
      meter.bytesCached += reads.heldBytes(tables)
      const phasesMs = {
        prune: prunedAt - startedAt,
        fetch: reads.ms,
        run: this.#clock.elapsed() - prunedAt - reads.ms,
      }
      const cost = costOf(request.tables, scans, reply.value, { meter, phasesMs })
      return { ok: true, value: { ...reply.value, cost } }
    } catch (error) {
      return { ok: false, error: asQueryError(error) }
    }
  }

  /** What `run` would read, without reading it. */
  async explain(request: RunRequest): Promise<EngineReply<SqlAnswer>> {
    try {
      const needs = needsOfRequest(request)
      const explained = request.tables.map(table =>
        this.#scanner.explain(table, needs(table), rulesOf(request, table)),
      )
      const tables = await before(this.#clock, request.limits.deadlineMs, Promise.all(explained))
      const root = operator("ENGINE_DUCKDB", {}, tables.map(tableOperators))
      return { ok: true, value: explainAnswer(root) }
    } catch (error) {
      return { ok: false, error: asQueryError(error) }
    }
  }

  /** What is left of each table. Tables are narrowed side by side: their rounds are the same. */
  async #scan(request: RunRequest, meter: ReadMeter): Promise<readonly Scanned[]> {
    const needs = needsOfRequest(request)
    return await Promise.all(
      request.tables.map(async table => {
        const { columns, filter } = needs(table)
        const scanned = await this.#scanner.prune(table, filter, meter, rulesOf(request, table))
        const narrowed = await this.#scanner.narrow(scanned.table, columns, meter)
        return { ...scanned, table: { ...narrowed, tail: placedTail(table, filter) } }
      }),
    )
  }

  close(): Promise<void> {
    return this.#engine.close()
  }
}

const rulesOf = ({ views }: RunRequest, { name }: PinnedTable): PruneRules => ({
  nullsAreValues: views?.get(name)?.pinotNulls === true,
})

/** What the statement needs of each of its tables. */
function needsOfRequest({
  tree,
  parameters = [],
  tables,
  views,
}: RunRequest): (table: PinnedTable) => TableNeeds {
  const bound = tree === undefined ? undefined : bindTree(tree, parameters)
  const needs = needsOf(bound, new Map(tables.map(({ name, columns }) => [folded(name), columns])))
  return table => {
    const { columns, filter }: TableNeeds = needs.get(folded(table.name)) ?? {}
    const rowFilter = views?.get(table.name)?.filter
    return {
      ...(columns === undefined ? {} : { columns: withFiltered(columns, rowFilter, table) }),
      ...(filter === undefined ? {} : { filter }),
    }
  }
}

/** With columns that a row filter may name: it is text here, so that any that stands in it counts. */
function withFiltered(
  columns: ReadonlySet<string>,
  filter: string | undefined,
  table: PinnedTable,
): ReadonlySet<string> {
  if (filter === undefined) return columns
  const said = folded(filter)
  return new Set([
    ...columns,
    ...table.columns.map(({ name }) => folded(name)).filter(name => said.includes(name)),
  ])
}

/** When files were read, and which were not: copies of those were at hand. */
class Reads {
  readonly #clock: Clock
  readonly #read = new Set<string>()
  #underway = 0
  #since = 0
  /** Milliseconds in which something was being read. */
  ms = 0

  constructor(clock: Clock) {
    this.#clock = clock
  }

  readonly watched = (file: TableFile): TableFile => ({
    ...file,
    read: async () => {
      this.#read.add(file.id)
      if (this.#underway++ === 0) this.#since = this.#clock.elapsed()
      try {
        return await file.read()
      } finally {
        if (--this.#underway === 0) this.ms += this.#clock.elapsed() - this.#since
      }
    },
  })

  heldBytes(tables: readonly PinnedTable[]): number {
    const held = tables.flatMap(({ segments }) => segments).filter(({ id }) => !this.#read.has(id))
    return held.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
  }
}

/** What pruning left out of all tables together. */
export function prunedOf(scans: readonly Pick<Scanned, "pruned">[]): QueryCost["pruned"] {
  const sum: Partial<Record<PrunedBy, number>> = {}
  for (const { pruned } of scans) {
    for (const [by, count] of Object.entries(pruned) as [PrunedBy, number][]) sum[by] = (sum[by] ?? 0) + count
  }
  return sum
}

function costOf(
  pinned: readonly PinnedTable[],
  scans: readonly Scanned[],
  { rowsScanned }: SqlAnswer,
  { meter, phasesMs }: { readonly meter: ReadMeter; readonly phasesMs: QueryCost["phasesMs"] },
): QueryCost {
  const { requests, bytesFetched, bytesCached } = meter
  return {
    engine: "duckdb",
    segments: pinned.reduce((sum, { segments }) => sum + segments.length, 0),
    pruned: prunedOf(scans),
    requests,
    bytesFetched,
    bytesCached,
    rowsScanned: rowsScanned ?? 0,
    phasesMs,
  }
}

function asQueryError(error: unknown): QueryError {
  if (error instanceof QueryError) return error
  const message = error instanceof Error ? error.message : String(error)
  return new QueryError("query_execution", message, { cause: error })
}
