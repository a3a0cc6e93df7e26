import type { Predicate } from "../../shared/serving/direct/plan.ts"
import type { TruthRow } from "./table-truth.ts"

/** Rows that somebody asked to be gone: an erasure by condition, or offsets that a vector names. */
export interface Erasure {
  readonly takes: (partition: number, row: TruthRow) => boolean
  /** The table that it is known to have come to; undefined: it may have come to any, or to none. */
  acked?: { readonly tableId: string; readonly ends: readonly number[]; readonly order: number }
}

/** Everything that was ever asked to be erased. */
export class Erasures {
  readonly #all: Erasure[] = []
  #acks = 0

  begin(takes: Erasure["takes"]): Erasure {
    const erasure: Erasure = { takes }
    this.#all.push(erasure)
    return erasure
  }

  acknowledge(erasure: Erasure, tableId: string, ends: readonly number[]): void {
    erasure.acked = { tableId, ends, order: this.#acks++ }
  }

  /** How many are acknowledged: what is, is done for whoever asks from now on. */
  get now(): number {
    return this.#acks
  }

  /** Whether a row may be missing. */
  mayTake(partition: number, row: TruthRow): boolean {
    return this.#all.some(({ takes }) => takes(partition, row))
  }

  /** Whether a row must be missing for whoever asked when `now` were acknowledged. */
  mustTake(tableId: string, partition: number, row: TruthRow, now: number): boolean {
    return this.#all.some(
      ({ takes, acked }) =>
        acked !== undefined &&
        acked.tableId === tableId &&
        acked.order < now &&
        row.offset < (acked.ends[partition] ?? 0) &&
        takes(partition, row),
    )
  }
}

/** Ids that an erasure of the workload takes, both ends included. */
export interface IdRange {
  readonly low: number
  readonly high: number
}

export const whereOf = ({ low, high }: IdRange): string => `id >= ${low} AND ${high} >= id`

export const isWithin = ({ low, high }: IdRange, id: number | null): boolean =>
  id !== null && id >= low && id <= high

/** The range of a condition of `whereOf`, as the engines get it. */
export function rangeOf(where: Predicate): IdRange {
  if ("parts" in where) {
    const [low, high] = where.parts.map(part => (part.kind === "compare" ? Number(part.value) : Number.NaN))
    return { low: low!, high: high! }
  }
  throw new Error(`no condition of the workload: ${JSON.stringify(where)}`)
}
