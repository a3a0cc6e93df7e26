import { type BlockColumn, codedColumn, type NumberColumn, numberColumn } from "../columns/block-column.ts"
import type { Block, ColumnStore } from "../columns/column-store.ts"
import { type Dictionary, GivenUp } from "../columns/dictionary.ts"
import type { Scalar } from "../plan.ts"
import { scalarKey } from "../planning/scalar.ts"
import { Code } from "./code.ts"
import { instantColumn } from "./instant-parts.ts"
import { numberSource } from "./number-source.ts"

const arithmetic = ["+", "-", "*", "neg"]

/** Makes the columns of a block that a value needs beyond those that are stored: parts of timestamps. */
export function prepareScalar(scalar: Scalar, block: Block, store: ColumnStore): void {
  if (scalar.kind !== "call") return
  if (arithmetic.includes(scalar.fn)) {
    for (const arg of scalar.args) prepareScalar(arg, block, store)
    return
  }
  const key = scalarKey(scalar)
  if (block.columns.has(key)) return
  const [arg] = scalar.args
  const column = arg?.kind === "column" ? block.columns.get(arg.column) : undefined
  if (column?.kind !== "numbers") throw new GivenUp("a part of what is no timestamp")
  store.add(block, key, instantColumn(scalar.fn, scalar.unit, column))
}

type Fill = (args: readonly unknown[], rows: number, out: Float64Array) => number

/** The value as a column of numbers. */
function numbersOf(scalar: Scalar, block: Block): NumberColumn {
  const stored = block.columns.get(scalar.kind === "column" ? scalar.column : scalarKey(scalar))
  if (stored?.kind === "numbers") return stored
  const value = numberSource(scalar, block.columns)
  const code = new Code()
  const body = `for(let r=0;r<rows;r++)out[r]=${value.source(code)};return 0`
  const out = new Float64Array(block.rows)
  code.compile<Fill>("rows,out", body)(code.args, block.rows, out)
  const nulls = value.nulls.length === 0 ? undefined : new Uint8Array(block.rows)
  if (nulls !== undefined) {
    for (const other of value.nulls) for (let row = 0; row < nulls.length; row++) nulls[row]! |= other[row]!
  }
  return numberColumn(out, nulls)
}

function coded(column: NumberColumn, dictionary: Dictionary): BlockColumn {
  const { values, nulls } = column
  const codes = new Int32Array(values.length)
  for (let row = 0; row < codes.length; row++) {
    if (nulls === undefined || nulls[row] === 0) codes[row] = dictionary.code(values[row]!)
  }
  return codedColumn(codes, dictionary)
}

/** By what a value's codes are kept with its block. */
export function codesKey(scalar: Scalar): string {
  return `codes ${scalarKey(scalar)}`
}

/** The value as codes, for groups and distinct counts; made once a block. Throws `GivenUp`. */
export function codesOf(scalar: Scalar, block: Block, store: ColumnStore, table: string): BlockColumn {
  const plain = scalar.kind === "column" ? block.columns.get(scalar.column) : undefined
  if (plain?.kind === "codes") return plain
  const key = codesKey(scalar)
  const known = block.columns.get(key)
  if (known !== undefined) return known
  prepareScalar(scalar, block, store)
  const made = coded(numbersOf(scalar, block), store.dictionary(table, key, 0))
  store.add(block, key, made)
  return made
}

/**
 * The one dictionary of a coded column in all blocks; undefined without blocks. Throws `GivenUp` where blocks were made
 * before and after all dictionaries were dropped.
 */
export function dictionaryOf(blocks: readonly Block[], key: string): Dictionary | undefined {
  let found: Dictionary | undefined
  for (const block of blocks) {
    const column = block.columns.get(key)
    if (column?.kind !== "codes") throw new RangeError(`a block without codes of ${key}`)
    if (found !== undefined && column.dictionary !== found) throw new GivenUp("dictionaries of two ages")
    found = column.dictionary
  }
  return found
}
