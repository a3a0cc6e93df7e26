import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { Clock } from "../../storage/time.ts"
import { QueryError } from "../errors.ts"
import type { ReadMeter } from "../read/types.ts"
import { type ChosenLevel, LevelChooser } from "../rollup/choose-levels.ts"
import type { EngineReply } from "../sql/engine.ts"
import type { PinnedTable, QueryCost, QueryLimits, SqlAnswer, TableFile } from "../types.ts"
import type { BlockSource } from "./columns/block-source.ts"
import { type Block, COLUMN_BYTES_MAX, ColumnStore, type Wanted } from "./columns/column-store.ts"
import { GivenUp } from "./columns/dictionary.ts"
import { isCoded } from "./columns/encode.ts"
import { WholeFileSource } from "./columns/whole-file-source.ts"
import { columnsRead, type DirectPlan, type Predicate } from "./plan.ts"
import { accumulators } from "./run/accumulators.ts"
import { type Condition, conditionOf, conjuncts } from "./run/condition.ts"
import { DeadRows } from "./run/dead-rows.ts"
import { codesKey, codesOf } from "./run/derived.ts"
import { finishGroups } from "./run/finish-groups.ts"
import { Grouping, type GroupKey } from "./run/grouping.ts"
import { RowCollector } from "./run/select-rows.ts"
import { Selector } from "./run/selection.ts"

/** A query gives way to others after as long: what waits is answered within a few milliseconds. */
const SLICE_MS = 3
/** Dictionaries are dropped with all columns when they take more. */
const DICTIONARY_BYTES_MAX = 256 * 1024 ** 2
/** Of a value in memory, about: codes of one or two bytes, numbers of four. */
const BYTES_OF_VALUE = 2

export interface DirectEngineOptions {
  readonly clock: Clock
  /** Lets other work of the process run; resolves when it had its turn. Default: nothing is let in. */
  readonly breathe?: () => Promise<void>
  /** Where columns come from; default: the whole file, or a tail's batch. */
  readonly source?: (file: TableFile) => BlockSource
  /** Opens a level of a pinned segment. Default: rollups are not read. */
  readonly openLevel?: (file: TableFile, level: ChosenLevel) => TableFile
  /** Memory for decoded columns, bytes. */
  readonly columnBytesMax?: number
}

export interface DirectRequest {
  readonly plan: DirectPlan
  readonly table: PinnedTable
  readonly limits: QueryLimits
  readonly signal?: AbortSignal
  /** False: rows are read even where a rollup holds the answer. */
  readonly useRollups?: boolean
}

/** The direct path cannot answer over this data; another engine can. */
export interface DirectGivenUp {
  readonly why: string
}

interface Part {
  readonly file: TableFile
  /** The file is a level: its rows stand for many, and are all of the table. */
  readonly isLevel: boolean
  readonly blocks: readonly Block[]
}

/** Runs plans over decoded columns in this process. */
export class DirectEngine {
  readonly #clock: Clock
  readonly #breathe: (() => Promise<void>) | undefined
  readonly #store: ColumnStore
  readonly #dead = new DeadRows()
  readonly #openLevel: DirectEngineOptions["openLevel"]

  constructor(options: DirectEngineOptions) {
    const { clock, breathe, source, openLevel, columnBytesMax = COLUMN_BYTES_MAX } = options
    this.#clock = clock
    this.#breathe = breathe
    this.#openLevel = openLevel
    const whole = new WholeFileSource()
    this.#store = new ColumnStore(source ?? (() => whole), columnBytesMax)
  }

  /** Answers a plan over a pinned table. Throws what reading files throws. */
  async run(request: DirectRequest): Promise<EngineReply<SqlAnswer> | DirectGivenUp> {
    const run = new Run(request, this.#store, this.#dead, this.#clock, this.#breathe, this.#openLevel)
    try {
      if (this.#store.dictionaryBytes > DICTIONARY_BYTES_MAX) this.#store.forget()
      return { ok: true, value: await run.answer() }
    } catch (error) {
      if (error instanceof GivenUp) return { why: error.message }
      if (error instanceof QueryError) return { ok: false, error }
      throw error
    }
  }
}

/** The condition of retention: rows without a time stay. */
function cutOf({ time, cutBefore }: PinnedTable): readonly Predicate[] {
  if (time === undefined || cutBefore === undefined) return []
  const later: Predicate = { kind: "compare", op: ">=", column: time, value: cutBefore }
  return [{ kind: "or", parts: [later, { kind: "null", column: time, negated: false }] }]
}

/** One query. */
class Run {
  readonly #request: DirectRequest
  readonly #store: ColumnStore
  readonly #dead: DeadRows
  readonly #clock: Clock
  readonly #breathe: (() => Promise<void>) | undefined
  /** The statement's, and with retention's. */
  readonly #ownTerms: readonly Condition[]
  readonly #terms: readonly Condition[]
  readonly #startedAt: number
  readonly #openLevel: DirectEngineOptions["openLevel"]
  #rollup: string | undefined
  readonly #meter: ReadMeter = {
    requests: 0,
    bytesFetched: 0,
    bytesCached: 0,
    rounds: 0,
    objects: new Set(),
  }
  #sliceAt: number
  #rowsScanned = 0

  constructor(
    request: DirectRequest,
    store: ColumnStore,
    dead: DeadRows,
    clock: Clock,
    breathe: (() => Promise<void>) | undefined,
    openLevel: DirectEngineOptions["openLevel"],
  ) {
    this.#request = request
    this.#openLevel = openLevel
    this.#store = store
    this.#dead = dead
    this.#clock = clock
    this.#breathe = breathe
    this.#startedAt = clock.elapsed()
    this.#sliceAt = this.#startedAt
    const { filter } = request.plan
    this.#ownTerms = filter === undefined ? [] : conjuncts(conditionOf(filter))
    const cut = cutOf(request.table).flatMap(predicate => conjuncts(conditionOf(predicate)))
    this.#terms = [...this.#ownTerms, ...cut]
  }

  async answer(): Promise<SqlAnswer> {
    const { plan, table } = this.#request
    if (table.purges !== undefined && table.purges.length > 0) throw new GivenUp("an erasure is under way")
    const isGrouped = plan.groups.length > 0 || plan.aggregates.length > 0 || plan.having !== undefined
    const result = isGrouped ? await this.#group() : await this.#select()
    return { ...result, rowsScanned: this.#rowsScanned, cost: this.#cost() }
  }

  #cost(): QueryCost {
    const { requests, bytesFetched, bytesCached } = this.#meter
    return {
      engine: "direct",
      ...(this.#rollup === undefined ? {} : { rollup: this.#rollup }),
      segments: this.#request.table.segments.length,
      pruned: {},
      requests,
      bytesFetched,
      bytesCached,
      rowsScanned: this.#rowsScanned,
      phasesMs: { run: this.#clock.elapsed() - this.#startedAt },
    }
  }

  /** Between two pieces of work: gives way, and ends what nobody waits for. */
  async #pause(): Promise<void> {
    const now = this.#clock.elapsed()
    const { signal, limits } = this.#request
    if (signal?.aborted === true || now - this.#startedAt > limits.deadlineMs) {
      throw new QueryError("timeout", "The query ran past its deadline and was stopped")
    }
    if (now - this.#sliceAt < SLICE_MS) return
    await this.#breathe?.()
    this.#sliceAt = this.#clock.elapsed()
  }

  #wanted(names: ReadonlySet<string>): Wanted {
    const { table } = this.#request
    const { time, cutBefore, columns } = table
    const wanted = new Set(names)
    if (time !== undefined && cutBefore !== undefined) wanted.add(time)
    const withOffsets = table.segments.some(({ segment }) => (segment?.dead?.offsets.length ?? 0) > 0)
    const specs = columns.filter(({ name }) => wanted.has(name))
    if (specs.length < wanted.size) throw new GivenUp("a column that the table does not show")
    this.#checkSize(specs)
    return { table: table.name, columns: specs, all: columns, withOffsets }
  }

  #checkSize(columns: readonly ColumnSpec[]): void {
    const { rows } = this.#request.table
    if (!this.#store.fits(rows * columns.length * BYTES_OF_VALUE)) {
      throw new GivenUp("more columns than memory holds")
    }
  }

  #files(): readonly TableFile[] {
    const { segments, tail } = this.#request.table
    return [...segments, ...tail].filter(({ rows }) => rows > 0)
  }

  async #blocks(file: TableFile, wanted: Wanted): Promise<readonly Block[]> {
    const held = this.#store.held(file, wanted, undefined)
    if (held !== undefined) return held
    const blocks = await this.#store.load(file, wanted, undefined, this.#meter)
    await this.#pause()
    return blocks
  }

  #deadRows(file: TableFile, block: Block): Uint8Array | undefined {
    const dead = file.segment?.dead
    return dead === undefined || dead.offsets.length === 0 ? undefined : this.#dead.of(dead, block)
  }

  async #group(): Promise<Pick<SqlAnswer, "columns" | "rows">> {
    const { plan, table, limits } = this.#request
    const wanted = this.#wanted(columnsRead(plan))
    const chooser = new LevelChooser(plan, table)
    const parts: Part[] = []
    for (const file of this.#files()) parts.push(await this.#part(file, wanted, chooser))
    const blocks = parts.flatMap(part => part.blocks)
    const keys = await this.#keys(blocks)
    const aggregates = accumulators(plan.aggregates, { table: table.name, store: this.#store, blocks })
    const grouping = new Grouping(keys, aggregates)
    const ofRows = new Selector(this.#terms)
    const ofLevels = new Selector(this.#ownTerms)
    for (const { file, blocks: own, isLevel } of parts) {
      const selector = isLevel ? ofLevels : ofRows
      for (const block of own) {
        const selection = selector.select(block.rows, block.columns, this.#deadRows(file, block))
        this.#rowsScanned += selection.count
        if (selection.count > 0) grouping.add(selection, block.columns)
        await this.#pause()
      }
    }
    const result = finishGroups(plan, grouping, aggregates, limits)
    grouping.close()
    return result
  }

  /** A file's rows, or the level that holds all that is asked of them. */
  async #part(file: TableFile, wanted: Wanted, chooser: LevelChooser): Promise<Part> {
    const open = this.#request.useRollups === false ? undefined : this.#openLevel
    const chosen = open === undefined ? undefined : chooser.choose(file)
    if (open === undefined || chosen === undefined) {
      return { file, blocks: await this.#blocks(file, wanted), isLevel: false }
    }
    this.#rollup = chosen.rollup.name
    const level = open(file, chosen)
    const columns = { ...wanted, columns: chosen.columns, withOffsets: false }
    return { file: level, blocks: await this.#blocks(level, columns), isLevel: true }
  }

  /** Codes of the groups' values in every block: dictionaries are whole before groups are numbered by them. */
  async #keys(blocks: readonly Block[]): Promise<readonly GroupKey[]> {
    const { plan, table } = this.#request
    const keys: GroupKey[] = []
    for (const scalar of plan.groups) {
      for (const block of blocks) {
        const hadCodes = block.columns.has(codesKey(scalar))
        codesOf(scalar, block, this.#store, table.name)
        if (!hadCodes) await this.#pause()
      }
      const isPlain = isCoded(scalar.type)
      const key = isPlain && scalar.kind === "column" ? scalar.column : codesKey(scalar)
      keys.push({ key, dictionary: this.#store.dictionary(table.name, key, isPlain ? "" : 0) })
    }
    return keys
  }

  async #select(): Promise<Pick<SqlAnswer, "columns" | "rows">> {
    const { plan, limits } = this.#request
    const wanted = this.#wanted(columnsRead(plan))
    const collector = new RowCollector(plan)
    const selector = new Selector(this.#terms)
    for (const file of this.#files()) {
      for (const block of await this.#blocks(file, wanted)) {
        const selection = selector.select(block.rows, block.columns, this.#deadRows(file, block))
        this.#rowsScanned += selection.count
        if (selection.count > 0) collector.add(block, selection)
        await this.#pause()
      }
      if (collector.isFull) break
    }
    return collector.finish(limits)
  }
}
