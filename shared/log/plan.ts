import { LogError } from "./errors.ts"
import type { PartitionState } from "./fold.ts"
import { JournalledPlan } from "./journal/plan-journalled.ts"
import type { Judgement } from "./judge.ts"
import { SHARED_ENTRIES, SLOT_BYTES_TARGET, SLOT_ENTRIES_MAX } from "./limits.ts"
import { Overlay } from "./overlay.ts"
import type { Marker, PendingAppend } from "./pending.ts"
import type { BatchCodec } from "./records/index.ts"
import type { SlotEntry, SourcePosition } from "./slot.ts"
import { type Placed, SlotDraft } from "./slot-draft.ts"

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
  /** For each journal's shard, the first position that the slot stores. */
  readonly sources: readonly SourcePosition[]
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

/** Adds a marker, or answers it where the partition has it already. Returns false if it has to wait. */
function takeMarker(
  append: PendingAppend,
  marker: Marker,
  {
    state,
    overlay,
    draft,
    room,
  }: { state: PartitionState; overlay: Overlay; draft: SlotDraft; room: boolean },
): boolean {
  if (overlay.epoch(marker.producerId) >= marker.epoch) {
    if (overlay.has(marker.producerId)) return false // what is only planned is judged again once it stands
    append.commit(state.end)
    return true
  }
  if (!room) return false
  draft.addMarker(append, marker)
  overlay.mark(marker.producerId, marker.epoch)
  return true
}

/**
 * Plans the next slot of a partition from the appends that wait: judges idempotent ones against the state and those
 * planned before them, and encodes what is to be stored. Answers at once what needs no write. Pure but for that.
 */
export function planSlot(input: PlanInput): Planned {
  const { state, queue, now } = input
  const overlay = new Overlay(state)
  const draft = new SlotDraft(input.codec)
  const journalled = new JournalledPlan(state, draft)
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
    if ("journalled" in append.content) {
      const room = full ? 0 : entriesMax - draft.entries.length - encodedPlain
      if (!journalled.add(append, append.content.journalled, room)) rest.push(append)
      else planned += append.bytesMax
      continue
    }
    if ("marker" in append.content) {
      const room = !full && draft.entries.length + encodedPlain < entriesMax
      if (!takeMarker(append, append.content.marker, { state, overlay, draft, room })) rest.push(append)
      continue
    }
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
  const { sources } = journalled
  let date = Number.POSITIVE_INFINITY
  for (const { append } of placed) if (append.date < date) date = append.date
  return {
    plan: {
      base: state.end,
      count,
      entries,
      pieces,
      bytes,
      minTimestamp,
      maxTimestamp,
      placed,
      sources,
      date,
    },
    rest,
    needsRead,
  }
}
