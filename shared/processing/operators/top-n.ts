import type { OperatorContext } from "../operator.ts"
import { materialised, recordBytes } from "../record.ts"
import { RankedRow } from "../records/ranked-row.ts"
import type { KeySlot } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import type { ValueWriter } from "../state/value-writer.ts"
import { RANK, type Ranked, rankedRecord, type Top, unpackTop, writeTop } from "./top-rows.ts"
import { SUB, UpdatingOperator } from "./updating.ts"

export interface TopNOptions {
  readonly keys: KeyReader
  readonly n: number
  readonly by: (record: unknown) => number | string
  readonly order: "asc" | "desc"
}

/**
 * The first records of each key by an order. Inputs only add, so ranks never become fewer: a row whose rank changed
 * takes the place of the one that was there. Ties: what came first stays before. Records that come as JSON are kept as
 * they came, and given so.
 */
export class TopN extends UpdatingOperator<Top> {
  readonly #n: number
  readonly #by: (record: unknown) => number | string
  readonly #isBefore: (left: number | string, right: number | string) => boolean
  readonly #keepsText: boolean
  readonly #row = new RankedRow()

  constructor(options: TopNOptions, context: OperatorContext) {
    super(options.keys, context)
    this.#n = options.n
    this.#by = options.by
    this.#isBefore = options.order === "asc" ? (left, right) => left < right : (left, right) => left > right
    // A rank in the key is the row's, not the record's.
    this.#keepsText = !options.keys.names.includes(RANK)
  }

  protected override write(top: Top, out: ValueWriter): boolean {
    return writeTop(top, out)
  }

  protected override pack({ rows, changedFrom }: Top): unknown {
    return {
      rows: rows.map(row => ({ by: row.by, record: rankedRecord(row), timestamp: row.timestamp })),
      changedFrom,
    }
  }

  protected override unpack(packed: unknown): Top {
    return unpackTop(packed)
  }

  record(value: unknown, timestamp: number): void {
    const slot = this.store.slotOf(value)
    let top = slot.entries.get(SUB)
    const by = this.#by(value)
    if (top !== undefined && top.rows.length === this.#n) {
      const last = top.rows[this.#n - 1] as Ranked
      if (!this.#isBefore(by, last.by)) return
    }
    if (top === undefined) {
      top = { rows: [], changedFrom: 0, changedAt: undefined }
      this.store.set(slot, SUB, top)
    } else this.store.touch(slot, SUB)
    const { rows } = top
    let rank = rows.length
    while (rank > 0 && this.#isBefore(by, (rows[rank - 1] as Ranked).by)) rank--
    const row = this.#kept(value, by, timestamp)
    if (rank === this.#n - 1) rows[rank] = row
    else {
      rows.splice(rank, 0, row)
      if (rows.length > this.#n) rows.pop()
    }
    if (rank < top.changedFrom) top.changedFrom = rank
    this.changed(slot, top, timestamp)
  }

  #kept(value: unknown, by: number | string, timestamp: number): Ranked {
    const bytes = this.#keepsText ? recordBytes(value as object) : undefined
    if (bytes === undefined || bytes.has(RANK)) {
      return { by, text: undefined, record: materialised(value) as Record<string, unknown>, timestamp }
    }
    return { by, text: bytes.text(), record: undefined, timestamp }
  }

  protected emit(slot: KeySlot<Top>, top: Top, timestamp: number): void {
    const { output, feedsSinksAlone } = this.context
    const { rows } = top
    for (let rank = top.changedFrom; rank < rows.length; rank++) {
      const row = rows[rank] as Ranked
      if (row.text === undefined || !feedsSinksAlone) {
        output.record({ ...rankedRecord(row), rank: rank + 1 }, timestamp)
        continue
      }
      output.record(this.#row.of(row.text, rank + 1, this.store.keys.textOf(slot.id)), timestamp)
    }
    top.changedFrom = rows.length
  }
}
