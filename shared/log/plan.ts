import { LogError } from "./errors.ts"
import { findProducer, type PartitionState, type ProducerState } from "./fold.ts"
import { type Judgement, judge } from "./judge.ts"
import { BATCH_BYTES_MAX, BATCH_BYTES_TARGET, PRODUCER_APPENDS_KEPT, SLOT_ENTRIES_MAX } from "./limits.ts"
import type { PendingAppend } from "./pending.ts"
import { BATCH_HEADER_BYTES, type BatchCodec, createBatchBuilder } from "./records/index.ts"
import type { ProducerRange, SlotEntry } from "./slot.ts"

/** An append in a plan, and the offset of its first record counted from the slot's base. */
export interface Placed {
  readonly append: PendingAppend
  readonly at: number
}

/** What one slot is to hold, decided before anything is written. */
export interface SlotPlan {
  /** The partition's end that the plan rests on. */
  base: number
  readonly count: number
  readonly entries: readonly SlotEntry[]
  readonly pieces: readonly Uint8Array[]
  readonly bytes: number
  readonly minTimestamp: number
  readonly maxTimestamp: number
  /** Every append that the slot answers: those that it stores, and repeats of them that wait beside them. */
  readonly placed: readonly Placed[]
  /** Store time of the oldest read by which one of the appends knows its topic, epoch ms. */
  readonly date: number
}

export interface PlanInput {
  readonly state: PartitionState
  /** Of the last consistent read that the state contains. */
  readonly readTicket: number
  readonly queue: readonly PendingAppend[]
  /** For records that bring no timestamp, epoch ms. */
  readonly now: number
  readonly bytesMax: number
  readonly codec: BatchCodec
}

export interface Planned {
  readonly plan: SlotPlan | undefined
  /** Appends that stay in the queue, in order. */
  readonly rest: PendingAppend[]
  /** Some of `rest` can only be answered after a read. */
  readonly needsRead: boolean
}

/** Answers an append that is not to be stored. */
function answerJudged(append: PendingAppend, judged: Exclude<Judgement, { verdict: "append" }>): void {
  if (judged.verdict === "known") append.commit(judged.offset)
  else append.fail(judgedError(judged))
}

function judgedError(judged: Exclude<Judgement, { verdict: "append" | "known" }>): LogError {
  switch (judged.verdict) {
    case "duplicate":
      return new LogError("duplicate", "committed before; its offsets are no longer known")
    case "gap":
      return new LogError("gap", `records are missing: expected sequence ${judged.expected}`, {
        detail: { expected: judged.expected },
      })
    case "conflict":
      return new LogError("sequence_conflict", "overlaps what is committed without equalling it")
    case "fenced":
      return new LogError("fenced", `the producer's epoch is now ${judged.epoch}`, {
        detail: { epoch: judged.epoch },
      })
    case "retired":
      return new LogError("fenced", "the producer is retired")
  }
}

/** The state of producers as it will be once the appends planned so far are committed. */
class Overlay {
  readonly #state: PartitionState
  readonly #planned = new Map<number, ProducerState>()

  constructor(state: PartitionState) {
    this.#state = state
  }

  /** Whether an append of the producer is planned. */
  has(id: number): boolean {
    return this.#planned.has(id)
  }

  judge(range: ProducerRange): Judgement {
    const known = this.#planned.get(range.id) ?? findProducer(this.#state, range.id)
    return judge(known, this.#state.tombstones.has(range.id), range)
  }

  add(range: ProducerRange, offset: number): void {
    const known = this.#planned.get(range.id) ?? findProducer(this.#state, range.id)
    const kept = known !== undefined && known.epoch === range.epoch ? known.appends : []
    const appends = [...kept, { first: range.firstSequence, last: range.lastSequence, offset }]
    if (appends.length > PRODUCER_APPENDS_KEPT) appends.shift()
    this.#planned.set(range.id, { epoch: range.epoch, time: 0, openSince: -1, appends })
  }
}

/** Collects what goes into one slot. */
class SlotDraft {
  readonly entries: SlotEntry[] = []
  readonly pieces: Uint8Array[] = []
  readonly placed: Placed[] = []
  readonly #codec: BatchCodec
  count = 0
  bytes = 0
  minTimestamp = Number.POSITIVE_INFINITY
  maxTimestamp = Number.NEGATIVE_INFINITY

  constructor(codec: BatchCodec) {
    this.#codec = codec
  }

  add(bytes: Uint8Array, count: number, min: number, max: number, producer?: ProducerRange): void {
    this.entries.push({ length: bytes.length, count, maxTimestamp: max, flags: 0, producer })
    this.pieces.push(bytes)
    this.count += count
    this.bytes += bytes.length
    if (min < this.minTimestamp) this.minTimestamp = min
    if (max > this.maxTimestamp) this.maxTimestamp = max
  }

  /** One append with a producer: one entry, since its sequences are recognised as a whole. */
  addProduced(append: PendingAppend, range: ProducerRange, now: number): boolean {
    const { content } = append
    const at = this.count
    if ("batch" in content) {
      this.add(
        content.batch.bytes,
        append.count,
        content.batch.minTimestamp,
        content.batch.maxTimestamp,
        range,
      )
    } else {
      const builder = createBatchBuilder({ capacityBytes: append.bytesMax })
      content.records.write(builder, 0, append.count, now)
      const { bytes, minTimestamp, maxTimestamp } = builder.finish({
        codec: this.#codec,
        producerId: range.id,
        producerEpoch: range.epoch,
        baseSequence: range.firstSequence,
      })
      if (bytes.length > BATCH_BYTES_MAX) {
        append.fail(tooLarge(bytes.length))
        return false
      }
      this.add(bytes, append.count, minTimestamp, maxTimestamp, range)
    }
    this.placed.push({ append, at })
    return true
  }

  /** Appends without a producer share batches of about `BATCH_BYTES_TARGET`, so that a fetch can cut between them. */
  addPlain(appends: readonly PendingAppend[], now: number): void {
    const encoded: PendingAppend[] = []
    let left = BATCH_HEADER_BYTES
    for (const append of appends) left += append.bytesMax
    let builder = createBatchBuilder({ capacityBytes: Math.min(left, BATCH_BYTES_TARGET) })
    const finish = () => {
      if (builder.count === 0) return
      const count = builder.count
      const { bytes, minTimestamp, maxTimestamp } = builder.finish({ codec: this.#codec })
      this.add(bytes, count, minTimestamp, maxTimestamp)
    }
    for (const append of appends) {
      if ("batch" in append.content) {
        encoded.push(append)
        continue
      }
      this.placed.push({ append, at: this.count + builder.count })
      const { records } = append.content
      for (let from = 0; from < records.count; ) {
        const room = BATCH_BYTES_TARGET - builder.sizeBytes
        const fit = Math.floor((records.count * room) / records.bytesMax)
        if (fit < 1 && builder.count > 0) {
          left -= builder.sizeBytes
          finish()
          builder = createBatchBuilder({ capacityBytes: Math.min(left, BATCH_BYTES_TARGET) })
          continue
        }
        const to = Math.min(records.count, from + Math.max(1, fit))
        records.write(builder, from, to, now)
        from = to
      }
    }
    finish()
    for (const append of encoded) {
      const { batch } = append.content as {
        batch: { bytes: Uint8Array; minTimestamp: number; maxTimestamp: number }
      }
      this.placed.push({ append, at: this.count })
      this.add(batch.bytes, append.count, batch.minTimestamp, batch.maxTimestamp)
    }
  }
}

function tooLarge(bytes: number): LogError {
  return new LogError(
    "record_too_large",
    `the batch has ${bytes} bytes, at most ${BATCH_BYTES_MAX} can be stored`,
    {
      detail: { bytes, bytesMax: BATCH_BYTES_MAX },
    },
  )
}

/**
 * Bytes of one slot's appends, unless a single one has more. Batches are at least half full unless their records are
 * large, so that this many bytes make at most 19 batches.
 */
const SLOT_BYTES_TARGET = 9 * 1024 * 1024
/** Entries that a slot keeps for the shared batches of appends without a producer, when there are such. */
const SHARED_ENTRIES = 20

/**
 * Plans the next slot of a partition from the appends that wait: judges idempotent ones against the state and those
 * planned before them, and encodes what is to be stored. Answers at once what needs no write. Pure but for that.
 */
export function planSlot(input: PlanInput): Planned {
  const { state, queue, now } = input
  const overlay = new Overlay(state)
  const draft = new SlotDraft(input.codec)
  const plain: PendingAppend[] = []
  const rest: PendingAppend[] = []
  const repeats: Placed[] = []
  let needsRead = false
  let planned = 0
  let encodedPlain = 0
  const shared = queue.some(append => append.range === undefined && "records" in append.content)
  const entriesMax = SLOT_ENTRIES_MAX - (shared ? SHARED_ENTRIES : 0)
  const bytesMax = Math.min(input.bytesMax, SLOT_BYTES_TARGET)
  for (const append of queue) {
    if (append.answered) continue
    const full = planned > 0 && planned + append.bytesMax > bytesMax
    if (append.range === undefined) {
      const isBatch = "batch" in append.content
      const noEntry = isBatch && draft.entries.length + encodedPlain >= entriesMax
      if (full || noEntry) rest.push(append)
      else {
        plain.push(append)
        planned += append.bytesMax
        if (isBatch) encodedPlain++
      }
      continue
    }
    const judged = overlay.judge(append.range)
    if (judged.verdict === "append") {
      if (full || draft.entries.length + encodedPlain >= entriesMax) rest.push(append)
      else if (draft.addProduced(append, append.range, now)) {
        overlay.add(append.range, state.end + draft.placed[draft.placed.length - 1].at)
        planned += append.bytesMax
      }
    } else if (judged.verdict === "known" && judged.offset >= state.end) {
      repeats.push({ append, at: judged.offset - state.end })
    } else if (overlay.has(append.range.id)) {
      rest.push(append) // what is only planned refuses nobody
    } else if (judged.verdict === "gap" && input.readTicket < append.ticket) {
      needsRead = true
      rest.push(append)
    } else {
      answerJudged(append, judged)
    }
  }
  draft.addPlain(plain, now)
  if (draft.entries.length === 0) return { plan: undefined, rest, needsRead }
  const { count, entries, pieces, bytes, minTimestamp, maxTimestamp } = draft
  const placed = [...draft.placed, ...repeats]
  let date = Number.POSITIVE_INFINITY
  for (const { append } of placed) if (append.date < date) date = append.date
  return {
    plan: { base: state.end, count, entries, pieces, bytes, minTimestamp, maxTimestamp, placed, date },
    rest,
    needsRead,
  }
}
