import type { ColumnBatch, ColumnVector } from "../ingest/column.ts"
import type { Manifest } from "../manifest/manifest.ts"
import type { OffsetSet } from "../segment/offset-set.ts"
import { type CompareReader, compareNumber } from "./compare-value.ts"
import {
  CHANGED,
  COMPARE_AT,
  COMPARED,
  DELETED,
  ENTRY_LANES,
  flagsAt,
  IMAGE,
  KNOWN,
  offsetAt,
  setOffset,
} from "./entry.ts"
import type { KeyMap } from "./key-map.ts"
import type { RowFolder } from "./row-folder.ts"
import type { KeyRules } from "./rules.ts"

/** Decides records one by one, in the order of their offsets. */
export class Decider {
  readonly position: number
  compareMax: number | undefined
  /** Records older than the time to live. */
  expired = 0
  /** Records that could not be merged into the row that stood. */
  unfolded = 0
  readonly #rules: KeyRules
  readonly #folder: RowFolder | undefined
  /** By offset above the position: 1 where the record's row does not stand. */
  #lost: Uint8Array
  readonly #dead: number[] = []

  constructor(
    rules: KeyRules,
    { position, compareMax }: Pick<Manifest, "position" | "compareMax">,
    records: number,
    folder: RowFolder | undefined,
  ) {
    this.#rules = rules
    this.#folder = folder
    this.#lost = new Uint8Array(records)
    this.position = position
    this.compareMax = compareMax
  }

  get bytes(): number {
    return this.#lost.length + this.#dead.length * 8
  }

  isLost(offset: number): boolean {
    return this.#lost[offset - this.position] === 1
  }

  lostIn(offsets: Float64Array): number {
    const lost = this.#lost
    const { position } = this
    let count = 0
    for (let row = 0; row < offsets.length; row++) count += lost[offsets[row]! - position]!
    return count
  }

  dead(): OffsetSet {
    return { offsets: Float64Array.from(this.#dead).sort() }
  }

  /**
   * Decides a batch's rows from `first` on.
   * @param numbers of the rows' keys in `keys`, from `first` on
   */
  decide(
    keys: KeyMap,
    batch: ColumnBatch,
    first: number,
    numbers: Uint32Array,
    compared: CompareReader,
    deleteFlag: ColumnVector | undefined,
  ): void {
    this.#reserve(batch.next - this.position)
    const { offsets, rows } = batch
    const { tombstones } = batch.keys!
    const { kind, ttlMs } = this.#rules
    const isUpsert = kind === "upsert"
    const { lanes } = keys
    for (let row = first; row < rows; row++) {
      const offset = offsets[row]!
      const number = numbers[row - first]!
      const at = number * ENTRY_LANES
      if (tombstones[row] === 1) {
        if (isUpsert) this.#delete(lanes, at, offset)
        this.#lose(offset)
        continue
      }
      compared.read(row)
      if (this.#isExpired(compared.number(row), ttlMs)) {
        this.expired++
        this.#lose(offset)
      } else if (!isUpsert) {
        this.#first(lanes, at, offset, compared)
      } else if ((flagsAt(lanes, at) & KNOWN) !== 0 && compared.isBelow(lanes, at)) {
        this.#lose(offset)
      } else if (deleteFlag !== undefined && deleteFlag.nulls[row] === 0 && deleteFlag.values[row] === 1) {
        this.#replace(lanes, at, offset, compared, DELETED)
        this.#lose(offset)
      } else if (this.#folds(keys, number, row)) {
        this.#stand(lanes, at, offset, compared, number)
      } else {
        this.unfolded++
        this.#lose(offset)
      }
    }
  }

  /** Counts the comparison value in, and tells whether it is too old. */
  #isExpired(value: number | undefined, ttlMs: number | undefined): boolean {
    const max = this.compareMax
    if (ttlMs !== undefined && max !== undefined && (value === undefined || value < max - ttlMs)) return true
    if (value !== undefined && (max === undefined || value > max)) this.compareMax = value
    return false
  }

  /** Merges the row of a partial upsert into what stands; false where that gives no row. */
  #folds(keys: KeyMap, number: number, row: number): boolean {
    if (this.#folder === undefined) return true
    const at = number * ENTRY_LANES
    const { lanes } = keys
    const stands = (flagsAt(lanes, at) & (KNOWN | DELETED)) === KNOWN
    const image = keys.image(number)
    const isGone = stands && this.#folder.wasErased(number, offsetAt(lanes, at), image)
    return this.#folder.fold(number, row, stands && !isGone, image)
  }

  /** A row takes the place of what stood, unless an erasure takes it at once. */
  #stand(lanes: Uint32Array, at: number, offset: number, compared: CompareReader, number: number): void {
    const folder = this.#folder
    if (folder?.isErased(number, offset) !== true) {
      this.#replace(lanes, at, offset, compared, folder === undefined ? 0 : IMAGE)
      return
    }
    this.#replace(lanes, at, offset, compared, DELETED)
    this.#lose(offset)
  }

  #replace(lanes: Uint32Array, at: number, offset: number, compared: CompareReader, flags: number): void {
    if ((flagsAt(lanes, at) & (KNOWN | DELETED)) === KNOWN) this.#lose(offsetAt(lanes, at))
    lanes[at + COMPARE_AT] = compared.high
    lanes[at + COMPARE_AT + 1] = compared.low
    setOffset(lanes, at, offset, KNOWN | CHANGED | compared.flag | flags)
  }

  /** A record without a value: its key's row is deleted, and the comparison value stands. */
  #delete(lanes: Uint32Array, at: number, offset: number): void {
    const flags = flagsAt(lanes, at)
    if ((flags & (KNOWN | DELETED)) !== KNOWN) return
    this.#lose(offsetAt(lanes, at))
    setOffset(lanes, at, offset, KNOWN | CHANGED | DELETED | (flags & COMPARED))
  }

  /** Of a dedup: the first row stays, until its key is forgotten. */
  #first(lanes: Uint32Array, at: number, offset: number, compared: CompareReader): void {
    if ((flagsAt(lanes, at) & KNOWN) !== 0 && !this.#isForgotten(lanes, at)) {
      this.#lose(offset)
      return
    }
    lanes[at + COMPARE_AT] = compared.high
    lanes[at + COMPARE_AT + 1] = compared.low
    setOffset(lanes, at, offset, KNOWN | CHANGED | compared.flag)
  }

  #isForgotten(lanes: Uint32Array, at: number): boolean {
    const { ttlMs, compare } = this.#rules
    if (ttlMs === undefined || compare === undefined || this.compareMax === undefined) return false
    const value = compareNumber(lanes, at)
    return value === undefined || value < this.compareMax - ttlMs
  }

  #lose(offset: number): void {
    if (offset < this.position) this.#dead.push(offset)
    else this.#lost[offset - this.position] = 1
  }

  #reserve(records: number): void {
    if (records <= this.#lost.length) return
    const larger = new Uint8Array(Math.max(records, 2 * this.#lost.length))
    larger.set(this.#lost)
    this.#lost = larger
  }
}
