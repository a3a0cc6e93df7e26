import type { ColumnSpec, ColumnType, UpsertStrategy } from "../../definition/table-spec.ts"
import { StorageError } from "../../storage/errors.ts"
import type { ColumnBatch, ColumnVector } from "../ingest/column.ts"
import { defaultColumn } from "../ingest/default-column.ts"
import { rowMatcher } from "../purge/matching.ts"
import type { Erasing } from "./erasing.ts"
import { foldCell } from "./fold-cell.ts"
import { type Cell, ImageWriter, readImage } from "./row-image.ts"
import type { KeyRules } from "./rules.ts"

type Row = readonly Cell[]

/** Merges rows of a partial upsert, column by column, into what stood for their keys. */
export class RowFolder {
  readonly #strategies: readonly UpsertStrategy[]
  readonly #schemas: readonly (readonly ColumnSpec[])[]
  readonly #columns: readonly ColumnSpec[]
  /** Of columns that are newer than an image. */
  readonly #defaults: readonly Cell[]
  readonly #writer = new ImageWriter()
  /** By key number: the row that stands. */
  readonly #rows: (Row | undefined)[] = []
  readonly #erasures: readonly { readonly end: number; readonly matches: (row: Row) => boolean }[]
  #batch: ColumnBatch | undefined
  /** By key number: what its row takes in memory, about. */
  readonly #rowBytes: number[] = []
  /** Of all rows. */
  bytes = 0

  /**
   * @param schemas of the table, the newest last: images may be of older ones
   * @param erasures what stands no more
   */
  constructor(
    { strategies = [], key, compare, columns }: KeyRules,
    schemas: readonly (readonly ColumnSpec[])[],
    erasures: readonly Erasing[] = [],
  ) {
    this.#erasures = erasures.map(({ end, where }) => ({ end, matches: rowMatcher(where, columns) }))
    // A key's columns are equal, and a row carries the comparison value that it won with.
    this.#strategies = strategies.map((strategy, index) =>
      key.includes(index) || compare?.index === index ? "overwrite" : strategy,
    )
    this.#columns = columns
    this.#defaults = columns.map(column =>
      column.default === undefined ? null : cellAt(defaultColumn(column, 1), 0),
    )
    this.#schemas = schemas
  }

  /** The rows to fold are those of this batch from now on. */
  begin(batch: ColumnBatch): void {
    this.#batch = batch
  }

  /**
   * Merges a row into what stands for its key; false where a value cannot be held: then nothing is changed.
   * @param stands whether a row stands that it is merged into
   * @param image of that row, unless one was folded here already
   */
  fold(number: number, row: number, stands: boolean, image: Uint8Array | undefined): boolean {
    const before = stands ? (this.#rows[number] ?? this.#decode(image)) : undefined
    const { columns } = this.#batch!
    const merged: Cell[] = []
    for (let index = 0; index < columns.length; index++) {
      const own = cellAt(columns[index]!, row)
      const { type } = this.#columns[index]!
      const cell = before === undefined ? own : foldCell(this.#strategies[index]!, type, before[index]!, own)
      if (cell === undefined) return false
      merged.push(cell)
    }
    this.#rows[number] = merged
    const bytes = merged.reduce<number>((sum, cell) => sum + CELL_BYTES + lengthOf(cell), 0)
    this.bytes += bytes - (this.#rowBytes[number] ?? 0)
    this.#rowBytes[number] = bytes
    return true
  }

  /** Whether an erasure takes the row that was folded here for a key, by the record at `offset`. */
  isErased(number: number, offset: number): boolean {
    const row = this.#rows[number]!
    return this.#erasures.some(({ end, matches }) => offset < end && matches(row))
  }

  /** Whether an erasure takes a row of the key index, of the record at `offset`. */
  takes(image: Uint8Array, offset: number): boolean {
    const open = this.#erasures.filter(({ end }) => offset < end)
    if (open.length === 0) return false
    const row = this.#decode(image)!
    return open.some(({ matches }) => matches(row))
  }

  /** The same of the row that stood before any was folded here. @param image of that row */
  wasErased(number: number, offset: number, image: Uint8Array | undefined): boolean {
    if (!this.#erasures.some(({ end }) => offset < end)) return false
    if (this.#rows[number] === undefined && image === undefined) return false
    this.#rows[number] ??= this.#decode(image)!
    return this.isErased(number, offset)
  }

  /** The row that stands for a key that was folded here. */
  cells(number: number): Row {
    return this.#rows[number]!
  }

  image(number: number): Uint8Array {
    return this.#writer.write(this.#schemas.length, this.#rows[number]!)
  }

  /** Rows as columns. */
  columns(rows: readonly Row[]): readonly ColumnVector[] {
    return this.#columns.map(({ type }, index) =>
      vectorOf(
        this.#batch!.columns[index]!,
        type,
        rows.map(row => row[index]!),
      ),
    )
  }

  /** An image as the newest schema has it: columns go by their names, and what was narrower is widened. */
  #decode(image: Uint8Array | undefined): Row | undefined {
    if (image === undefined) return undefined
    const { schemaVersion, cells } = readImage(image)
    const schema = this.#schemas[schemaVersion - 1]
    if (schema?.length !== cells.length) {
      throw new StorageError(
        "corrupt",
        `a merged row has ${cells.length} columns of schema version ${schemaVersion}`,
      )
    }
    return this.#columns.map((column, own) => {
      const index = schema.findIndex(({ name }) => name === column.name)
      return index < 0 ? this.#defaults[own]! : widened(cells[index]!, column.type)
    })
  }
}

/** Of a value's place in a row, and of a number beside it. */
const CELL_BYTES = 16

function lengthOf(cell: Cell): number {
  if (typeof cell === "string" || cell instanceof Uint8Array) return cell.length
  return Array.isArray(cell) ? cell.length * CELL_BYTES : 0
}

function widened(cell: Cell, type: ColumnType): Cell {
  if (Array.isArray(cell)) return cell.map(one => widened(one, type))
  return typeof cell === "number" && type === "long" ? BigInt(cell) : cell
}

function cellAt({ nulls, values }: ColumnVector, row: number): Cell {
  return nulls[row] === 1 ? null : (values[row] as Cell)
}

/** @param like a column of the same type */
function vectorOf(like: ColumnVector, type: ColumnType, cells: readonly Cell[]): ColumnVector {
  const nulls = Uint8Array.from(cells, cell => (cell === null ? 1 : 0))
  const nullCount = nulls.reduce((sum, one) => sum + one, 0)
  const empty = like.type === "list" ? [] : EMPTY_CELLS[type]
  const filled = cells.map(cell => cell ?? empty)
  if (Array.isArray(like.values)) return { ...like, nulls, nullCount, values: filled } as ColumnVector
  const Typed = like.values.constructor as unknown as {
    from(cells: readonly unknown[]): ColumnVector["values"]
  }
  return { ...like, nulls, nullCount, values: Typed.from(filled) } as ColumnVector
}

const EMPTY_CELLS: Readonly<Record<ColumnType, Cell>> = {
  int: 0,
  long: 0n,
  timestamp: 0n,
  float: 0,
  double: 0,
  boolean: 0,
  string: "",
  json: "null",
  decimal: 0n,
  bytes: new Uint8Array(0),
}
