import type { TableInfo } from "../../shared/serving/tables/table-item.ts"
import type { PinnedTable, TableFile } from "../../shared/serving/types.ts"
import type { StoreWatch } from "../../shared/storage/memory/memory-stores.ts"
import { Erasures, isWithin, rangeOf } from "./table-erasures.ts"
import { compareRows, type DecodedFile, FileDecoder } from "./table-files.ts"
import { TableHistory, type TableMoment } from "./table-history.ts"
import { LogTruth, type TruthPartition } from "./table-truth.ts"

/** What a pin must at least show: what was known when it began. */
export interface PinStart {
  readonly at: number
  readonly acks: number
  /** Up to which offsets earlier pins showed rows, by table id and partition; and how far they were cut, by table id. */
  readonly floors: ReadonlyMap<string, number>
  /** Erasures that were acknowledged. */
  readonly erasures: number
}

interface Ack {
  readonly partition: number
  readonly next: number
  readonly base: number
  readonly key: string
  topicId: string | undefined
}

const FILE_ID = /^(?:tab\/([^/]+)|tail\/([^/]+)\/[^/]+)\/(\d+)\//

/** Holds what a table shows against the log that it is made of. */
export class TableChecker {
  readonly truth: LogTruth
  readonly files: FileDecoder
  readonly history: TableHistory
  readonly violations: string[] = []
  readonly erasures = new Erasures()
  readonly #acks: Ack[] = []
  readonly #floors = new Map<string, number>()
  readonly #addedFrom = new Map<string, number>()
  readonly #running = new Set<Promise<void>>()
  readonly #objects = new Map<string, Uint8Array>()
  /** Ids of topics that had the table's topic's name, the newest last. */
  readonly topics: string[] = []

  /** @param sorted segments are in another order than their offsets' */
  constructor(badRecords: "skip" | "null", sorted: boolean) {
    this.files = new FileDecoder(sorted)
    this.truth = new LogTruth(badRecords)
    this.history = new TableHistory(this)
  }

  /** For the world's stores. */
  readonly watch: StoreWatch = {
    item: (table, item) => {
      if (table === "log") this.truth.applied(item, key => this.body(key)!)
      else this.history.applied(item)
      if (item.pk === "topics" && item.fields.id !== this.topics.at(-1))
        this.topics.push(String(item.fields.id))
    },
    object: (key, body) => void this.#objects.set(key, body),
  }

  /** An object's bytes, past every fault. */
  body(key: string): Uint8Array | undefined {
    return this.#objects.get(key)
  }

  fail(what: string): void {
    this.violations.push(what)
  }

  /** Notes the fault that a check of its own finds. */
  track(check: Promise<void>): void {
    const running = check
      .catch((error: Error) => this.fail(error.stack ?? error.message))
      .finally(() => this.#running.delete(running))
    this.#running.add(running)
  }

  /** Resolves when every check so far is done. */
  async done(): Promise<void> {
    await Promise.all(this.#running)
  }

  truthOf(tableId: string, partition: number): TruthPartition {
    return this.truth.of(this.history.topicOf(tableId), partition)
  }

  /** From this offset on every row must have the added column's value. */
  addedFrom(tableId: string, partition: number): number {
    return this.#addedFrom.get(`${tableId}#${partition}`) ?? Number.POSITIVE_INFINITY
  }

  /** The table is known to have the added column from now on. */
  added(table: TableInfo): void {
    for (let partition = 0; partition < table.partitions; partition++) {
      const key = `${table.id}#${partition}`
      if (!this.#addedFrom.has(key)) {
        this.#addedFrom.set(key, this.truth.of(table.topicId, partition).end)
      }
    }
  }

  /** A builder says that it moved the position there. */
  flushed(partition: number, position: number): void {
    const ids = new Set(this.history.moments.flatMap(({ table }) => (table === undefined ? [] : [table.id])))
    const reached = [...ids].some(id => (this.history.manifest(id, partition)?.position ?? 0) >= position)
    if (!reached) this.fail(`partition ${partition}: said to be flushed up to ${position}, and is not`)
  }

  acknowledged(partition: number, base: number, count: number, key: string): void {
    this.#acks.push({ partition, base, next: base + count, key, topicId: undefined })
  }

  beginPin(): PinStart {
    return {
      at: this.history.now,
      acks: this.#acks.length,
      floors: new Map(this.#floors),
      erasures: this.erasures.now,
    }
  }

  /** Checks a pin that began at `start` and is there now. */
  async endPin(start: PinStart, pin: PinnedTable | undefined): Promise<void> {
    this.#resolveAcks()
    const moments = this.history.since(start.at)
    const open = moments.filter(({ table }) => table?.state === "open").map(({ table }) => table!)
    if (pin === undefined) {
      if (open.length === moments.length) this.fail("no table, and there was one all the time")
      return
    }
    const files = [...pin.segments, ...pin.tail]
    const ids = new Set(open.map(({ id }) => id))
    const named = files[0] === undefined ? undefined : placeOf(files[0]).tableId
    const candidates = [...ids].filter(id => named === undefined || id === named)
    const faults: string[] = []
    for (const id of candidates) {
      const fault = await this.#pinFault(start, pin, id, moments)
      if (fault === undefined) return
      faults.push(fault)
    }
    this.fail(`pin: ${faults.join("; ") || `of a table that was not there: ${named}`}`)
  }

  async #pinFault(
    start: PinStart,
    pin: PinnedTable,
    id: string,
    moments: readonly TableMoment[],
  ): Promise<string | undefined> {
    const states = moments.flatMap(({ table }) => (table?.id === id ? [table] : []))
    const table = states[0]!
    const shown = Array.from({ length: table.partitions }, () => new Set<number>())
    const showsAdded = pin.columns.some(({ name }) => name === "x")
    let rows = 0
    for (const file of [...pin.segments, ...pin.tail]) {
      const { tableId, partition } = placeOf(file)
      if (tableId !== id) return `files of two tables: ${file.id}`
      const bytes = file.segment === undefined ? await file.read() : this.body(file.id)
      if (bytes?.length !== file.sizeBytes) return `${file.id}: ${bytes?.length ?? "no"} bytes`
      const decoded = await this.files.decode(file.id, bytes)
      const addedFrom = showsAdded ? this.addedFrom(id, partition) : Number.POSITIVE_INFINITY
      const fault = compareRows(decoded, this.truth.of(table.topicId, partition).rowAt, addedFrom)
      if (fault !== undefined) return `${file.id}: ${fault}`
      if (decoded.offsets.length !== file.rows) return `${file.id}: ${decoded.offsets.length} rows`
      const columns = [...(file.columns ?? pin.columns).map(({ name }) => name), "$offset"]
      if (String(columns) !== String(decoded.columns)) return `${file.id}: columns ${decoded.columns}`
      rows += file.rows
      for (const offset of visibleOffsets(pin, file, decoded)) {
        if (shown[partition]!.has(offset)) return `${file.id}: offset ${offset} is shown twice`
        shown[partition]!.add(offset)
      }
    }
    if (rows !== pin.rows) return `says ${pin.rows} rows, has ${rows}`
    const fault = this.#boundsFault(start, states, shown, pin)
    if (fault === undefined) {
      for (const [partition, offsets] of shown.entries())
        this.#raise(`${id}#${partition}`, Math.max(-1, ...offsets) + 1)
      this.#raise(id, pin.cutBefore ?? Number.NEGATIVE_INFINITY)
    }
    return fault
  }

  #raise(key: string, reached: number): void {
    this.#floors.set(key, Math.max(reached, this.#floors.get(key) ?? reached))
  }

  /** Rows that are missing, or should be; where the table is detached, rows beyond its stop. */
  #boundsFault(
    start: PinStart,
    states: readonly TableInfo[],
    shown: readonly ReadonlySet<number>[],
    { cutBefore = Number.NEGATIVE_INFINITY }: PinnedTable,
  ): string | undefined {
    const { id, topicId } = states[0]!
    if (cutBefore < (start.floors.get(id) ?? cutBefore))
      return `cut at ${cutBefore}, before at ${start.floors.get(id)}`
    if (cutBefore > this.history.cut(id))
      return `cut at ${cutBefore}, the manifests at ${this.history.cut(id)}`
    for (const [partition, offsets] of shown.entries()) {
      const truth = this.truth.of(topicId, partition)
      let acked = 0
      for (const ack of this.#acks.slice(0, start.acks)) {
        if (ack.topicId === topicId && ack.partition === partition) acked = Math.max(acked, ack.next)
      }
      const stops = states.map(({ stops }) => stops?.[partition] ?? Number.POSITIVE_INFINITY)
      const known = Math.max(acked, start.floors.get(`${id}#${partition}`) ?? 0)
      const reached = Math.max(-1, ...offsets) + 1
      const least = Math.max(Math.min(known, ...stops), reached)
      const most = Math.max(this.history.manifest(id, partition)?.position ?? 0, ...stops)
      if (reached > most)
        return `partition ${partition}: a row at ${reached - 1}, expected none from ${most} on`
      for (const row of truth.rows) {
        const isShown = offsets.has(row.offset)
        const mayMiss = row.at < cutBefore || this.erasures.mayTake(partition, row)
        if (!isShown && row.offset < least && !mayMiss)
          return `partition ${partition}: no row at ${row.offset}`
        if (isShown && this.erasures.mustTake(id, partition, row, start.erasures)) {
          return `partition ${partition}: the row at ${row.offset} is erased`
        }
      }
    }
    return undefined
  }

  #resolveAcks(): void {
    for (let at = this.#acks.length - 1; at >= 0 && this.#acks[at]!.topicId === undefined; at--) {
      const ack = this.#acks[at]!
      for (const [pk, { keys }] of this.truth.partitions) {
        const [topicId, partition] = pk.split("#")
        if (Number(partition) === ack.partition && keys[ack.base] === ack.key) ack.topicId = topicId
      }
      if (ack.topicId === undefined) this.fail(`acknowledged and not in the log: ${ack.key} at ${ack.base}`)
    }
  }
}

function placeOf(file: TableFile): { readonly tableId: string; readonly partition: number } {
  const match = FILE_ID.exec(file.id)
  if (match === null) throw new Error(`a file without a place: ${file.id}`)
  return { tableId: match[1] ?? match[2]!, partition: Number(match[3]) }
}

/** The rows of a file that a statement gets to see, as an engine has to work it out. */
function visibleOffsets(
  pin: PinnedTable,
  file: TableFile,
  { offsets, ids, ats }: DecodedFile,
): readonly number[] {
  const { segment } = file
  if (segment === undefined) return offsets
  const { partition, pointer } = segment
  const dead = new Set(segment.dead?.offsets ?? [])
  const purges = (pin.purges ?? []).filter(
    purge => purge.partition === partition && pointer.next > purge.done,
  )
  const ranges = purges.map(({ where, end }) => ({ ...rangeOf(where), end }))
  return offsets.filter((offset, at) => {
    if (dead.has(offset) || ats[at]! < (pin.cutBefore ?? Number.NEGATIVE_INFINITY)) return false
    return !ranges.some(range => offset < range.end && isWithin(range, ids[at]!))
  })
}
