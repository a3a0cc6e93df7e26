import { LogError } from "../errors.ts"
import { lastSequence } from "../judge.ts"
import { BATCH_BYTES_MAX, SLOT_ENTRIES_MAX } from "../limits.ts"
import type { SlotPlan } from "../plan.ts"
import { rangeOf } from "../producer-range.ts"
import { type VerifiedBatch, verifyBatch } from "../records/index.ts"
import type { ProducerRange } from "../slot.ts"
import { SlotDraft } from "../slot-draft.ts"
import {
  SMALL_TRANSACTION_BYTES_MAX,
  SMALL_TRANSACTION_ITEMS_MAX,
  TRANSACTION_GROUPS_MAX,
  TRANSACTION_OFFSETS_MAX,
} from "./limits.ts"
import type { CommitRequest, TransactionBatch } from "./types.ts"

/** One partition's share of a transaction that is committed at once. */
export interface SmallShare {
  readonly topic: string
  readonly topicId: string | undefined
  readonly partition: number
  readonly draft: SlotDraft
  /** For each of its batches, which one of the request it is, and its first record's place in the slot. */
  readonly placed: { readonly index: number; readonly at: number }[]
}

/** Offsets and groups of a transaction are bounded by what one write of the store can do. Throws `transaction_too_large`. */
export function checkOffsets({ offsets }: Pick<CommitRequest, "offsets">): number {
  const count = offsets.reduce((sum, group) => sum + group.offsets.length, 0)
  if (count > TRANSACTION_OFFSETS_MAX) {
    throw tooLarge(`offsets: expected at most ${TRANSACTION_OFFSETS_MAX}, got ${count}`)
  }
  if (offsets.length > TRANSACTION_GROUPS_MAX) {
    throw tooLarge(`offsets: expected at most ${TRANSACTION_GROUPS_MAX} groups, got ${offsets.length}`)
  }
  return count
}

/**
 * Checks a transaction's batches and gathers them by partition, in the request's order. Pure. Throws
 * `transaction_too_large`, `corrupt_batch`, `record_too_large`, `invalid_producer`, `gap`.
 */
export function planSmall(request: CommitRequest): readonly SmallShare[] {
  const items = checkOffsets(request)
  const bytes = request.batches.reduce((sum, batch) => sum + batch.bytes.length, 0)
  if (bytes > SMALL_TRANSACTION_BYTES_MAX) {
    throw tooLarge(`batches: expected at most ${SMALL_TRANSACTION_BYTES_MAX} bytes, got ${bytes}`)
  }
  const shares = new Map<string, SmallShare & { nextSequence: number }>()
  for (const [index, batch] of request.batches.entries()) {
    const { topic, topicId, partition } = batch
    const key = `${topicId ?? topic}#${partition}`
    let share = shares.get(key)
    if (share === undefined) {
      share = { topic, topicId, partition, draft: new SlotDraft("none"), placed: [], nextSequence: 0 }
      shares.set(key, share)
    }
    const { verified, range } = checked(request, batch, index, share.nextSequence)
    share.nextSequence = lastSequence(range.firstSequence, verified.count) + 1
    share.placed.push({ index, at: share.draft.count })
    const { count, minTimestamp, maxTimestamp } = verified
    share.draft.add(batch.bytes, count, minTimestamp, maxTimestamp, { producer: range })
    if (share.placed.length > SLOT_ENTRIES_MAX) {
      throw tooLarge(`batches: expected at most ${SLOT_ENTRIES_MAX} of one partition, ${topic} ${partition}`)
    }
  }
  if (shares.size + items > SMALL_TRANSACTION_ITEMS_MAX) {
    throw tooLarge(
      `expected at most ${SMALL_TRANSACTION_ITEMS_MAX} partitions and offsets, got ${shares.size + items}`,
    )
  }
  return [...shares.values()]
}

function checked(
  { producerId, epoch }: CommitRequest,
  { topic, partition, bytes }: TransactionBatch,
  index: number,
  nextSequence: number,
): { verified: VerifiedBatch; range: ProducerRange } {
  const where = `batches[${index}] (${topic} ${partition})`
  if (bytes.length > BATCH_BYTES_MAX) {
    throw new LogError(
      "record_too_large",
      `${where}: expected at most ${BATCH_BYTES_MAX} bytes, got ${bytes.length}`,
    )
  }
  const verified = verifyBatch(bytes)
  if (!verified.transactional || verified.producerId !== producerId || verified.producerEpoch !== epoch) {
    throw new LogError(
      "invalid_producer",
      `${where}: expected a transactional batch of producer ${producerId}, epoch ${epoch}`,
    )
  }
  if (verified.baseSequence !== nextSequence) {
    throw new LogError("gap", `${where}: expected sequence ${nextSequence}, got ${verified.baseSequence}`, {
      detail: { expected: nextSequence },
    })
  }
  return { verified, range: rangeOf({ id: producerId, epoch, sequence: nextSequence }, verified.count) }
}

/** A share's slot, to be put at the partition's end. `date`: store time of the read by which its topic is known, epoch ms. */
export function slotPlanOf({ draft }: SmallShare, date: number): SlotPlan {
  const { count, entries, pieces, bytes, minTimestamp, maxTimestamp } = draft
  return { base: 0, count, entries, pieces, bytes, minTimestamp, maxTimestamp, placed: [], sources: [], date }
}

function tooLarge(message: string): LogError {
  return new LogError(
    "transaction_too_large",
    `${message}: append the batches first, and commit without them; or commit less at a time`,
  )
}
