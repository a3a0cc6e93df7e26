import * as v from "valibot"
import { BATCH_BYTES_MAX } from "../log/limits.ts"
import { TRANSACTIONAL_ID_BYTES_MAX } from "../log/transactions/limits.ts"
import { FRAMED_BATCHES_MAX, PRODUCER_EPOCH_MAX } from "./limits.ts"
import { integerNumber, name, partitionNumber } from "./parameters.ts"

/** The transactional id of a path. */
export const transactionPath = v.strictObject({
  transaction: v.pipe(
    v.string(),
    v.regex(
      new RegExp(`^[\\x20-\\x7e]{1,${TRANSACTIONAL_ID_BYTES_MAX}}$`),
      issue =>
        `expected 1 to ${TRANSACTIONAL_ID_BYTES_MAX} printable ASCII characters, got ${JSON.stringify(issue.input)}`,
    ),
    v.description(`The transactional id: 1 to ${TRANSACTIONAL_ID_BYTES_MAX} printable ASCII characters.`),
  ),
})

/** A producer and its transaction, as a body names them. */
export const transactionStamp = {
  producerId: integerNumber(0, Number.MAX_SAFE_INTEGER, "The producer's id, as it was given."),
  epoch: integerNumber(0, PRODUCER_EPOCH_MAX, "The transaction: each epoch is one."),
}

const topicId = v.optional(
  v.pipe(v.string(), v.description("The topic that is meant, whatever the name stands for now.")),
)

const committedOffset = v.strictObject({
  topic: name("topic"),
  topicId,
  partition: partitionNumber,
  offset: integerNumber(0, Number.MAX_SAFE_INTEGER, "The next offset to read."),
  metadata: v.optional(v.string()),
})

const groupOffsets = v.strictObject({
  group: v.string(),
  member: v.optional(v.string()),
  memberEpoch: v.optional(integerNumber(0, Number.MAX_SAFE_INTEGER, "Of the member's last heartbeat.")),
  offsets: v.array(committedOffset),
})

const batchHead = v.strictObject({
  topic: name("topic"),
  topicId,
  partition: partitionNumber,
  bytes: integerNumber(1, BATCH_BYTES_MAX, "The batch's length."),
})

/** What a commit says besides its batches' bytes: the head of a framed body, or a JSON body. */
export const commitHead = v.strictObject({
  ...transactionStamp,
  batches: v.optional(
    v.pipe(
      v.array(batchHead),
      v.maxLength(FRAMED_BATCHES_MAX, `expected at most ${FRAMED_BATCHES_MAX} batches`),
    ),
    [],
  ),
  offsets: v.optional(v.array(groupOffsets), []),
})

export const producerAnswer = v.object({
  transactionalId: v.string(),
  producerId: v.number(),
  epoch: v.number(),
})

export const resultAnswer = v.object({
  outcome: v.picklist(["committed", "aborted"]),
  next: v.object({ producerId: v.number(), epoch: v.number() }),
  offsets: v.array(v.number()),
})

export const transactionAnswer = v.object({
  transactionalId: v.string(),
  producerId: v.number(),
  epoch: v.number(),
  state: v.picklist(["empty", "ongoing", "committing", "aborting"]),
  partitions: v.array(v.object({ topicId: v.string(), partition: v.number() })),
  deadline: v.optional(v.number()),
})
