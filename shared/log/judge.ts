import type { ProducerState } from "./fold.ts"
import { SEQUENCE_MODULUS } from "./limits.ts"
import type { ProducerRange } from "./slot.ts"

/**
 * What to do with an append of an idempotent producer. `gap` rests on the view's lacking something, so that it may
 * be answered only from a view that was read since the request arrived; the others hold in any view.
 */
export type Judgement =
  | { readonly verdict: "append" }
  /** Committed before, at this offset. */
  | { readonly verdict: "known"; readonly offset: number }
  /** Committed before; the offsets are forgotten. */
  | { readonly verdict: "duplicate" }
  | { readonly verdict: "gap"; readonly expected: number }
  | { readonly verdict: "conflict" }
  | { readonly verdict: "fenced"; readonly epoch: number }
  | { readonly verdict: "retired" }

function nextSequence(sequence: number): number {
  return (sequence + 1) % SEQUENCE_MODULUS
}

/** The last sequence of `count` records from `first` on. */
export function lastSequence(first: number, count: number): number {
  return (first + count - 1) % SEQUENCE_MODULUS
}

/** How far `sequence` lies ahead of `reference` on the circle of sequences: negative when it lies behind. */
function ahead(sequence: number, reference: number): number {
  const distance = (sequence - reference + SEQUENCE_MODULUS) % SEQUENCE_MODULUS
  return distance < SEQUENCE_MODULUS / 2 ? distance : distance - SEQUENCE_MODULUS
}

/** Judges `range` against what the partition knows of its producer. Kafka's rules, for the last five appends. */
export function judge(known: ProducerState | undefined, retired: boolean, range: ProducerRange): Judgement {
  if (retired) return { verdict: "retired" }
  if (known !== undefined && range.epoch < known.epoch) return { verdict: "fenced", epoch: known.epoch }
  if (known === undefined || range.epoch > known.epoch || known.appends.length === 0) {
    return range.firstSequence === 0 ? { verdict: "append" } : { verdict: "gap", expected: 0 }
  }
  for (const append of known.appends) {
    if (append.first === range.firstSequence && append.last === range.lastSequence) {
      return { verdict: "known", offset: append.offset }
    }
  }
  const expected = nextSequence(known.appends[known.appends.length - 1].last)
  const distance = ahead(range.firstSequence, expected)
  if (distance === 0) return { verdict: "append" }
  if (distance > 0) return { verdict: "gap", expected }
  if (ahead(range.lastSequence, known.appends[0].first) < 0) return { verdict: "duplicate" }
  return { verdict: "conflict" }
}
