import { LRUCache } from "lru-cache"
import type { ColumnSpec } from "../../../definition/table-spec.ts"
import type { ReadMeter } from "../../read/types.ts"
import { OFFSET_COLUMN } from "../../segment/parquet.ts"
import type { TableFile } from "../../types.ts"
import type { BlockColumn } from "./block-column.ts"
import type { BlockSource, LoadedGroup } from "./block-source.ts"
import { Dictionary } from "./dictionary.ts"
import { absentColumn, checkType } from "./encode.ts"
import { type Postings, postingsOf } from "./postings.ts"

/** Decoded columns kept by a process: 40 columns of 6 M rows, at two bytes a value. */
export const COLUMN_BYTES_MAX = 512 * 1024 ** 2
/** Shapes kept: of as many segments as a query takes, a few times over. */
const SHAPES_KEPT = 65_536

/** Rows of one row group, column by column, as far as they were asked for. */
export class Block {
  readonly id: string
  readonly rows: number
  /** The row of its file that its first row is. */
  readonly firstRow: number
  readonly columns = new Map<string, BlockColumn>()
  /** Rows by value, of columns with an index; null where a column has none. */
  readonly postings = new Map<string, Postings | null>()
  bytes = 1

  constructor(id: string, rows: number, firstRow: number) {
    this.id = id
    this.rows = rows
    this.firstRow = firstRow
  }
}

/** What a query wants of a table's files. */
export interface Wanted {
  /** Names the table, and so its dictionaries. */
  readonly table: string
  /** With the types that the table has them in. */
  readonly columns: readonly ColumnSpec[]
  /** All of the table's columns: what a file has that names none of its own. */
  readonly all: readonly ColumnSpec[]
  readonly withOffsets: boolean
}

/** A file's row groups. */
interface Shape {
  readonly rows: readonly number[]
  /** What their blocks are kept by. */
  readonly ids: readonly string[]
}

const offsetSpec: ColumnSpec = { name: OFFSET_COLUMN, type: "long" }

/** Decoded columns of files, kept within bytes, and the dictionaries of tables' columns. */
export class ColumnStore {
  readonly #source: (file: TableFile) => BlockSource
  readonly #bytesMax: number
  readonly #breathe: (() => Promise<void>) | undefined
  readonly #blocks: LRUCache<string, Block>
  readonly #shapes = new LRUCache<string, Shape>({ max: SHAPES_KEPT })
  readonly #loading = new Map<string, Promise<void>>()
  #dictionaries = new Map<string, Dictionary>()

  /** @param breathe lets other work of the process run between two columns; default: nothing is let in */
  constructor(
    source: (file: TableFile) => BlockSource,
    bytesMax: number = COLUMN_BYTES_MAX,
    breathe?: () => Promise<void>,
  ) {
    this.#source = source
    this.#breathe = breathe
    this.#bytesMax = bytesMax
    this.#blocks = new LRUCache({ maxSize: bytesMax, sizeCalculation: ({ bytes }) => bytes })
  }

  /** Values of a column, or of a value made of columns, by what names it in its table. */
  dictionary(table: string, name: string, filler: string | number): Dictionary {
    const key = `${table}\n${name}`
    const known = this.#dictionaries.get(key)
    if (known !== undefined) return known
    const made = new Dictionary(filler)
    this.#dictionaries.set(key, made)
    return made
  }

  /** The file's blocks, where all that is wanted of them is in memory. */
  held(file: TableFile, wanted: Wanted, groups: readonly number[] | undefined): readonly Block[] | undefined {
    const shape = this.#shapes.get(file.id)
    if (shape === undefined) return undefined
    const blocks: Block[] = []
    const count = groups?.length ?? shape.rows.length
    for (let at = 0; at < count; at++) {
      const block = this.#blocks.get(shape.ids[groups?.[at] ?? at]!)
      if (block === undefined || !hasAll(block, wanted)) return undefined
      blocks.push(block)
    }
    return blocks
  }

  /** As `held`, but reads what is missing. Throws `GivenUp` and what the source throws. */
  async load(
    file: TableFile,
    wanted: Wanted,
    groups: readonly number[] | undefined,
    meter: ReadMeter,
  ): Promise<readonly Block[]> {
    // One at a time: who comes later finds what the others read.
    for (let other = this.#loading.get(file.id); other !== undefined; other = this.#loading.get(file.id)) {
      await other
    }
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#loading.set(file.id, promise)
    try {
      return await this.#load(file, wanted, groups, meter)
    } finally {
      this.#loading.delete(file.id)
      resolve()
    }
  }

  async #load(
    file: TableFile,
    wanted: Wanted,
    groups: readonly number[] | undefined,
    meter: ReadMeter,
  ): Promise<readonly Block[]> {
    const source = this.#source(file)
    const shape = this.#shapes.get(file.id) ?? shapeOf(file, await source.shape(file, meter))
    this.#shapes.set(file.id, shape)
    const indexes = groups ?? shape.rows.map((_, index) => index)
    const blocks = indexes.map(group => this.#block(shape, group))
    const missing = indexes.filter((_, at) => !hasAll(blocks[at]!, wanted))
    if (missing.length > 0) {
      const specs = fileSpecs(file, wanted)
      const loaded = await source.load(file, specs, missing, meter)
      for (const [at, group] of missing.entries()) {
        const block = blocks[indexes.indexOf(group)]!
        await this.#fill(block, wanted, loaded[at]!)
      }
    }
    return blocks
  }

  #block({ rows, ids }: Shape, group: number): Block {
    const id = ids[group]!
    const firstRow = (): number => rows.slice(0, group).reduce((sum, count) => sum + count, 0)
    return this.#blocks.get(id) ?? new Block(id, rows[group] ?? 0, firstRow())
  }

  async #fill(block: Block, wanted: Wanted, loaded: LoadedGroup): Promise<void> {
    for (const { name, type } of wanted.columns) {
      if (block.columns.has(name)) continue
      const dictionary = (): Dictionary<string> =>
        this.dictionary(wanted.table, valuesName(name), "") as Dictionary<string>
      const encode = loaded.get(name)
      this.add(block, name, encode?.(dictionary) ?? absentColumn(type, block.rows, dictionary))
      await this.#breathe?.()
    }
    const offsets = wanted.withOffsets ? loaded.get(OFFSET_COLUMN) : undefined
    if (offsets !== undefined && !block.columns.has(OFFSET_COLUMN)) {
      this.add(
        block,
        OFFSET_COLUMN,
        offsets(() => {
          throw new RangeError("offsets are numbers")
        }),
      )
    }
  }

  /** Keeps a column with its block: one that was read, or one that was made of others. */
  add(block: Block, name: string, column: BlockColumn): void {
    block.columns.set(name, column)
    block.bytes += column.bytes
    this.#blocks.set(block.id, block)
  }

  /** The rows of each value of a block's column, made when they are first asked for. */
  postings(block: Block, name: string): Postings | undefined {
    const known = block.postings.get(name)
    if (known !== undefined) return known ?? undefined
    const column = block.columns.get(name)
    const made = column === undefined ? undefined : postingsOf(column)
    block.postings.set(name, made ?? null)
    block.bytes += made?.bytes ?? 0
    this.#blocks.set(block.id, block)
    return made
  }

  /** Whether a query over so many bytes could be kept at all. */
  fits(bytes: number): boolean {
    return bytes <= this.#bytesMax
  }

  /** Bytes of the dictionaries; who asks between queries may `forget`. */
  get dictionaryBytes(): number {
    let bytes = 0
    for (const dictionary of this.#dictionaries.values()) bytes += dictionary.bytes
    return bytes
  }

  /** Drops everything. Queries that run keep what they hold. */
  forget(): void {
    this.#blocks.clear()
    this.#dictionaries = new Map()
  }
}

/** A level's extremes of a column are values of that column: they share its dictionary. */
function valuesName(name: string): string {
  return name.replace(/^\$(?:min|max)\$/, "")
}

function shapeOf({ id }: TableFile, rows: readonly number[]): Shape {
  return { rows, ids: rows.map((_, group) => `${id}#${group}`) }
}

function hasAll(block: Block, { columns, withOffsets }: Wanted): boolean {
  for (const { name } of columns) if (!block.columns.has(name)) return false
  return !withOffsets || block.columns.has(OFFSET_COLUMN)
}

/** The wanted columns that the file has, with its types. Throws `GivenUp` where a type changed by more than a widening. */
function fileSpecs(file: TableFile, { columns, all, withOffsets }: Wanted): readonly ColumnSpec[] {
  const stored = file.columns ?? all
  const specs = columns.flatMap(({ name, type }) => {
    const spec = stored.find(other => other.name === name)
    if (spec !== undefined) checkType(spec.type, type)
    return spec === undefined ? [] : [spec]
  })
  return withOffsets ? [...specs, offsetSpec] : specs
}
