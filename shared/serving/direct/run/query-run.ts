import type { ColumnSpec } from "../../../definition/table-spec.ts"
import type { Clock } from "../../../storage/time.ts"
import { QueryError } from "../../errors.ts"
import type { RowSet } from "../../index/row-set.ts"
import { newMeter } from "../../read/chunk-store.ts"
import { type ChosenLevel, LevelChooser } from "../../rollup/choose-levels.ts"
import type { PinnedTable, QueryCost, QueryLimits, SqlAnswer, TableFile } from "../../types.ts"
import type { Block, ColumnStore, Wanted } from "../columns/column-store.ts"
import { GivenUp } from "../columns/dictionary.ts"
import { isCoded } from "../columns/encode.ts"
import type { Postings } from "../columns/postings.ts"
import { columnsRead, type DirectPlan, type Predicate } from "../plan.ts"
import { CountAccumulator } from "./accumulator.ts"
import { accumulators } from "./accumulators.ts"
import { growMasks, type TextCondition, termsOf, textConditions } from "./condition.ts"
import { type DeadRows, setRows } from "./dead-rows.ts"
import { codesKey, codesOf, dictionaryOf, prepareScalar } from "./derived.ts"
import { finishGroups } from "./finish-groups.ts"
import { Grouping, type GroupKey } from "./grouping.ts"
import { RowCollector } from "./select-rows.ts"
import { type Selection, Selector } from "./selection.ts"

/** A query gives way to others after as long: what waits is answered within a few milliseconds. */
const SLICE_MS = 3
/** Rows before the answer's first: they are kept while the order is found. */
const SKIP_MAX = 100_000
/** Of a value in memory, about: codes of one or two bytes, numbers of four. */
const BYTES_OF_VALUE = 2

export interface DirectRequest {
  readonly plan: DirectPlan
  readonly table: PinnedTable
  readonly limits: QueryLimits
  readonly signal?: AbortSignal
  /** False: rows are read even where a rollup holds the answer. */
  readonly useRollups?: boolean
}

/** What the queries of a process share. */
export interface RunContext {
  readonly clock: Clock
  readonly store: ColumnStore
  readonly dead: DeadRows
  readonly breathe: (() => Promise<void>) | undefined
  readonly openLevel: ((file: TableFile, level: ChosenLevel) => TableFile) | undefined
}

/** Files that are read side by side, so that a store's latency is waited for a few times only. */
const FILES_AHEAD_MAX = 16
/** At first: what a point query is left with is read in one round. */
const FILES_AHEAD_MIN = 4

/** Rows of a file that may be in the answer. */
interface Piece {
  readonly file: TableFile
  /** The file is a level: its rows stand for many, and are all of the table. */
  readonly isLevel: boolean
  /** Dead rows are meant, which a level beside it counts. */
  readonly isRetraction?: boolean
  readonly blocks: readonly Block[]
  /** Rows of the file that may be true; absent: any may. */
  readonly rows?: RowSet | undefined
  /** The statement's condition is true of each of them. */
  readonly isExact: boolean
}

/** The condition of retention: rows without a time stay. */
function cutOf({ time, cutBefore }: PinnedTable): readonly Predicate[] {
  if (time === undefined || cutBefore === undefined) return []
  const later: Predicate = { kind: "compare", op: ">=", column: time, value: cutBefore }
  return [{ kind: "or", parts: [later, { kind: "null", column: time, negated: false }] }]
}

/** One query. */
export class QueryRun {
  readonly #request: DirectRequest
  readonly #context: RunContext
  /** By which rows are judged: the statement's terms and retention's, each alone, and both. */
  readonly #own: Selector
  readonly #cut: Selector
  readonly #both: Selector
  readonly #texts: readonly TextCondition[]
  readonly #startedAt: number
  readonly #meter = newMeter()
  #rollup: string | undefined
  #sliceAt: number
  #rowsScanned = 0

  /** Throws `GivenUp`. */
  constructor(request: DirectRequest, context: RunContext) {
    this.#request = request
    this.#context = context
    this.#startedAt = context.clock.elapsed()
    this.#sliceAt = this.#startedAt
    const { filter } = request.plan
    const own = filter === undefined ? [] : termsOf(filter)
    const cut = cutOf(request.table).flatMap(termsOf)
    const filters = request.plan.aggregates.flatMap(call => call.filter ?? [])
    this.#texts = [...own, ...filters.flatMap(termsOf)].flatMap(textConditions)
    this.#own = new Selector(own)
    this.#cut = new Selector(cut)
    this.#both = cut.length === 0 ? this.#own : new Selector([...own, ...cut])
  }

  /** Throws `GivenUp`, `QueryError`, and what reading throws. */
  async answer(): Promise<SqlAnswer> {
    const { plan, table } = this.#request
    if (plan.skip > SKIP_MAX) throw new GivenUp("an offset far into the answer")
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
      phasesMs: { run: this.#context.clock.elapsed() - this.#startedAt },
    }
  }

  /**
   * Between two pieces of work: gives way, and ends what nobody waits for. Undefined where it is not time yet: to wait
   * for nothing takes as long as a small piece.
   */
  #pause(): Promise<void> | undefined {
    const now = this.#context.clock.elapsed()
    const { signal, limits } = this.#request
    if (signal?.aborted === true || now - this.#startedAt > limits.deadlineMs) {
      throw new QueryError("timeout", "The query ran past its deadline and was stopped")
    }
    return now - this.#sliceAt < SLICE_MS ? undefined : this.#giveWay()
  }

  async #giveWay(): Promise<void> {
    await this.#context.breathe?.()
    this.#sliceAt = this.#context.clock.elapsed()
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
    const rows = this.#files().reduce((sum, file) => sum + file.rows, 0)
    if (!this.#context.store.fits(rows * columns.length * BYTES_OF_VALUE)) {
      throw new GivenUp("more columns than memory holds")
    }
  }

  #files(): readonly TableFile[] {
    const { segments, tail } = this.#request.table
    return [...segments, ...tail].filter(({ rows }) => rows > 0)
  }

  /** Whether all columns that the query reads of segments are in memory. */
  holds(): boolean {
    const wanted = this.#wanted(columnsRead(this.#request.plan))
    return this.#request.table.segments.every(
      file => this.#context.store.held(file, wanted, file.kept?.rowGroups) !== undefined,
    )
  }

  async #blocks(file: TableFile, wanted: Wanted, groups?: readonly number[]): Promise<readonly Block[]> {
    const { store } = this.#context
    const held = store.held(file, wanted, groups)
    if (held !== undefined) return this.#isJudged(held) ? held : await this.#judged(held)
    const blocks = await store.load(file, wanted, groups, this.#meter)
    const pause = this.#pause()
    if (pause !== undefined) await pause
    return await this.#judged(blocks)
  }

  /** Conditions over text judge each value of a dictionary: of many, piece by piece. Blocks have theirs in common. */
  async #judged(blocks: readonly Block[]): Promise<readonly Block[]> {
    while (!this.#isJudged(blocks)) {
      const pause = this.#pause()
      if (pause !== undefined) await pause
    }
    return blocks
  }

  #isJudged([first]: readonly Block[]): boolean {
    return this.#texts.length === 0 || first === undefined || growMasks(this.#texts, first.columns)
  }

  /** A file's rows, without those that pruning left out. */
  async #piece(file: TableFile, wanted: Wanted): Promise<Piece> {
    const { rows, rowGroups, exact = false } = file.kept ?? {}
    const blocks = await this.#blocks(file, wanted, rowGroups)
    return { file, blocks, rows, isExact: exact, isLevel: false }
  }

  /** A file's rows, or the level that holds all that is asked of them, and then the dead rows that it counts. */
  async #levelOrPiece(whole: TableFile, wanted: Wanted, chooser: LevelChooser): Promise<readonly Piece[]> {
    const open = this.#request.useRollups === false ? undefined : this.#context.openLevel
    const chosen = open === undefined ? undefined : chooser.choose(whole)
    if (open === undefined || chosen === undefined) return [await this.#piece(whole, wanted)]
    this.#rollup = chosen.rollup.name
    const file = open(whole, chosen)
    const columns = { ...wanted, columns: chosen.columns, withOffsets: false }
    const [blocks, rows] = await Promise.all([
      this.#blocks(file, columns),
      chosen.retracts ? this.#piece(whole, wanted) : undefined,
    ])
    const level = { file, blocks, isLevel: true, isExact: false }
    return rows === undefined ? [level] : [level, { ...rows, isRetraction: true }]
  }

  /** Rows by value, of the columns that the segment has an inverted index of; levels are small, and have all. */
  #postings({ file, isLevel }: Piece, block: Block): ((column: string) => Postings | undefined) | undefined {
    if (isLevel) return column => this.#context.store.postings(block, column)
    const blobs = file.segment?.pointer.sidecar?.blobs
    if (blobs === undefined) return undefined
    const isIndexed = (column: string): boolean =>
      blobs.some(([name, kind]) => name === column && kind === "inverted")
    return column => (isIndexed(column) ? this.#context.store.postings(block, column) : undefined)
  }

  #selection(piece: Piece, block: Block): Selection {
    const { file, isLevel, isExact, rows } = piece
    if (piece.isRetraction === true) return this.#deadSelection(piece, block)
    const selector = isLevel ? this.#own : isExact ? this.#cut : this.#both
    const { segment } = file
    const dead = segment?.dead
    const isWhole = isLevel || dead === undefined || dead.offsets.length === 0
    const selection = selector.select(
      block.rows,
      block.columns,
      isWhole ? undefined : this.#context.dead.of(dead, block),
      rows?.rowsBetween(block.firstRow, block.firstRow + block.rows),
      this.#postings(piece, block),
    )
    this.#rowsScanned += selection.count
    return selection
  }

  /** The dead rows that a level of their segment counts. */
  #deadSelection({ file }: Piece, block: Block): Selection {
    const dead = file.segment?.dead
    const flags = dead === undefined ? undefined : this.#context.dead.of(dead, block)
    const selection = this.#own.select(block.rows, block.columns, undefined, setRows(flags))
    this.#rowsScanned += selection.count
    return selection
  }

  async #group(): Promise<Pick<SqlAnswer, "columns" | "rows">> {
    const { plan, table, limits } = this.#request
    const wanted = this.#wanted(columnsRead(plan))
    const chooser = new LevelChooser(plan, table)
    const files = this.#files().map(file => this.#levelOrPiece(file, wanted, chooser))
    const pieces = (await Promise.all(files)).flat()
    const blocks = pieces.flatMap(piece => piece.blocks)
    const keys = await this.#keys(blocks)
    const { store } = this.#context
    const isGrouped = plan.groups.length > 0
    await this.#prepare(blocks)
    const aggregates = accumulators(plan.aggregates, { table: table.name, store, blocks, isGrouped })
    // Groups that rows were taken from may have none left.
    const rowsOf =
      pieces.some(piece => piece.isRetraction) && isGrouped ? new CountAccumulator(undefined) : undefined
    const counted =
      rowsOf === undefined ? aggregates : [...aggregates, { accumulator: rowsOf, filter: undefined }]
    const grouping = new Grouping(keys, counted)
    for (const piece of pieces) {
      for (const block of piece.blocks) {
        const selection = this.#selection(piece, block)
        const step = piece.isRetraction === true ? "-" : "+"
        if (selection.count > 0) grouping.add(selection, block.columns, step)
        const pause = this.#pause()
        if (pause !== undefined) await pause
      }
    }
    const pause = () => this.#pause()
    const result = await finishGroups(plan, grouping, aggregates, limits, pause, rowsOf)
    grouping.close()
    return result
  }

  /** Makes parts of timestamps that aggregates are of, block by block. */
  async #prepare(blocks: readonly Block[]): Promise<void> {
    for (const { argument } of this.#request.plan.aggregates) {
      if (argument?.kind !== "call") continue
      for (const block of blocks) {
        prepareScalar(argument, block, this.#context.store)
        const pause = this.#pause()
        if (pause !== undefined) await pause
      }
    }
  }

  /** Codes of the groups' values in every block: dictionaries are whole before groups are numbered by them. */
  async #keys(blocks: readonly Block[]): Promise<readonly GroupKey[]> {
    const { plan, table } = this.#request
    const { store } = this.#context
    const keys: GroupKey[] = []
    for (const scalar of plan.groups) {
      const isPlain = isCoded(scalar.type)
      const key = isPlain && scalar.kind === "column" ? scalar.column : codesKey(scalar)
      for (const block of blocks) {
        if (block.columns.has(key)) continue
        codesOf(scalar, block, store, table.name)
        const pause = this.#pause()
        if (pause !== undefined) await pause
      }
      const dictionary = dictionaryOf(blocks, key) ?? store.dictionary(table.name, key, isPlain ? "" : 0)
      keys.push({ key, dictionary })
    }
    return keys
  }

  /** Files' rows, more and more of them read ahead: few rows may be all that is asked for. */
  async *#pieces(wanted: Wanted): AsyncGenerator<Piece> {
    const files = this.#files()
    const started: Promise<Piece>[] = []
    for (let at = 0; at < files.length; at++) {
      const until = Math.min(files.length, at + Math.min(FILES_AHEAD_MAX, FILES_AHEAD_MIN + at))
      while (started.length < until) {
        const piece = this.#piece(files[started.length]!, wanted)
        // Whoever stops before it is not told of its failure.
        piece.catch(() => {})
        started.push(piece)
      }
      yield await started[at]!
    }
  }

  async #select(): Promise<Pick<SqlAnswer, "columns" | "rows">> {
    const { plan, limits } = this.#request
    const wanted = this.#wanted(columnsRead(plan))
    const collector = new RowCollector(plan, limits)
    for await (const piece of this.#pieces(wanted)) {
      for (const block of piece.blocks) {
        const selection = this.#selection(piece, block)
        // Rows that were looked up by value come value by value.
        if (!selection.all) selection.rows.subarray(0, selection.count).sort()
        if (selection.count > 0) collector.add(block, selection)
        const pause = this.#pause()
        if (pause !== undefined) await pause
      }
      if (collector.isFull) break
    }
    return collector.finish()
  }
}
