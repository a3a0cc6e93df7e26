import type { OffsetSet } from "../../segment/offset-set.ts"
import { lowerBound } from "../../segment/offset-set.ts"
import { OFFSET_COLUMN } from "../../segment/parquet.ts"
import type { NumberColumn } from "../columns/block-column.ts"
import type { Block } from "../columns/column-store.ts"

/** A flag for each offset of a block, while there are at most so many times as many as rows: else a set is smaller. */
const SPREAD_MAX = 16

type ByBlock = WeakMap<Block, Uint8Array>

/**
 * Which rows of a block are dead, found once for each set of offsets. Each pin cuts its segments' sets out of the
 * partition's anew: they are known again by the memory that they share.
 */
export class DeadRows {
  readonly #found = new WeakMap<ArrayBufferLike, Map<string, ByBlock>>()

  /** 1 for each dead row; undefined where none is. The block holds its offsets. */
  of(dead: OffsetSet, block: Block): Uint8Array | undefined {
    const blocks = this.#blocks(dead)
    let rows = blocks.get(block)
    if (rows === undefined) {
      rows = deadRows(dead, block)
      blocks.set(block, rows)
    }
    return rows.length === 0 ? undefined : rows
  }

  #blocks({ offsets }: OffsetSet): ByBlock {
    let slices = this.#found.get(offsets.buffer)
    if (slices === undefined) {
      slices = new Map()
      this.#found.set(offsets.buffer, slices)
    }
    const slice = `${offsets.byteOffset}+${offsets.length}`
    let blocks = slices.get(slice)
    if (blocks === undefined) {
      blocks = new WeakMap()
      slices.set(slice, blocks)
    }
    return blocks
  }
}

/** The rows of a block that are 1, ascending. */
export function setRows(flags: Uint8Array | undefined): Uint32Array {
  const rows = new Uint32Array(flags?.length ?? 0)
  let count = 0
  for (let row = 0; row < rows.length; row++) if (flags![row] === 1) rows[count++] = row
  return rows.subarray(0, count)
}

function deadRows(dead: OffsetSet, block: Block): Uint8Array {
  const column = block.columns.get(OFFSET_COLUMN)
  if (column?.kind !== "numbers") throw new RangeError("a block without its offsets")
  const within = dead.offsets.subarray(lowerBound(dead, column.min), lowerBound(dead, column.max + 1))
  if (within.length === 0) return new Uint8Array(0)
  return column.max - column.min < SPREAD_MAX * block.rows ? byFlags(within, column) : bySet(within, column)
}

function byFlags(dead: Float64Array, { values, min, max }: NumberColumn): Uint8Array {
  const flags = new Uint8Array(max - min + 1)
  for (const offset of dead) flags[offset - min] = 1
  const rows = new Uint8Array(values.length)
  for (let row = 0; row < rows.length; row++) rows[row] = flags[values[row]! - min]!
  return rows
}

function bySet(dead: Float64Array, { values }: NumberColumn): Uint8Array {
  const set = new Set(dead)
  const rows = new Uint8Array(values.length)
  for (let row = 0; row < rows.length; row++) rows[row] = set.has(values[row]!) ? 1 : 0
  return rows
}
