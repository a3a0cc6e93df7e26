import { comparePositions } from "../../shared/storage/journal.ts"
import { describeOp, isRefused, type LogHistory, type Op } from "./log-history.ts"
import type { LogTruth } from "./log-truth.ts"

/** Checks at the end what only the whole history can tell. The rest was checked as it happened. */
export function checkHistory(history: LogHistory, truth: LogTruth): void {
  for (const op of history.ops) {
    if (op.attempts.length > 0 && isRefused(op) && op.placements.length > 0) {
      history.violated(`${describeOp(op)} stands, and all who asked were told that it never will`)
    }
    const acked = op.attempts.some(
      ({ outcome }) => outcome === "acked" || (outcome === "duplicate" && !op.dishonest),
    )
    // What a journal has for a topic that is deleted before it is delivered is dropped.
    const dropped = op.topicId !== undefined && truth.topics.get(op.topicId)?.marked === true
    if (acked && !dropped && op.placements.length === 0) history.violated(`${describeOp(op)} is lost`)
    if (op.after !== undefined) checkAfter(history, op.after, op)
  }
  checkProducers(history)
  checkJournal(history)
  for (const partition of truth.partitions.values()) {
    for (let offset = 0; offset < partition.end; offset++) {
      if (partition.values[offset] === undefined) {
        history.violated(`${partition.where} holds nothing at offset ${offset} of ${partition.end}`)
      }
    }
  }
}

/** What was sent after an acknowledgement stands behind what was acknowledged. */
function checkAfter(history: LogHistory, first: Op, second: Op): void {
  for (const before of first.placements) {
    const behind = second.placements.find(
      ({ topicId, partition }) => topicId === before.topicId && partition === before.partition,
    )
    if (behind !== undefined && behind.offset < before.offset) {
      history.violated(`${describeOp(second)} stands before ${describeOp(first)}`)
    }
  }
}

/** A partition holds what a journal has for it in the journal's order. */
function checkJournal(history: LogHistory): void {
  const known = history.ops
    .filter(op => op.position !== undefined && op.placements.length > 0)
    .sort((left, right) => comparePositions(left.position!, right.position!))
  const last = new Map<string, Op>()
  for (const op of known) {
    const { topicId, partition, offset } = op.placements[0]!
    const before = last.get(`${topicId} ${partition}`)
    if (before !== undefined && before.placements[0]!.offset > offset) {
      history.violated(`${describeOp(op)} stands before ${describeOp(before)}, and came to the journal later`)
    }
    last.set(`${topicId} ${partition}`, op)
  }
}

/** Within an epoch a partition holds a producer's records in the order of their sequences. */
function checkProducers(history: LogHistory): void {
  const bySequence = new Map<string, { op: Op; sequence: number; offset: number }[]>()
  for (const op of history.ops) {
    if (op.producer === undefined) continue
    const { name, epoch, sequence } = op.producer
    for (const { topicId, partition, offset } of op.placements) {
      const key = `${name} ${epoch} ${topicId} ${partition}`
      const placed = bySequence.get(key) ?? []
      placed.push({ op, sequence, offset })
      bySequence.set(key, placed)
    }
  }
  for (const placed of bySequence.values()) {
    placed.sort((left, right) => left.sequence - right.sequence)
    for (const [index, { op, offset, sequence }] of placed.entries()) {
      const before = placed[index - 1]
      if (before === undefined) continue
      if (before.offset >= offset || before.sequence + before.op.count !== sequence) {
        history.violated(
          `${describeOp(op)} at ${offset} follows ${describeOp(before.op)} at ${before.offset}`,
        )
      }
    }
  }
}
