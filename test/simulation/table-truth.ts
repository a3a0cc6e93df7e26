import { decodeRecords } from "../../shared/log/records/index.ts"
import { readSlot } from "../../shared/log/slot.ts"
import type { Totals } from "../../shared/serving/manifest/manifest.ts"
import type { Item } from "../../shared/storage/meta-store.ts"
import type { RecordKind } from "./table-records.ts"

/** A row that a table must hold. */
export interface TruthRow {
  readonly offset: number
  readonly id: number | null
  readonly x: string
  /** Epoch ms. */
  readonly at: number
}

/** One partition of the log, read past every fault, and what a table must make of it. */
export class TruthPartition {
  readonly keys: string[] = []
  readonly rows: TruthRow[] = []
  /** Those rows by their offsets. */
  readonly rowAt = new Map<number, TruthRow>()
  /** Bytes of keys and values below each offset. */
  readonly bytesBelow: number[] = [0]
  closed = false
  readonly #nullsBad: boolean
  /** Totals of the first n records, for every n. */
  readonly #totals: Totals[] = [{ records: 0, rows: 0, filtered: 0, skipped: 0, nulled: 0 }]

  constructor(badRecords: "skip" | "null") {
    this.#nullsBad = badRecords === "null"
  }

  get end(): number {
    return this.keys.length
  }

  add(key: string, valueBytes: number): void {
    const offset = this.keys.push(key) - 1
    this.bytesBelow.push(this.bytesBelow[offset]! + key.length + valueBytes)
    const [kind, digits] = key.split(":") as [RecordKind, string]
    const before = this.#totals[offset]!
    const nulled = kind === "badId" && this.#nullsBad
    const row = kind === "row" || nulled
    if (row) {
      const made = { offset, id: nulled ? null : Number(digits), x: `x${digits}`, at: Number(digits) * 1_000 }
      this.rows.push(made)
      this.rowAt.set(offset, made)
    }
    this.#totals.push({
      records: before.records + 1,
      rows: before.rows + Number(row),
      filtered: before.filtered + Number(kind === "filtered" || kind === "filterNull"),
      skipped: before.skipped + Number(kind === "notJson" || (kind === "badId" && !nulled)),
      nulled: before.nulled + Number(nulled),
    })
  }

  totals(position: number): Totals {
    return this.#totals[position]!
  }

  /** How many rows lie below an offset. */
  rowsBelow(offset: number): number {
    return this.#totals[Math.min(offset, this.end)]!.rows
  }
}

const decoder = new TextDecoder()

/** The log, slot by slot as the store applies them. */
export class LogTruth {
  readonly partitions = new Map<string, TruthPartition>()
  readonly #badRecords: "skip" | "null"

  constructor(badRecords: "skip" | "null") {
    this.#badRecords = badRecords
  }

  of(topicId: string, partition: number): TruthPartition {
    return this.#at(`${topicId}#${partition}`)
  }

  #at(pk: string): TruthPartition {
    let found = this.partitions.get(pk)
    if (found === undefined) {
      found = new TruthPartition(this.#badRecords)
      this.partitions.set(pk, found)
    }
    return found
  }

  /** @param body an object's bytes, stored before any slot names it */
  applied(item: Item, body: (key: string) => Uint8Array): void {
    const partition = this.#at(item.pk)
    const { next, payload, entries } = readSlot(item)
    if (next === partition.end) partition.closed = true
    const bytes =
      payload.kind === "inline"
        ? payload.bytes
        : body(payload.key).subarray(payload.offset, payload.offset + payload.length)
    let at = 0
    for (const { length } of entries) {
      if (length > 0) {
        for (const { key, value } of decodeRecords(bytes.subarray(at, at + length))) {
          partition.add(decoder.decode(key ?? new Uint8Array()), value?.length ?? 0)
        }
      }
      at += length
    }
  }
}
