import { LRUCache } from "lru-cache"
import { StorageError } from "../storage/errors.ts"
import { readAgain } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { LogError } from "./errors.ts"
import { lastStableOffset } from "./fold.ts"
import { BATCH_HEADER_BYTES, checkBatchCrc, patchBaseOffset, RecordCursor } from "./records/index.ts"
import type { SegmentIndexes } from "./segments/index-store.ts"
import { findSegment, type SegmentIndex } from "./segments/segment-index.ts"
import { offsetAfter, SegmentReader } from "./segments/segment-reader.ts"
import { type Payload, readSlot, type Slot, slotKey, TRANSACTIONAL } from "./slot.ts"
import { type Omits, omitsMarkers } from "./transactions/outcomes.ts"
import type { Fetched, FetchedBatch, FetchRequest } from "./types.ts"
import type { PartitionView } from "./view.ts"

/** Bytes of payloads, as just written or read, that a process keeps for readers near the end. */
const PAYLOAD_CACHE_BYTES = 64 * 1024 * 1024
/**
 * Who reads so much at once is far behind: what is read is the caller's, without a copy, and not kept, since what readers
 * near the end ask for would have to go.
 */
const CATCH_UP_BYTES_MIN = 1024 * 1024
/** Slots that one step of a fetch plans at the most. */
const FETCH_SLOTS_MAX = 1_024

/** One stored batch that a fetch wants: where its slot's payload lies, and where in it the batch. */
interface Wanted {
  readonly baseOffset: number
  readonly nextOffset: number
  readonly payload: Payload
  /** Of the batch within the payload. */
  readonly start: number
  readonly length: number
}

interface FetchPlan {
  readonly wanted: readonly Wanted[]
  readonly nextOffset: number
  /** Some of it belongs to transactions, which may have been aborted. */
  readonly transactional: boolean
}

/**
 * Chooses the batches from `offset` up to `limit`, at most `maxBytes` of them but always one; what is omitted is passed
 * over. Pure. Throws `log_damaged` when the slots do not continue each other.
 */
export function planFetch(
  slots: readonly Slot[],
  offset: number,
  limit: number,
  maxBytes: number,
  omits: Omits = omitsMarkers,
): FetchPlan {
  const wanted: Wanted[] = []
  let nextOffset = offset
  let bytes = 0
  let transactional = false
  let previousNext = slots.length > 0 ? slots[0].base : offset
  for (const slot of slots) {
    if (slot.base !== previousNext) throw damaged(previousNext, slot.base)
    previousNext = slot.next
    let base = slot.base
    let start = 0
    for (const entry of slot.entries) {
      const next = base + entry.count
      if (next > offset && entry.count > 0) {
        const shown = entry.length > 0 && !omits(entry, base)
        if (next > limit || (shown && wanted.length > 0 && bytes + entry.length > maxBytes))
          return { wanted, nextOffset, transactional }
        if (shown) {
          if ((entry.flags & TRANSACTIONAL) !== 0) transactional = true
          wanted.push({
            baseOffset: base,
            nextOffset: next,
            payload: slot.payload,
            start,
            length: entry.length,
          })
          bytes += entry.length
        }
        nextOffset = next
      }
      base = next
      start += entry.length
    }
  }
  return { wanted, nextOffset, transactional }
}

function noMarker({ pk }: PartitionView, end: number): LogError {
  return new LogError("log_damaged", `${pk}: a transaction below ${end} is decided and has no marker`)
}

function damaged(expected: number, found: number): LogError {
  return new LogError("log_damaged", `slots are missing from offset ${expected} to ${found}`, {
    detail: { from: expected, to: found },
  })
}

/**
 * Reads records of partitions: below the rolled-up end from segments; above it slots from the view's cache or the store,
 * payloads by coalesced ranged reads.
 */
export class Reader {
  readonly #ports: Ports
  readonly #indexes: SegmentIndexes
  readonly #segments: SegmentReader
  /** Stored batches by object and offset in it. */
  readonly #batches = new LRUCache<string, Uint8Array>({
    maxSize: PAYLOAD_CACHE_BYTES,
    sizeCalculation: bytes => bytes.length,
  })

  constructor(ports: Ports, indexes: SegmentIndexes) {
    this.#ports = ports
    this.#indexes = indexes
    this.#segments = new SegmentReader(ports)
  }

  /** Keeps the batches of a payload that this process has just written at `offset` of an object. */
  keep(key: string, offset: number, batches: readonly Uint8Array[]): void {
    let at = offset
    for (const batch of batches) {
      this.#batches.set(`${key}@${at}`, batch)
      at += batch.length
    }
  }

  /**
   * What stands from the request's offset on, without waiting. The view must have been read since the request came.
   * Throws `offset_out_of_range` and `log_damaged`.
   */
  async fetch(view: PartitionView, request: FetchRequest): Promise<Fetched> {
    return this.#following(view, index => this.#fetchOnce(view, request, index))
  }

  /**
   * Reads by what is known of a partition's segments. What is missing may have been rolled up, rewritten or deleted
   * meanwhile: everything is read once more, and again as long as the index is another one; then it is said.
   */
  async #following<T>(view: PartitionView, read: (index: SegmentIndex) => Promise<T>): Promise<T> {
    for (let again = false; ; again = true) {
      const { index, version } = await this.#indexes.get(view)
      const { state } = view
      try {
        return await read(index)
      } catch (error) {
        if (!(error instanceof LogError) || error.code !== "log_damaged") throw error
        // Others who met the same may have it read already: to drop it under them would be a fault of theirs.
        if (view.state === state) view.drop()
        const now = await this.#indexes.read(view)
        await view.catchUp()
        if (again && now.version === version) throw error
      }
    }
  }

  async #fetchOnce(view: PartitionView, request: FetchRequest, index: SegmentIndex): Promise<Fetched> {
    const state = view.state
    if (state === undefined)
      throw new LogError("log_damaged", `${view.pk}: the view was dropped during a read`)
    const endOffset = request.isolation === "read_uncommitted" ? state.end : lastStableOffset(state)
    const { offset } = request
    if (offset < index.start) throw outOfRange(offset, index.start)
    if (offset < index.end) return this.#fromSegments(view, request, index, Math.max(endOffset, index.end))
    const startOffset = index.start
    if (offset >= endOffset) return { batches: [], nextOffset: offset, endOffset, startOffset }
    const slots = await this.#slots(view, offset, endOffset, request.maxBytes)
    let plan = planFetch(slots, offset, endOffset, request.maxBytes)
    if (plan.transactional && request.isolation !== "read_uncommitted") {
      // What is left out may leave room for more: that is for the next fetch.
      const { nextOffset } = plan
      const within = slots.filter(({ base }) => base < nextOffset)
      const omits = await this.#omitted(view, within, nextOffset)
      plan = planFetch(within, offset, nextOffset, request.maxBytes, omits)
    }
    if (plan.nextOffset === offset && slots.at(-1)!.next <= offset) throw damaged(offset, endOffset)
    const batches = await this.#read(view, plan.wanted, plan.nextOffset >= endOffset)
    return { batches, nextOffset: plan.nextOffset, endOffset, startOffset }
  }

  /** All that lies in segments stands below the last stable offset, and was committed. */
  async #fromSegments(
    view: PartitionView,
    { offset, maxBytes }: FetchRequest,
    index: SegmentIndex,
    endOffset: number,
  ): Promise<Fetched> {
    const at = findSegment(index, offset)
    let next = offset
    if (at < 0) throw damaged(offset, index.end)
    for (const segment of index.segments.slice(at)) {
      const read = await this.#segments.read(view, segment, next, maxBytes)
      next = read.next
      // What compaction has left empty is passed over.
      if (read.batches.length > 0)
        return { batches: read.batches, nextOffset: next, endOffset, startOffset: index.start }
    }
    return { batches: [], nextOffset: next, endOffset, startOffset: index.start }
  }

  /**
   * The first offset of a record with a timestamp at or above `timestamp` (epoch ms), else the end. Segments and slots tell
   * their highest timestamp, so that one batch alone is read.
   */
  async offsetForTimestamp(view: PartitionView, timestamp: number): Promise<number> {
    return this.#following(
      view,
      async index =>
        (await this.#inSegments(view, index, timestamp)) ?? this.#inSlots(view, index, timestamp),
    )
  }

  async #inSegments(
    view: PartitionView,
    { segments, start }: SegmentIndex,
    timestamp: number,
  ): Promise<number | undefined> {
    for (const segment of segments) {
      if (segment.maxTimestamp < timestamp || segment.next <= start) continue
      for (let from = Math.max(start, segment.base); from < segment.next; ) {
        const read = await this.#segments.readAtTime(view, segment, timestamp, from)
        for (const batch of read?.batches ?? []) {
          const found = offsetInBatch(batch, timestamp, from)
          if (found !== undefined) return found
        }
        from = read?.next ?? segment.next
      }
    }
    return undefined
  }

  async #inSlots(view: PartitionView, index: SegmentIndex, timestamp: number): Promise<number> {
    if (view.state === undefined)
      throw new StorageError("unavailable", `${view.pk}: dropped while it was read`)
    const end = lastStableOffset(view.state)
    const start = Math.max(index.start, index.end)
    for (let offset = start; offset < end; ) {
      const slots = await this.#slots(view, offset, end, Number.POSITIVE_INFINITY)
      const slot = slots.find(({ maxTimestamp, next }) => maxTimestamp >= timestamp && next > offset)
      offset = slot === undefined ? slots[slots.length - 1].next : Math.max(slot.base, start)
      if (slot === undefined) continue
      const omits = await this.#omitted(view, [slot], end)
      const { wanted } = planFetch([slot], offset, end, Number.POSITIVE_INFINITY, omits)
      for (const batch of await this.#read(view, wanted, false)) {
        const found = offsetInBatch(batch, timestamp, start)
        if (found !== undefined) return found
      }
      offset = slot.next
    }
    return end
  }

  /** What of these slots a `read_committed` reader does not get. */
  #omitted(view: PartitionView, slots: readonly Slot[], end: number): Promise<Omits> {
    return view.outcomes.omitted(slots, end, from => {
      const standsAt = view.state?.end ?? 0
      if (from >= standsAt) throw noMarker(view, from)
      return this.#slots(view, from, standsAt, CATCH_UP_BYTES_MIN)
    })
  }

  async #slots(view: PartitionView, offset: number, end: number, maxBytes: number): Promise<readonly Slot[]> {
    return view.cache.from(offset) ?? (await this.#storedSlots(view, offset, end, maxBytes))
  }

  /** Slots from the one that holds `offset`, as many as `maxBytes` of batches need. */
  async #storedSlots(view: PartitionView, offset: number, end: number, maxBytes: number): Promise<Slot[]> {
    const { pk } = view
    const query = { pk, from: slotKey(0), to: slotKey(offset), descending: true, limit: 1 }
    const first = await readAgain(this.#ports, () => this.#firstItem(query))
    if (first === undefined) throw damaged(offset, end)
    const slots = [readSlot(first)]
    if (slots[0].next <= offset) throw damaged(slots[0].next, offset)
    let bytes = 0
    let next = slots[0].next
    while (next < end && bytes < maxBytes && slots.length < FETCH_SLOTS_MAX) {
      const from = slotKey(next)
      const page = await readAgain(this.#ports, () =>
        this.#ports.meta.queryPage("log", { pk, from, to: slotKey(end - 1), limit: FETCH_SLOTS_MAX }),
      )
      if (page.items.length === 0 && page.next === undefined) throw damaged(next, end)
      for (const item of page.items) {
        const slot = readSlot(item)
        if (slot.base !== next) throw damaged(next, slot.base)
        slots.push(slot)
        next = slot.next
        for (const entry of slot.entries) bytes += entry.length
      }
    }
    return slots
  }

  async #firstItem(query: { pk: string; from: string; to: string; descending: boolean; limit: number }) {
    let after: string | undefined
    for (;;) {
      const page = await this.#ports.meta.queryPage("log", query, after)
      if (page.items.length > 0) return page.items[0]
      if (page.next === undefined) return undefined
      after = page.next
    }
  }

  /**
   * Reads the wanted batches; those that lie side by side in one object come by one ranged get.
   * @param near they reach the partition's end: others may ask for them too
   */
  async #read(view: PartitionView, wanted: readonly Wanted[], near: boolean): Promise<FetchedBatch[]> {
    const found = wanted.map(want => this.#kept(want))
    const runs: number[][] = []
    for (const [index, want] of wanted.entries()) {
      if (found[index] !== undefined) continue
      const run = runs[runs.length - 1]
      const last = run?.[run.length - 1]
      if (last === index - 1 && adjoins(wanted[last], want)) run.push(index)
      else runs.push([index])
    }
    const missing = runs.flat()
    const bytes = missing.reduce((sum, index) => sum + wanted[index].length, 0)
    const keeps = near && bytes < CATCH_UP_BYTES_MIN
    await Promise.all(runs.map(run => this.#readRun(run, wanted, found, keeps)))
    return wanted.map((want, index) => readable(view, want, found[index]!))
  }

  #kept({ payload, start, length }: Wanted): Uint8Array | undefined {
    if (payload.kind === "inline") return payload.bytes.subarray(start, start + length)
    const kept = this.#batches.get(`${payload.key}@${payload.offset + start}`)
    return kept?.length === length ? kept : undefined
  }

  async #readRun(
    run: readonly number[],
    wanted: readonly Wanted[],
    found: (Uint8Array | undefined)[],
    keeps: boolean,
  ): Promise<void> {
    const { key } = wanted[run[0]].payload as ObjectPayload
    const start = placeOf(wanted[run[0]])
    const last = wanted[run[run.length - 1]]
    const end = placeOf(last) + last.length
    const read = await readAgain(this.#ports, () => this.#ports.objects.get(key, { start, end }))
    if (read === undefined || read.body.length !== end - start) {
      throw new LogError("log_damaged", `object ${key} is missing, or shorter than ${end} bytes`)
    }
    for (const index of run) {
      const at = placeOf(wanted[index]) - start
      const batch = read.body.subarray(at, at + wanted[index].length)
      found[index] = batch
      if (keeps) this.#batches.set(`${key}@${start + at}`, batch)
    }
  }
}

type ObjectPayload = Extract<Payload, { kind: "object" }>

/** Where in its object a batch lies. */
function placeOf({ payload, start }: Wanted): number {
  return (payload as ObjectPayload).offset + start
}

function adjoins(last: Wanted, next: Wanted): boolean {
  const [before, after] = [last.payload as ObjectPayload, next.payload as ObjectPayload]
  return before.key === after.key && placeOf(last) + last.length === placeOf(next)
}

/**
 * A stored batch, verified, with its offset put in place. What is kept is not copied for that: what stands at one place of an
 * object, or in one slot, has the same offset for everybody.
 */
function readable(view: PartitionView, want: Wanted, bytes: Uint8Array): FetchedBatch {
  const { baseOffset, nextOffset } = want
  const header = checkStored(view, bytes, baseOffset)
  const offsets = offsetAfter(header) - header.baseOffset
  if (offsets !== nextOffset - baseOffset) {
    throw new LogError("log_damaged", `${view.pk}: the batch at ${baseOffset} stands for ${offsets} offsets`)
  }
  patchBaseOffset(bytes, baseOffset)
  return { baseOffset, nextOffset, bytes }
}

function checkStored(view: PartitionView, batch: Uint8Array, baseOffset: number) {
  try {
    if (batch.length < BATCH_HEADER_BYTES) throw new RangeError("shorter than a header")
    return checkBatchCrc(batch)
  } catch (cause) {
    const said = (cause as Error).message
    throw new LogError("log_damaged", `${view.pk}: the batch at ${baseOffset}: ${said}`, { cause })
  }
}

function outOfRange(offset: number, start: number): LogError {
  return new LogError("offset_out_of_range", `offset ${offset} is below the log's start ${start}`, {
    detail: { start },
  })
}

/** The offset of the first record of a fetched batch, from `start` on, with a timestamp at or above `timestamp`, if any. */
function offsetInBatch(batch: FetchedBatch, timestamp: number, start: number): number | undefined {
  const cursor = new RecordCursor(batch.bytes)
  while (cursor.next()) {
    if (cursor.timestamp >= timestamp && cursor.offset >= start) return cursor.offset
  }
  return undefined
}
