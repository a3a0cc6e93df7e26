import { decodeRecords } from "../../shared/log/records/index.ts"
import { readSlot, type Slot } from "../../shared/log/slot.ts"
import type { Totals } from "../../shared/serving/manifest/manifest.ts"
import type { MemoryStores } from "../../shared/storage/memory/memory-stores.ts"
import type { RecordKind } from "./table-records.ts"

/** A row that a table must hold. */
export interface TruthRow {
  readonly offset: number
  readonly id: number | null
  readonly x: string
}

/** One partition of the log, read past every fault, and what a table must make of it. */
export class TruthPartition {
  readonly keys: string[] = []
  readonly rows: TruthRow[] = []
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

  add(key: string): void {
    const offset = this.keys.push(key) - 1
    const [kind, digits] = key.split(":") as [RecordKind, string]
    const before = this.#totals[offset]!
    const nulled = kind === "badId" && this.#nullsBad
    const row = kind === "row" || nulled
    if (row) this.rows.push({ offset, id: nulled ? null : Number(digits), x: `x${digits}` })
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

/** The log as it stands in the stores. */
export class LogTruth {
  readonly partitions = new Map<string, TruthPartition>()
  readonly #stores: MemoryStores
  readonly #badRecords: "skip" | "null"

  constructor(stores: MemoryStores, badRecords: "skip" | "null") {
    this.#stores = stores
    this.#badRecords = badRecords
  }

  /** Reads what was committed since. */
  refresh(): void {
    for (const item of this.#stores.items("log")) {
      const partition = this.at(item.pk)
      const slot = readSlot(item)
      if (slot.next > partition.end) this.#addSlot(partition, slot)
      else if (slot.next === slot.base && slot.base === partition.end) partition.closed = true
    }
  }

  of(topicId: string, partition: number): TruthPartition {
    return this.at(`${topicId}#${partition}`)
  }

  at(pk: string): TruthPartition {
    let found = this.partitions.get(pk)
    if (found === undefined) {
      found = new TruthPartition(this.#badRecords)
      this.partitions.set(pk, found)
    }
    return found
  }

  #addSlot(partition: TruthPartition, slot: Slot): void {
    const { payload } = slot
    const bytes =
      payload.kind === "inline"
        ? payload.bytes
        : this.#stores.objectBody(payload.key)!.subarray(payload.offset, payload.offset + payload.length)
    let at = 0
    for (const { length } of slot.entries) {
      if (length > 0) {
        for (const { key } of decodeRecords(bytes.subarray(at, at + length))) {
          partition.add(decoder.decode(key ?? new Uint8Array()))
        }
      }
      at += length
    }
    if (partition.end !== slot.next) throw new Error(`slot ${slot.base} holds up to ${partition.end}`)
  }
}
