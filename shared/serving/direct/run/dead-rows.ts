import type { OffsetSet } from "../../segment/offset-set.ts"
import { OFFSET_COLUMN } from "../../segment/parquet.ts"
import type { Block } from "../columns/column-store.ts"

/** Which rows of a block are dead, found once for each set of offsets. */
export class DeadRows {
  readonly #found = new WeakMap<OffsetSet, WeakMap<Block, Uint8Array>>()

  /** 1 for each dead row; undefined where none is. The block holds its offsets. */
  of(dead: OffsetSet, block: Block): Uint8Array | undefined {
    let blocks = this.#found.get(dead)
    if (blocks === undefined) {
      blocks = new WeakMap()
      this.#found.set(dead, blocks)
    }
    let rows = blocks.get(block)
    if (rows === undefined) {
      rows = deadRows(dead, block)
      blocks.set(block, rows)
    }
    return rows.length === 0 ? undefined : rows
  }
}

/** The rows of a block that are 1, ascending. */
export function setRows(flags: Uint8Array | undefined): Uint32Array {
  const rows = new Uint32Array(flags?.length ?? 0)
  let count = 0
  for (let row = 0; row < rows.length; row++) if (flags![row] === 1) rows[count++] = row
  return rows.subarray(0, count)
}

function deadRows({ offsets }: OffsetSet, block: Block): Uint8Array {
  const column = block.columns.get(OFFSET_COLUMN)
  if (column?.kind !== "numbers") throw new RangeError("a block without its offsets")
  const within = offsets.filter(offset => offset >= column.min && offset <= column.max)
  if (within.length === 0) return new Uint8Array(0)
  const dead = new Set(within)
  return Uint8Array.from(column.values, offset => (dead.has(offset) ? 1 : 0))
}
