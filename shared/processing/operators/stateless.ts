import type { Collector, Operator, OperatorContext } from "../operator.ts"

type MapFunction = (record: unknown, info: { readonly timestamp: number }) => unknown
type FlatMapFunction = (record: unknown, info: { readonly timestamp: number }) => Iterable<unknown>
type Predicate = (record: unknown, info: { readonly timestamp: number }) => boolean

/** A step without state and timers. */
export abstract class StatelessOperator implements Operator {
  readonly nextTimer = undefined
  readonly state = undefined
  abstract record(value: unknown, timestamp: number): void
  watermark(): void {}
  processingTime(): void {}
  endProcessingTime(): void {}
  beforeCommit(): void {}
}

/** One object for all of a step's calls: functions get it for the length of a call. */
class Info {
  timestamp = 0
}

export class MapOperator extends StatelessOperator {
  readonly #map: MapFunction
  readonly #output: Collector
  readonly #info = new Info()

  constructor(map: MapFunction, output: Collector) {
    super()
    this.#map = map
    this.#output = output
  }

  record(value: unknown, timestamp: number): void {
    this.#info.timestamp = timestamp
    this.#output.record(this.#map(value, this.#info), timestamp)
  }
}

export class FlatMapOperator extends StatelessOperator {
  readonly #flatMap: FlatMapFunction
  readonly #output: Collector
  readonly #info = new Info()

  constructor(flatMap: FlatMapFunction, output: Collector) {
    super()
    this.#flatMap = flatMap
    this.#output = output
  }

  record(value: unknown, timestamp: number): void {
    this.#info.timestamp = timestamp
    for (const made of this.#flatMap(value, this.#info)) this.#output.record(made, timestamp)
  }
}

export class FilterOperator extends StatelessOperator {
  readonly #keeps: Predicate
  readonly #output: Collector
  readonly #info = new Info()

  constructor(keeps: Predicate, output: Collector) {
    super()
    this.#keeps = keeps
    this.#output = output
  }

  record(value: unknown, timestamp: number): void {
    this.#info.timestamp = timestamp
    if (this.#keeps(value, this.#info)) this.#output.record(value, timestamp)
  }
}

export class SplitOperator extends StatelessOperator {
  readonly #branches: readonly { readonly takes: (record: unknown) => boolean; readonly output: Collector }[]
  readonly #rest: Collector

  constructor(
    branches: readonly (readonly [name: string, takes: (record: unknown) => boolean])[],
    context: OperatorContext,
  ) {
    super()
    this.#branches = branches.map(([name, takes]) => ({ takes, output: context.side(name) }))
    this.#rest = context.side("rest")
  }

  record(value: unknown, timestamp: number): void {
    for (const { takes, output } of this.#branches) {
      if (takes(value)) {
        output.record(value, timestamp)
        return
      }
    }
    this.#rest.record(value, timestamp)
  }
}

/** Hands on what comes: `union` and side outputs. */
export class PassOperator extends StatelessOperator {
  readonly #output: Collector

  constructor(output: Collector) {
    super()
    this.#output = output
  }

  record(value: unknown, timestamp: number): void {
    this.#output.record(value, timestamp)
  }
}
