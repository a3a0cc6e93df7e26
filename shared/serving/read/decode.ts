import { StorageError } from "../../storage/errors.ts"
import { BinaryBuilder, readTexts } from "./binary.ts"
import type { Chunk } from "./footer.ts"
import { isById, newIds, readIds } from "./ids.ts"
import type { Leaf } from "./leaf.ts"
import { NumberBuilder, narrowedLongs } from "./numbers.ts"
import { type Page, readPages } from "./page.ts"
import type { DecodedColumn, DecodedValues } from "./types.ts"

/**
 * A chunk's values. Few different texts stay ids with their dictionary; no text of a row is made.
 * @param exactLongs longs and timestamps as 64-bit integers, whatever they are
 *
 * Throws `StorageError` (`corrupt`), also for encodings that no segment has.
 */
export function decodeChunk(bytes: Uint8Array, chunk: Chunk, exactLongs = false): DecodedColumn {
  const { leaf } = chunk
  const pages = readPages(bytes, chunk)
  const data = pages.filter(({ isDictionary }) => !isDictionary)
  const slots = data.reduce((sum, page) => sum + page.slots, 0)
  const levels = leaf.itemLevel > 0 ? joinedLevels(data, slots) : undefined
  const values = decodeValues(leaf, pages, slots, exactLongs)
  if (levels === undefined) return flat(leaf, data, slots, values)
  return asList(leaf, levels, values)
}

/** The values of all slots; those that are not there hold anything. */
function decodeValues(leaf: Leaf, pages: readonly Page[], slots: number, exactLongs: boolean): DecodedValues {
  const [first] = pages
  const dictionary = first?.isDictionary === true ? first : undefined
  const data = pages.filter(({ isDictionary }) => !isDictionary)
  const isText =
    leaf.type === "string" || leaf.type === "json" || leaf.type === "bytes" || leaf.type === "decimal"
  if (!isText) {
    const builder = new NumberBuilder(leaf, slots)
    if (dictionary !== undefined) builder.setDictionary(dictionary)
    let at = 0
    for (const page of data) {
      builder.add(page, at, spread(leaf, page))
      at += page.slots
    }
    const values = builder.finish()
    return { kind: "numbers", values: exactLongs ? values : narrowedLongs(values) }
  }
  if (dictionary !== undefined && data.every(isById)) {
    const ids = newIds(dictionary.slots, slots)
    let at = 0
    for (const page of data) {
      readIds(page, ids, at, spread(leaf, page))
      at += page.slots
    }
    return { kind: "dictionary", ids, dictionary: readTexts(leaf, dictionary) }
  }
  const builder = new BinaryBuilder(leaf, slots)
  if (dictionary !== undefined) builder.setDictionary(dictionary)
  for (const page of data) builder.add(page, spread(leaf, page))
  return { kind: "binary", ...builder.finish() }
}

/** The slots of a page that hold a value, ascending; undefined: all. */
function spread(leaf: Leaf, { definition, slots }: Page): Uint32Array | undefined {
  if (definition === undefined) return undefined
  const at = new Uint32Array(slots)
  let count = 0
  for (let slot = 0; slot < slots; slot++) if (definition[slot] === leaf.definitionMax) at[count++] = slot
  return count === slots ? undefined : at.subarray(0, count)
}

function flat(leaf: Leaf, pages: readonly Page[], rows: number, values: DecodedValues): DecodedColumn {
  if (pages.every(({ definition }) => definition === undefined))
    return sized({ type: leaf.type, rows, ...values })
  const nulls = new Uint8Array(rows)
  let at = 0
  let count = 0
  for (const { definition, slots } of pages) {
    for (let slot = 0; definition !== undefined && slot < slots; slot++) {
      if (definition[slot]! < leaf.definitionMax) {
        nulls[at + slot] = 1
        count++
      }
    }
    at += slots
  }
  return sized({ type: leaf.type, rows, ...values, ...(count === 0 ? {} : { nulls }) })
}

interface Levels {
  readonly definition: Uint8Array
  readonly repetition: Uint8Array
}

function joinedLevels(pages: readonly Page[], slots: number): Levels {
  const definition = new Uint8Array(slots)
  const repetition = new Uint8Array(slots)
  let at = 0
  for (const page of pages) {
    if (page.definition === undefined || page.repetition === undefined) {
      throw new StorageError("corrupt", "a page of a list without levels")
    }
    definition.set(page.definition, at)
    repetition.set(page.repetition, at)
    at += page.slots
  }
  return { definition, repetition }
}

/** Slots to rows and items: a slot below `itemLevel` is a row without items, or without a list. */
function asList(leaf: Leaf, { definition, repetition }: Levels, values: DecodedValues): DecodedColumn {
  const slots = definition.length
  const starts = new Uint32Array(slots + 1)
  const nulls = new Uint8Array(slots)
  const places = new Uint32Array(slots)
  const itemNulls = new Uint8Array(slots)
  // A list that may be absent is so one level below the empty one.
  const emptyLevel = leaf.itemLevel - 1
  let rows = 0
  let items = 0
  let nullItems = 0
  let nullRows = 0
  for (let slot = 0; slot < slots; slot++) {
    const level = definition[slot]!
    if (repetition[slot] === 0) {
      starts[rows] = items
      if (level < emptyLevel) {
        nulls[rows] = 1
        nullRows++
      }
      rows++
    }
    if (level < leaf.itemLevel) continue
    if (level < leaf.definitionMax) {
      itemNulls[items] = 1
      nullItems++
    }
    places[items++] = slot
  }
  starts[rows] = items
  const held = sized({
    type: leaf.type,
    rows: items,
    ...picked(values, places.subarray(0, items)),
    ...(nullItems === 0 ? {} : { nulls: itemNulls.slice(0, items) }),
  })
  return sized({
    type: leaf.type,
    rows,
    kind: "list",
    starts: starts.slice(0, rows + 1),
    items: held,
    ...(nullRows === 0 ? {} : { nulls: nulls.slice(0, rows) }),
  })
}

/** The values at some places. */
function picked(values: DecodedValues, places: Uint32Array): DecodedValues {
  if (values.kind === "numbers") {
    const all = values.values as Float64Array
    const some = new (all.constructor as new (length: number) => Float64Array)(places.length)
    for (let at = 0; at < places.length; at++) some[at] = all[places[at]!]!
    return { kind: "numbers", values: some }
  }
  if (values.kind === "dictionary") {
    const ids = newIds(values.dictionary.length, places.length)
    for (let at = 0; at < places.length; at++) ids[at] = values.ids[places[at]!]!
    return { ...values, ids }
  }
  if (values.kind === "list") throw new RangeError("expected values without lists")
  // Slots without a value are empty, so that bytes stay where they are.
  const starts = new Uint32Array(places.length + 1)
  for (let at = 0; at < places.length; at++) starts[at] = values.starts[places[at]!]!
  starts[places.length] = values.data.length
  return { ...values, starts }
}

/** What a text of a dictionary takes beside its letters. */
const TEXT_BYTES = 32

function sized(column: Omit<DecodedColumn, "bytes"> & DecodedValues): DecodedColumn {
  return { ...column, bytes: (column.nulls?.length ?? 0) + bytesOf(column) } as DecodedColumn
}

function bytesOf(column: DecodedValues): number {
  switch (column.kind) {
    case "numbers":
      return column.values.byteLength
    case "binary":
      return column.data.length + column.starts.byteLength
    case "list":
      return column.starts.byteLength + column.items.bytes
    case "dictionary": {
      const values = column.dictionary as readonly (string | bigint | Uint8Array)[]
      return values.reduce(
        (sum, value) => sum + TEXT_BYTES + (typeof value === "bigint" ? 0 : value.length),
        column.ids.byteLength,
      )
    }
  }
}
