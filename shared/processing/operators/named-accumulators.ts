import type { Aggregator, Aggregators } from "../../definition/job/aggregators.ts"

/**
 * The accumulators of named aggregates: in memory by place, stored by name. So aggregates may come and go: one that is
 * new begins with the next record, one that was taken out is forgotten.
 */
export class NamedAccumulators {
  readonly names: readonly string[]
  readonly aggregators: readonly Aggregator<unknown, unknown>[]

  constructor(aggregators: Aggregators<never>) {
    this.names = Object.keys(aggregators)
    this.aggregators = Object.values(aggregators) as unknown as readonly Aggregator<unknown, unknown>[]
  }

  pack(accumulators: readonly unknown[]): unknown {
    const packed: Record<string, unknown> = {}
    for (let index = 0; index < accumulators.length; index++) {
      packed[this.names[index] as string] = accumulators[index]
    }
    return packed
  }

  unpack(packed: unknown): unknown[] {
    const stored = packed as Readonly<Record<string, unknown>>
    return this.aggregators.map((each, index) => {
      const name = this.names[index] as string
      return Object.hasOwn(stored, name) ? stored[name] : each.create()
    })
  }
}
