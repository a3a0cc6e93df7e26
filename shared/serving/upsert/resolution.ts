import { pickRows } from "../ingest/batch.ts"
import type { ColumnBatch } from "../ingest/column.ts"
import type { Manifest } from "../manifest/manifest.ts"
import type { OffsetSet } from "../segment/offset-set.ts"
import { CompareReader } from "./compare-value.ts"
import { Decider } from "./decider.ts"
import { CHANGED, DELETED, ENTRY_LANES, flagsAt } from "./entry.ts"
import type { KeyBase } from "./key-indexes.ts"
import { KeyMap } from "./key-map.ts"
import type { RowFolder } from "./row-folder.ts"
import type { KeyRules } from "./rules.ts"
import { EMPTY_RUN, type Run, sortedRun } from "./run.ts"

/** Of a tail: what is decided anew grows by the records that are new. */
const FIRST_RECORDS = 1_024

/**
 * Which records of a tail stand, decided one by one in the order of their offsets against what the key index says of
 * what lies below. Extended as the tail grows; what is decided is never decided again.
 */
export class Resolution {
  /** Records below are decided. */
  next: number
  readonly #rules: KeyRules
  readonly #folder: RowFolder | undefined
  readonly #decider: Decider
  /** What is known of the tail's keys; entries that the tail changed carry `CHANGED`. */
  readonly keys = new KeyMap()
  /** Numbers of keys that were not looked up yet. */
  #unknown: number[] = []

  constructor(rules: KeyRules, manifest: Pick<Manifest, "position" | "compareMax">, folder?: RowFolder) {
    this.#rules = rules
    this.#folder = folder
    this.next = manifest.position
    this.#decider = new Decider(rules, manifest, FIRST_RECORDS, folder)
  }

  get position(): number {
    return this.#decider.position
  }

  /** Greatest comparison value of all that is decided and of what lies below. */
  get compareMax(): number | undefined {
    return this.#decider.compareMax
  }

  /** Records that were older than the time to live. */
  get expired(): number {
    return this.#decider.expired
  }

  /** Records that could not be merged: an increment went out of its column's range. */
  get unfolded(): number {
    return this.#decider.unfolded
  }

  get bytes(): number {
    return this.keys.bytes + this.#decider.bytes + (this.#folder?.bytes ?? 0)
  }

  /**
   * Decides the rows of a batch that are not decided yet; it begins where the last one ended, or below. Not to be called
   * while another call is under way. Throws `StorageError`: then nothing of the batch is decided.
   */
  async extend(batch: ColumnBatch, base: KeyBase): Promise<void> {
    const { hashes } = batch.keys!
    const first = firstAt(batch.offsets, this.next)
    const numbers = new Uint32Array(batch.rows - first)
    for (let row = first; row < batch.rows; row++) {
      const known = this.keys.size
      const number = this.keys.findOrAdd(hashes, row * 4)
      if (number === known) this.#unknown.push(number)
      numbers[row - first] = number
    }
    await base.fill(this.keys, this.#unknown)
    this.#unknown = []
    this.#folder?.begin(batch)
    const { compare, deleteFlag } = this.#rules
    const compared = new CompareReader(compare && batch.columns[compare.index])
    const flag = deleteFlag === undefined ? undefined : batch.columns[deleteFlag]
    this.#decider.decide(this.keys, batch, first, numbers, compared, flag)
    this.next = batch.next
  }

  /** How many of a batch's rows do not stand. */
  lostIn(batch: ColumnBatch): number {
    return this.#decider.lostIn(batch.offsets)
  }

  /** The batch's rows that stand, as they stand: those of a partial upsert are merged ones. */
  standing(batch: ColumnBatch, lost: number = this.lostIn(batch)): ColumnBatch {
    if (lost === 0 && this.#folder === undefined) {
      const { keys: _, ...rest } = batch
      return rest
    }
    const rows = new Uint32Array(batch.rows - lost)
    let at = 0
    for (let row = 0; row < batch.rows; row++) {
      if (!this.#decider.isLost(batch.offsets[row]!)) rows[at++] = row
    }
    const picked = pickRows(batch, rows)
    if (this.#folder === undefined) return picked
    const { hashes } = batch.keys!
    const merged = Array.from(rows, row => this.#folder!.cells(this.keys.find(hashes, row * 4)))
    return { ...picked, columns: this.#folder.columns(merged) }
  }

  /** Offsets below the position whose rows stand no more. */
  dead(): OffsetSet {
    return this.#decider.dead()
  }

  /** What the tail changed, as a run. */
  changes(): Run {
    const { lanes, size } = this.keys
    const numbers = new Uint32Array(size)
    let count = 0
    for (let number = 0; number < size; number++) {
      if ((flagsAt(lanes, number * ENTRY_LANES) & CHANGED) !== 0) numbers[count++] = number
    }
    if (count === 0) return EMPTY_RUN
    const changed = numbers.subarray(0, count)
    const images = this.#folder === undefined ? undefined : this.#images(changed)
    return sortedRun(lanes, changed, images)
  }

  #images(numbers: Uint32Array): (Uint8Array | undefined)[] {
    return Array.from(numbers, number => {
      const isDeleted = (flagsAt(this.keys.lanes, number * ENTRY_LANES) & DELETED) !== 0
      const image = isDeleted ? undefined : this.#folder!.image(number)
      this.keys.setImage(number, image)
      return image
    })
  }
}

/** Index of the first offset at or above `offset`. */
function firstAt(offsets: Float64Array, offset: number): number {
  let first = offsets.length
  while (first > 0 && offsets[first - 1]! >= offset) first--
  return first
}
