import { LogError } from "./errors.ts"
import { lastSequence } from "./judge.ts"
import { PRODUCER_EPOCH_MAX, SEQUENCE_MODULUS } from "./limits.ts"
import type { ProducerRange } from "./slot.ts"

/** The sequences of `count` records from a producer's `sequence` on. Throws `invalid_producer`. */
export function rangeOf(
  producer: { id: number; epoch: number; sequence: number },
  count: number,
): ProducerRange {
  const { id, epoch, sequence } = producer
  const valid =
    Number.isInteger(epoch) &&
    epoch >= 0 &&
    epoch <= PRODUCER_EPOCH_MAX &&
    Number.isInteger(sequence) &&
    sequence >= 0 &&
    sequence < SEQUENCE_MODULUS
  if (!valid) throw new LogError("invalid_producer", `epoch ${epoch}, sequence ${sequence}: out of range`)
  return { id, epoch, firstSequence: sequence, lastSequence: lastSequence(sequence, count) }
}
