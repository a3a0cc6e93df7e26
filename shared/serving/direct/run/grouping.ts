import type { BlockColumn, CodedColumn } from "../columns/block-column.ts"
import { type Dictionary, GivenUp } from "../columns/dictionary.ts"
import type { Accumulator, Step } from "./accumulator.ts"
import { Code } from "./code.ts"
import { blockTest, type Condition } from "./condition.ts"
import { levelCounts } from "./level-columns.ts"
import type { Selection } from "./selection.ts"

/** Beyond it, groups are another engine's, which may spill and is bounded by its process. */
export const GROUPS_MAX = 1_048_576
/** Combinations of keys that have a slot each; beyond, slots are found by hash. 16 MB. */
const DENSE_SLOTS_MAX = 4_194_304
/** So many have one from the beginning, 1 MB: a core's cache holds them. */
const DENSE_AT_ONCE_MAX = 262_144
/** Of more, groups must be there for as many combinations: few groups are found faster by hash than in much memory. */
const COMBINATIONS_OF_GROUP_MAX = 16
const HASH_SLOTS_MIN = 4_096

/** What makes one part of a group's key. */
export interface GroupKey {
  /** Of the codes' column in a block. */
  readonly key: string
  readonly dictionary: Dictionary
}

/** An aggregate with its FILTER. */
export interface Aggregated {
  readonly accumulator: Accumulator
  readonly filter: Condition | undefined
}

type Kernel = (
  args: readonly unknown[],
  count: number,
  rows: Int32Array,
  groups: number,
  slots: Int32Array,
  keys: Float64Array,
  mask: number,
) => number

/** Slots that are kept for later queries, all together: as many as one query may have. */
const SPARE_SLOTS_MAX = DENSE_SLOTS_MAX

/**
 * Slots of earlier queries, all 0 again, the longest last: to clear what was touched takes less than to have fresh ones
 * zeroed.
 */
const spare: Int32Array[] = []
let spareSlots = 0

function leaseSlots(size: number): Int32Array {
  const at = spare.findIndex(({ length }) => length >= size)
  if (at < 0) return new Int32Array(size)
  const [leased] = spare.splice(at, 1)
  spareSlots -= leased!.length
  return leased!
}

function keepSlots(slots: Int32Array): void {
  if (spareSlots + slots.length > SPARE_SLOTS_MAX) return
  const at = spare.findIndex(({ length }) => length >= slots.length)
  spare.splice(at < 0 ? spare.length : at, 0, slots)
  spareSlots += slots.length
}

/** Groups of rows by their codes, and the aggregates of each. */
export class Grouping {
  readonly #keys: readonly GroupKey[]
  readonly #sizes: readonly number[]
  /** By how much a key grows with the code of each of its parts. */
  readonly #steps: readonly number[]
  readonly #aggregates: readonly Aggregated[]
  readonly #combinations: number
  #isDense: boolean
  /** There is nothing but `count(*)`: rows need not be looked at. */
  readonly #countsAlone: boolean
  #slots: Int32Array
  #groupKeys = new Float64Array(16)
  #count = 0

  /** Dictionaries must not grow from here on. Throws `GivenUp` where keys have too many combinations to number. */
  constructor(keys: readonly GroupKey[], aggregates: readonly Aggregated[]) {
    this.#keys = keys
    this.#sizes = keys.map(({ dictionary }) => dictionary.size)
    this.#steps = this.#sizes.map((_, at) => this.#sizes.slice(at + 1).reduce((step, size) => step * size, 1))
    this.#aggregates = aggregates
    this.#combinations = this.#sizes.reduce((product, size) => product * size, 1)
    if (this.#combinations > Number.MAX_SAFE_INTEGER) throw new GivenUp("too many combinations of groups")
    this.#isDense = this.#combinations <= DENSE_AT_ONCE_MAX
    this.#slots =
      keys.length === 0
        ? new Int32Array(0)
        : this.#isDense
          ? leaseSlots(this.#combinations)
          : new Int32Array(HASH_SLOTS_MIN)
    if (keys.length === 0) this.#open()
    this.#countsAlone =
      keys.length === 0 &&
      aggregates.every(({ accumulator, filter }) => filter === undefined && accumulator.addAll?.(0) === true)
  }

  /** Without keys there is one group, whether there are rows or not. */
  #open(): void {
    this.#count = 1
    for (const { accumulator } of this.#aggregates) {
      accumulator.reserve(1)
      accumulator.init(1)
    }
  }

  get count(): number {
    return this.#count
  }

  /** Adds a block's selected rows, or takes them back. Throws `GivenUp`. */
  add(selection: Selection, columns: ReadonlyMap<string, BlockColumn>, step: Step = "+"): void {
    if (step === "+" && this.#countsAlone && levelCounts(columns, undefined) === undefined) {
      for (const { accumulator } of this.#aggregates) accumulator.addAll?.(selection.count)
      return
    }
    this.#reserve(selection.count)
    const code = new Code()
    const updates = this.#aggregates.map(one => updateSource(one, code, columns, step)).join("")
    const row = selection.all ? "i" : "rows[i]"
    const body = `for(let i=0;i<count;i++){const r=${row};${this.#groupSource(code, columns)}${updates}}return groups`
    const kernel = code.compile<Kernel>("count,rows,groups,slots,keys,mask", body)
    const { length } = this.#slots
    this.#count = kernel(
      code.args,
      selection.count,
      selection.rows,
      this.#count,
      this.#slots,
      this.#groupKeys,
      length - 1,
    )
    if (this.#count > GROUPS_MAX) throw new GivenUp(`more than ${GROUPS_MAX} groups`)
  }

  #groupSource(code: Code, columns: ReadonlyMap<string, BlockColumn>): string {
    if (this.#keys.length === 0) return "const g=1;"
    let key = ""
    for (const [at, { key: name }] of this.#keys.entries()) {
      const { codes } = columns.get(name) as CodedColumn
      const value = `${code.bind(codes)}[r]`
      key = at === 0 ? value : `(${key})*${code.bind(this.#sizes[at]!)}+${value}`
    }
    const init = this.#aggregates.map(({ accumulator }) => accumulator.initSource(code)).join("")
    const open = `g=++groups;slots[s]=g;keys[g]=key;${init}`
    if (this.#isDense) return `const s=${key},key=s;let g=slots[s];if(g===0){${open}}`
    // Murmur3's finalizer, as `hashOf` has it: a call for each row would cost more than the rest.
    const hash =
      "let s=(key|0)^Math.imul((key/4294967296)|0,0x9e3779b1);s=Math.imul(s^(s>>>16),0x85ebca6b);" +
      "s=Math.imul(s^(s>>>13),0xc2b2ae35);s=((s^(s>>>16))>>>0)&mask;"
    return `const key=${key};${hash}let g;for(;;){g=slots[s];if(g===0){${open}break}if(keys[g]===key)break;s=(s+1)&mask}`
  }

  /** Room for as many new groups as there are rows. */
  #reserve(rows: number): void {
    const most = Math.min(this.#count + rows, this.#combinations)
    if (this.#keys.length === 0) return
    for (const { accumulator } of this.#aggregates) accumulator.reserve(most)
    if (this.#groupKeys.length <= most) {
      const larger = new Float64Array(Math.max(most + 1, this.#groupKeys.length * 2))
      larger.set(this.#groupKeys)
      this.#groupKeys = larger
    }
    if (this.#isDense) return
    if (this.#combinations <= Math.min(DENSE_SLOTS_MAX, this.#count * COMBINATIONS_OF_GROUP_MAX)) {
      this.#makeDense()
    } else if (this.#slots.length < 2 * most) this.#rehash(most)
  }

  #makeDense(): void {
    this.#isDense = true
    this.#slots = leaseSlots(this.#combinations)
    for (let group = 1; group <= this.#count; group++) this.#slots[this.#groupKeys[group]!] = group
  }

  #rehash(most: number): void {
    const size = 2 ** Math.ceil(Math.log2(2 * most + 1))
    const slots = new Int32Array(size)
    for (let group = 1; group <= this.#count; group++) {
      const key = this.#groupKeys[group]!
      let hash = (key | 0) ^ Math.imul((key / 4_294_967_296) | 0, 0x9e3779b1)
      hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b)
      hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35)
      let at = ((hash ^ (hash >>> 16)) >>> 0) & (size - 1)
      while (slots[at] !== 0) at = (at + 1) & (size - 1)
      slots[at] = group
    }
    this.#slots = slots
  }

  /** The code of a part of a group's key; 0 is null. */
  code(group: number, at: number): number {
    return Math.floor(this.#groupKeys[group]! / this.#steps[at]!) % this.#sizes[at]!
  }

  /** Of a part of the key. */
  dictionary(at: number): Dictionary {
    return this.#keys[at]!.dictionary
  }

  /** The value of a part of a group's key, null among them. */
  keyValue(group: number, at: number): string | number | null {
    const code = this.code(group, at)
    return code === 0 ? null : this.#keys[at]!.dictionary.values[code]!
  }

  /** Gives back what others may use, where nothing failed; the groups' values stay. */
  close(): void {
    if (!this.#isDense || this.#keys.length === 0) return
    for (let group = 1; group <= this.#count; group++) this.#slots[this.#groupKeys[group]!] = 0
    keepSlots(this.#slots)
    this.#slots = new Int32Array(0)
  }
}

function updateSource(
  { accumulator, filter }: Aggregated,
  code: Code,
  columns: ReadonlyMap<string, BlockColumn>,
  step: Step,
): string {
  const update = accumulator.updateSource(code, columns, step)
  if (filter === undefined) return update
  const { share, source } = blockTest(filter, columns)
  return share === 0 ? "" : share === 1 ? update : `if(${source(code)}===1){${update}}`
}
