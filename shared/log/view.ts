import { StorageError } from "../storage/errors.ts"
import type { Item } from "../storage/meta-store.ts"
import { queryItems } from "../storage/query-items.ts"
import { readAgain, settlePut } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { LogError } from "./errors.ts"
import { applySlot, emptyState, type PartitionState } from "./fold.ts"
import { NAME_AFTER_UPLOAD_MS, SNAPSHOT_SLOT_BYTES, VIEW_REREAD_MS, WRITE_AFTER_READ_MS } from "./limits.ts"
import type { LogOptions } from "./options.ts"
import type { Rivals } from "./rivals.ts"
import type { SegmentIndexes } from "./segments/index-store.ts"
import { SEGMENTS_KEY } from "./segments/segment-index.ts"
import { LAST_SLOT_KEY, partitionKey, readSlot, type Slot, slotKey } from "./slot.ts"
import { SlotCache } from "./slot-cache.ts"
import { packState, SNAPSHOT_FORMAT, SNAPSHOT_KEY, unpackState } from "./snapshot.ts"
import { Traffic } from "./traffic.ts"
import { Outcomes } from "./transactions/outcomes.ts"
import { uploadObject } from "./upload.ts"

/** Bytes of a slot's item besides its payload and entries: names, keys and numbers. An upper estimate. */
const SLOT_ITEM_OVERHEAD = 160

/**
 * One process's view of one partition: the fold of the slots it has seen. It may lag behind; it is never wrong about
 * the past. `asOf` is the store's date of the oldest read that it rests on.
 */
export class PartitionView {
  readonly pk: string
  readonly topicId: string
  readonly partition: number
  readonly cache = new SlotCache()
  /** How the transactions ended that readers ask for. */
  readonly outcomes = new Outcomes()
  /** Who else appends to it. */
  readonly rivals: Rivals
  readonly traffic = new Traffic()
  /** Undefined until it is read, and after it was dropped. */
  state: PartitionState | undefined
  asOf = 0
  /** The ticket at which the last consistent read began: it saw whatever was committed before. */
  readTicket = 0
  readonly #ports: Ports
  readonly #options: Pick<LogOptions, "snapshotSlots" | "snapshotInlineBytesMax">
  readonly #ticket: () => number
  readonly #indexes: SegmentIndexes | undefined
  #asOfElapsed = Number.NEGATIVE_INFINITY
  #slotsSince = 0
  #bytesSince = 0
  /** The newest snapshot known to stand. */
  #snapshot: StandingSnapshot | undefined
  #reading: Promise<void> | undefined
  #readNext: Promise<void> | undefined

  constructor(
    ports: Ports,
    options: Pick<LogOptions, "snapshotSlots" | "snapshotInlineBytesMax">,
    topicId: string,
    partition: number,
    rivals: Rivals,
    ticket: () => number,
    indexes?: SegmentIndexes,
  ) {
    this.#indexes = indexes
    this.rivals = rivals
    this.#ports = ports
    this.#options = options
    this.#ticket = ticket
    this.topicId = topicId
    this.partition = partition
    this.pk = partitionKey(topicId, partition)
  }

  /** Forgets everything: the next use reads the partition again. */
  drop(): void {
    this.state = undefined
    this.asOf = 0
    this.#asOfElapsed = Number.NEGATIVE_INFINITY
    this.cache.clear()
    this.outcomes.clear()
  }

  /** Whether a write may rest on this view. The store has the last word, by the write's `notAfter`. */
  fresh(): boolean {
    return this.state !== undefined && this.#ports.clock.elapsed() - this.#asOfElapsed < VIEW_REREAD_MS
  }

  /** The latest store time at which a write resting on this view may be applied. */
  notAfter(): number {
    return this.asOf + WRITE_AFTER_READ_MS
  }

  /**
   * Reads what was committed since, consistently: a read that begins after this call. Callers that come while one is
   * under way share the next. Throws `StorageError` (`unavailable`) and `LogError` (`log_damaged`).
   */
  catchUp(): Promise<void> {
    if (this.#reading === undefined) {
      this.#reading = this.#read().finally(() => {
        this.#reading = undefined
      })
      return this.#reading
    }
    if (this.#readNext === undefined) {
      const before = this.#reading
      this.#readNext = before
        .catch(() => {})
        .then(() => {
          this.#readNext = undefined
          return this.catchUp()
        })
    }
    return this.#readNext
  }

  async #read(): Promise<void> {
    const ticket = this.#ticket()
    for (;;) {
      const elapsed = this.#ports.clock.elapsed()
      const asOf = await this.#readAnew()
      // Dropped meanwhile, by a write that came to nothing or a reader that found a break: the read begins again.
      if (asOf === undefined) continue
      this.readTicket = ticket
      this.#renew(asOf, elapsed)
      return
    }
  }

  async #readAnew(): Promise<number | undefined> {
    try {
      return await this.#readOnce()
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      this.drop() // a break: read everything again, once, before saying so
      return this.#readOnce()
    }
  }

  #renew(asOf: number, elapsed: number): void {
    this.asOf = asOf
    this.#asOfElapsed = elapsed
  }

  /** The date of the read; undefined: the view was dropped meanwhile. */
  async #readOnce(): Promise<number | undefined> {
    const ports = this.#ports
    let asOf = Number.POSITIVE_INFINITY
    let state = this.state
    if (state === undefined) {
      state = await this.#readSnapshot(date => {
        asOf = date
      })
      this.cache.clear()
      this.state = state
    }
    const query = { pk: this.pk, from: slotKey(state.end), to: LAST_SLOT_KEY }
    let after: string | undefined
    do {
      const page = await readAgain(ports, () => ports.meta.queryPage("log", query, after))
      asOf = Math.min(asOf, page.date)
      if (this.state !== state) return undefined
      for (const item of page.items) this.fold(readSlot(item), page.date)
      after = page.next
    } while (after !== undefined)
    return asOf
  }

  /** Together with the segment index, which readers need as well: two items by one read. */
  async #readSnapshot(dated: (date: number) => void): Promise<PartitionState> {
    const ports = this.#ports
    const query = { pk: this.pk, from: SEGMENTS_KEY, to: SNAPSHOT_KEY }
    const elapsed = ports.clock.elapsed()
    const { items, date } = await readAgain(ports, () => queryItems(ports.meta, "meta", query))
    dated(date)
    const itemAt = (sk: string) => items.find(item => item.sk === sk)
    await this.#indexes?.take(this, itemAt(SEGMENTS_KEY), date, elapsed)
    return this.#loadSnapshot(itemAt(SNAPSHOT_KEY))
  }

  async #loadSnapshot(item: Item | undefined): Promise<PartitionState> {
    this.#slotsSince = 0
    this.#bytesSince = 0
    this.#snapshot = standingSnapshot(item)
    if (item === undefined) return emptyState()
    const where = `snapshot ${this.pk}`
    const { v, b, o } = item.fields
    if (v !== SNAPSHOT_FORMAT) throw new StorageError("unknown_format", `${where}: format ${String(v)}`)
    if (b !== undefined) return unpackState(b as Uint8Array, where)
    const object = await readAgain(this.#ports, () => this.#ports.objects.get(o as string))
    if (object === undefined) throw new LogError("log_damaged", `${where}: object ${String(o)} is missing`)
    return unpackState(object.body, where)
  }

  /**
   * Folds a committed slot. One that is folded already is passed over; one that leaves a gap is damage. `date` is the
   * store's of the answer that told of it.
   */
  fold(slot: Slot, date: number): void {
    const state = this.state
    if (state === undefined || slot.base < state.end || (slot.base === state.end && state.closed)) return
    if (slot.base > state.end) {
      throw new LogError("log_damaged", `${this.pk}: slots are missing from ${state.end} to ${slot.base}`, {
        detail: { from: state.end, to: slot.base },
      })
    }
    applySlot(state, slot)
    this.cache.push(slot)
    this.outcomes.saw(slot)
    this.rivals.saw(slot.commitId, slot.commitTime, date)
    this.#slotsSince++
    this.#bytesSince += SLOT_ITEM_OVERHEAD + slot.entries.length * 40
    if (slot.payload.kind === "inline") this.#bytesSince += slot.payload.bytes.length
  }

  /** Folds a slot that this process has just won: proof that the view was current when the store applied it. */
  won(slot: Slot, date: number, sentElapsed: number): void {
    this.traffic.wrote(slot)
    if (this.state === undefined || this.state.end < slot.base) return // dropped meanwhile
    this.fold(slot, date)
    if (date <= this.notAfter()) this.#renew(date, sentElapsed)
  }

  snapshotDue(): boolean {
    return this.#slotsSince >= this.#options.snapshotSlots || this.#bytesSince >= SNAPSHOT_SLOT_BYTES
  }

  /**
   * Stores the fold so that cold writers start from here. Only a higher offset replaces a snapshot. Throws
   * `StorageError` (`unavailable`) when the store does not take it.
   */
  async snapshot(): Promise<void> {
    const state = this.state
    if (state === undefined) return
    const { random } = this.#ports
    const slots = this.#slotsSince
    const bytes = this.#bytesSince
    const end = state.end
    // Taken now: by the time of the put another process's may be known, which lies higher.
    const before = this.#snapshot
    const packed = packState(state)
    let notAfter = this.notAfter()
    let stored: Record<string, string | number | Uint8Array> & { end: number } = {
      v: SNAPSHOT_FORMAT,
      end,
      b: packed,
    }
    if (packed.length > this.#options.snapshotInlineBytesMax) {
      const key = `snap/${this.topicId}/${this.partition}/${end}-${random.id()}`
      const uploaded = await uploadObject(this.#ports, key, [packed])
      notAfter = Math.min(notAfter, uploaded + NAME_AFTER_UPLOAD_MS)
      stored = { v: SNAPSHOT_FORMAT, end, o: key }
    }
    const stands = await this.#putSnapshot(stored, before, notAfter)
    if (this.state !== state) return // read again meanwhile, from the snapshot that stood
    this.#snapshot = stands
    this.#slotsSince -= slots
    this.#bytesSince -= bytes
  }

  /** Returns what stands then: this one, or one at least as high. */
  async #putSnapshot(
    fields: Record<string, string | number | Uint8Array> & { readonly end: number },
    before: StandingSnapshot | undefined,
    notAfter: number,
  ): Promise<StandingSnapshot> {
    const { end } = fields
    for (let standing = before; ; ) {
      if (standing !== undefined && standing.end >= end) return standing
      const item: Item = { pk: this.pk, sk: SNAPSHOT_KEY, version: this.#ports.random.id(), fields }
      const condition = standing === undefined ? ({ absent: true } as const) : { version: standing.version }
      const settled = await settlePut(this.#ports, "meta", item, { condition, notAfter })
      if (settled.outcome === "committed") return { version: item.version, end }
      standing = settled.outcome === "refused" ? standingSnapshot(settled.standing) : undefined
      if (standing === undefined) {
        this.drop() // the next use reads the snapshot that stands
        throw new StorageError("unavailable", `${this.pk}: the snapshot at ${end} was not stored`)
      }
    }
  }
}

interface StandingSnapshot {
  readonly version: string
  readonly end: number
}

function standingSnapshot(item: Item | undefined): StandingSnapshot | undefined {
  return item && { version: item.version, end: item.fields.end as number }
}
