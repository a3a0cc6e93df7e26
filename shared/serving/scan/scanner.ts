import type { ColumnSpec } from "../../definition/table-spec.ts"
import type { Clock } from "../../storage/time.ts"
import type { DirectPlan, Predicate } from "../direct/plan.ts"
import { SegmentPruner } from "../index/pruner.ts"
import type { PruneRules } from "../index/segment-facts.ts"
import type { Pruned, Pruner } from "../index/types.ts"
import { type ChunkStore, COALESCE_GAP_BYTES, newMeter, type WantedRange } from "../read/chunk-store.ts"
import type { Footer } from "../read/footer.ts"
import type { FooterStore } from "../read/footer-store.ts"
import { planMini } from "../read/mini-parquet.ts"
import { checkChunk } from "../read/segment-reader.ts"
import type { ReadMeter } from "../read/types.ts"
import { type ChosenLevel, LevelChooser } from "../rollup/choose-levels.ts"
import { OFFSET_COLUMN } from "../segment/parquet.ts"
import { segmentKey } from "../segment/segment-key.ts"
import { folded } from "../sql/folded.ts"
import type { PinnedTable, TableFile } from "../types.ts"
import { before } from "./deadline.ts"
import type { TableExplanation } from "./explain.ts"
import type { TableNeeds } from "./needs.ts"

/** Up to here the whole file is read: its columns lie so near each other that one request would read it all anyway. */
const WHOLE_BYTES_MAX = COALESCE_GAP_BYTES

/** A table as far as a statement needs it. */
export interface Scanned extends Omit<Pruned, "kept"> {
  readonly table: PinnedTable
}

/** Takes from pinned tables what a statement cannot need. */
export class Scanner {
  readonly #chunks: ChunkStore
  readonly #footers: FooterStore
  readonly #pruner: Pruner
  readonly #clock: Clock

  /** @param indexBytesMax memory for indexes that were read */
  constructor(chunks: ChunkStore, footers: FooterStore, clock: Clock, indexBytesMax?: number) {
    this.#chunks = chunks
    this.#footers = footers
    this.#pruner = new SegmentPruner(chunks, footers, indexBytesMax)
    this.#clock = clock
  }

  /** Milliseconds from an arbitrary start. */
  elapsed(): number {
    return this.#clock.elapsed()
  }

  /** The promise's value, or a `timeout` after `ms`. */
  before<T>(ms: number, promise: Promise<T>): Promise<T> {
    return before(this.#clock, ms, promise)
  }

  /** The table without segments and row groups for which the condition cannot be true. Throws `StorageError`. */
  async prune(
    table: PinnedTable,
    filter: Predicate | undefined,
    meter: ReadMeter,
    rules?: PruneRules,
  ): Promise<Scanned> {
    const { kept, ...rest } = await this.#pruner.prune(table, filter, meter, rules)
    const segments = kept.map(({ file, rows, rowGroups, exact }): TableFile => {
      if (rows === undefined && rowGroups === undefined && !exact) return file
      const held = {
        ...(rows === undefined ? {} : { rows }),
        ...(rowGroups === undefined ? {} : { rowGroups }),
      }
      return { ...file, kept: { ...held, exact } }
    })
    return { ...rest, table: { ...table, segments } }
  }

  /**
   * The table with files that hold only some columns, and only the row groups that pruning left: read by ranges when
   * they are read. Throws `StorageError`.
   * @param columns folded names, perhaps of others too; undefined: all
   */
  async narrow(
    table: PinnedTable,
    columns: ReadonlySet<string> | undefined,
    meter: ReadMeter,
  ): Promise<PinnedTable> {
    const wanted = columns === undefined ? undefined : withOwn(table, columns)
    const files = table.segments.map(file => narrowable(table, file, wanted))
    const segments = files.flatMap(one => (one === undefined ? [] : [one.file.segment!]))
    const footers = await this.#footers.many(segments, meter)
    let next = 0
    const narrowed = files.map((one, at) => {
      const file = table.segments[at]!
      return one === undefined ? metered(file, meter) : this.#mini(one, footers[next++]!, meter)
    })
    return { ...table, segments: narrowed }
  }

  /**
   * What would be read of a table, found out as far as possible without reading rows. Throws `StorageError`.
   * @param plan of the direct path, which may take rollups
   */
  async explain(
    table: PinnedTable,
    { filter, columns }: TableNeeds,
    rules: PruneRules,
    plan?: DirectPlan,
  ): Promise<TableExplanation> {
    const meter = newMeter()
    const { table: left, pruned, used } = await this.prune(table, filter, meter, rules)
    const chooser = plan === undefined ? undefined : new LevelChooser(plan, table)
    const levels: ChosenLevel[] = []
    const segments = left.segments.filter(file => {
      const level = chooser?.choose(file)
      if (level !== undefined) levels.push(level)
      return level === undefined
    })
    const pinned = segments.flatMap(({ segment }) => segment ?? [])
    const footers = await this.#footers.many(pinned, meter)
    const narrowed = await this.narrow({ ...left, segments }, columns, meter)
    const groups = footers.reduce((sum, footer) => sum + footer.groups.length, 0)
    const skipped = segments.reduce((sum, { kept, segment }) => {
      if (kept?.rowGroups === undefined || segment === undefined) return sum
      return sum + footers[pinned.indexOf(segment)]!.groups.length - kept.rowGroups.length
    }, 0)
    const sumOf = (of: (file: TableFile) => number) =>
      narrowed.segments.reduce((sum, file) => sum + of(file), 0)
    const [first] = levels
    const rows = levels.reduce((sum, { level }) => sum + level.rows, 0)
    const named = table.columns.map(({ name }) => name).filter(name => columns?.has(folded(name)))
    return {
      table,
      pruned,
      used,
      filter,
      segments: left.segments.length,
      rowGroups: groups - skipped,
      rowGroupsOf: groups,
      rows: sumOf(file => file.kept?.rows?.size ?? file.rows),
      bytes: sumOf(({ sizeBytes }) => sizeBytes),
      columns: columns === undefined ? undefined : named,
      ...(first === undefined ? {} : { rollup: { name: first.rollup.name, segments: levels.length, rows } }),
    }
  }

  #mini({ file, columns }: Narrowable, footer: Footer, meter: ReadMeter): TableFile {
    const groups = file.kept?.rowGroups ?? footer.groups.map((_, index) => index)
    const offset = columns.withOffset ? [OFFSET_COLUMN] : []
    const names = new Set([...columns.specs.map(({ name }) => name), ...offset])
    // `count(*)` reads rows without any of their columns.
    if (names.size === 0) names.add(smallest(footer))
    const mini = planMini(footer, names, groups)
    const { tableId, partition, pointer } = file.segment!
    const key = segmentKey(tableId, partition, pointer)
    return {
      ...file,
      id: `${file.id}#${[...names].join()}#${file.kept?.rowGroups?.join() ?? ""}`,
      rows: mini.rows,
      sizeBytes: mini.sizeBytes,
      columns: columns.specs,
      read: async () => {
        const ranges = mini.chunks.map(({ start, end }): WantedRange => ({ key, start, end }))
        const bodies = await this.#chunks.read(ranges, meter)
        return mini.join(bodies.map((bytes, at) => checkChunk(key, mini.chunks[at]!, bytes)))
      },
    }
  }
}

interface Narrowable {
  readonly file: TableFile
  readonly columns: { readonly specs: readonly ColumnSpec[]; readonly withOffset: boolean }
}

/** Undefined: the file is read as a whole. */
function narrowable(
  table: PinnedTable,
  file: TableFile,
  wanted: ReadonlySet<string> | undefined,
): Narrowable | undefined {
  const { segment, columns = table.columns, kept, sizeBytes } = file
  if (segment === undefined || sizeBytes <= WHOLE_BYTES_MAX) return undefined
  const specs = wanted === undefined ? columns : columns.filter(({ name }) => wanted.has(folded(name)))
  if (specs.length === columns.length && kept?.rowGroups === undefined) return undefined
  const withOffset = segment.dead !== undefined || (table.purges ?? []).length > 0
  return { file, columns: { specs, withOffset } }
}

/** With the columns by which rows are left out that are no part of the table. */
function withOwn(
  { time, cutBefore, purges = [] }: PinnedTable,
  columns: ReadonlySet<string>,
): ReadonlySet<string> {
  const own = new Set(columns)
  if (time !== undefined && cutBefore !== undefined) own.add(folded(time))
  const add = (predicate: Predicate): void => {
    if ("parts" in predicate) predicate.parts.forEach(add)
    else if ("part" in predicate) add(predicate.part)
    else if ("column" in predicate) own.add(folded(predicate.column))
  }
  for (const { where } of purges) add(where)
  return own
}

function smallest({ leaves, groups }: Footer): string {
  const bytes = (column: string) =>
    groups.reduce((sum, { chunks }) => sum + chunks.get(column)!.end - chunks.get(column)!.start, 0)
  return leaves
    .map(({ column }) => column)
    .reduce((least, column) => (bytes(column) < bytes(least) ? column : least))
}

/** A file that is read as a whole, and counted. */
export function metered(file: TableFile, meter: ReadMeter): TableFile {
  if (file.segment === undefined) return file
  return {
    ...file,
    read: async () => {
      meter.requests++
      meter.bytesFetched += file.sizeBytes
      meter.objects.add(file.id)
      return await file.read()
    },
  }
}
