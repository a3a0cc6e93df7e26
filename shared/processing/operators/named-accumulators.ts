import type { Aggregator, Aggregators } from "../../definition/job/aggregators.ts"
import { packState } from "../state/packing.ts"
import type { ValueWriter } from "../state/value-writer.ts"

/**
 * The accumulators of named aggregates: in memory by place, stored by name. So aggregates may come and go: one that is
 * new begins with the next record, one that was taken out is forgotten.
 */
export class NamedAccumulators {
  readonly names: readonly string[]
  readonly #packedNames: readonly Uint8Array[]
  readonly aggregators: readonly Aggregator<unknown, unknown>[]

  constructor(aggregators: Aggregators<never>) {
    this.names = Object.keys(aggregators)
    this.#packedNames = this.names.map(name => Uint8Array.from(packState(name)))
    this.aggregators = Object.values(aggregators) as unknown as readonly Aggregator<unknown, unknown>[]
  }

  pack(accumulators: readonly unknown[]): unknown {
    const packed: Record<string, unknown> = {}
    for (let index = 0; index < accumulators.length; index++) {
      packed[this.names[index] as string] = accumulators[index]
    }
    return packed
  }

  /** As `pack`, written at once: as a map. */
  write(accumulators: readonly unknown[], out: ValueWriter): void {
    out.map(accumulators.length)
    for (let index = 0; index < accumulators.length; index++) {
      out.raw(this.#packedNames[index] as Uint8Array)
      out.any(accumulators[index])
    }
  }

  unpack(packed: unknown): unknown[] {
    const stored = storedByName(packed)
    return this.aggregators.map((each, index) => {
      const name = this.names[index] as string
      return stored.has(name) ? stored.get(name) : each.create()
    })
  }
}

/** What is stored by name, in either way. */
export function storedByName(packed: unknown): ReadonlyMap<string, unknown> {
  return packed instanceof Map ? packed : new Map(Object.entries(packed as Readonly<Record<string, unknown>>))
}
