import type { Aggregator, Aggregators } from "../../definition/job/aggregators.ts"
import type { WindowResult } from "../../definition/job/graph.ts"
import type { TimeWindow } from "../../definition/job/windows.ts"
import type { Collector } from "../operator.ts"
import { materialised } from "../record.ts"
import type { KeyPart } from "../state/keys.ts"
import type { ValueWriter } from "../state/value-writer.ts"
import { NamedAccumulators } from "./named-accumulators.ts"

/** What the user's window function sees around it. */
export interface ResultContext {
  readonly watermark: number
  readonly processingTime: number
}

/** How a window's content grows and what it comes to. `C` is plain data. */
export interface WindowContent<C = unknown> {
  create(record: unknown): C
  add(content: C, record: unknown): C
  /** Both together; the records of `left` came first. */
  merge(left: C, right: C): C
  /** The same, which may be merged into while `content` stays as it is. */
  copy(content: C): C
  /** What is stored of it. */
  pack(content: C): unknown
  /** As `pack`, written at once. */
  write(content: C, out: ValueWriter): void
  unpack(packed: unknown): C
  emit(
    content: C,
    window: TimeWindow,
    names: readonly string[],
    parts: readonly KeyPart[],
    timestamp: number,
    output: Collector,
  ): void
}

export function windowContent(result: WindowResult, context: ResultContext): WindowContent {
  switch (result.kind) {
    case "aggregate":
      return new AggregateContent(result.aggregators) as WindowContent
    case "reduce":
      return new ReduceContent(result.reduce as Reduce) as WindowContent
    case "process":
      return new ProcessContent(result.process as Process, context) as WindowContent
  }
}

/** A row of results begins with the key's fields. */
export function keyRow(names: readonly string[], parts: readonly KeyPart[]): Record<string, unknown> {
  const row: Record<string, unknown> = {}
  for (let index = 0; index < names.length; index++) row[names[index] as string] = parts[index]
  return row
}

/** One accumulator for each named aggregate. */
class AggregateContent implements WindowContent<unknown[]> {
  readonly #accumulators: NamedAccumulators
  readonly #names: readonly string[]
  readonly #aggregators: readonly Aggregator<unknown, unknown>[]

  constructor(aggregators: Aggregators<never>) {
    this.#accumulators = new NamedAccumulators(aggregators)
    this.#names = this.#accumulators.names
    this.#aggregators = this.#accumulators.aggregators
  }

  pack(content: unknown[]): unknown {
    return this.#accumulators.pack(content)
  }

  write(content: unknown[], out: ValueWriter): void {
    this.#accumulators.write(content, out)
  }

  unpack(packed: unknown): unknown[] {
    return this.#accumulators.unpack(packed)
  }

  create(record: unknown): unknown[] {
    return this.#aggregators.map(each => each.add(each.create(), record))
  }

  add(content: unknown[], record: unknown): unknown[] {
    const aggregators = this.#aggregators
    for (let index = 0; index < aggregators.length; index++) {
      content[index] = (aggregators[index] as Aggregator<unknown, unknown>).add(content[index], record)
    }
    return content
  }

  merge(left: unknown[], right: unknown[]): unknown[] {
    return this.#aggregators.map((each, index) => each.merge(left[index], right[index]))
  }

  copy(content: unknown[]): unknown[] {
    return this.merge(
      this.#aggregators.map(each => each.create()),
      content,
    )
  }

  emit(
    content: unknown[],
    window: TimeWindow,
    names: readonly string[],
    parts: readonly KeyPart[],
    timestamp: number,
    output: Collector,
  ): void {
    const row = keyRow(names, parts)
    row.windowStart = window.start
    row.windowEnd = window.end
    for (let index = 0; index < this.#names.length; index++) {
      row[this.#names[index] as string] = this.#aggregators[index]?.result(content[index])
    }
    output.record(row, timestamp)
  }
}

type Reduce = (left: unknown, right: unknown) => unknown

class ReduceContent implements WindowContent {
  readonly #reduce: Reduce

  constructor(reduce: Reduce) {
    this.#reduce = reduce
  }

  pack(content: unknown): unknown {
    return content
  }

  write(content: unknown, out: ValueWriter): void {
    out.any(content)
  }

  unpack(packed: unknown): unknown {
    return packed
  }

  create(record: unknown): unknown {
    return materialised(record)
  }

  add(content: unknown, record: unknown): unknown {
    return materialised(this.#reduce(content, record))
  }

  merge(left: unknown, right: unknown): unknown {
    return materialised(this.#reduce(left, right))
  }

  copy(content: unknown): unknown {
    return content
  }

  emit(
    content: unknown,
    _window: TimeWindow,
    _names: readonly string[],
    _parts: readonly KeyPart[],
    timestamp: number,
    output: Collector,
  ): void {
    output.record(content, timestamp)
  }
}

type Process = (records: readonly unknown[], context: object) => Iterable<unknown>

/** Every record, in the order of arrival. */
class ProcessContent implements WindowContent<unknown[]> {
  readonly #process: Process
  readonly #context: ResultContext

  constructor(process: Process, context: ResultContext) {
    this.#process = process
    this.#context = context
  }

  pack(content: unknown[]): unknown {
    return content
  }

  write(content: unknown[], out: ValueWriter): void {
    out.any(content)
  }

  unpack(packed: unknown): unknown[] {
    return packed as unknown[]
  }

  create(record: unknown): unknown[] {
    return [materialised(record)]
  }

  add(content: unknown[], record: unknown): unknown[] {
    content.push(materialised(record))
    return content
  }

  merge(left: unknown[], right: unknown[]): unknown[] {
    return left.concat(right)
  }

  copy(content: unknown[]): unknown[] {
    return content.slice()
  }

  emit(
    content: unknown[],
    window: TimeWindow,
    names: readonly string[],
    parts: readonly KeyPart[],
    timestamp: number,
    output: Collector,
  ): void {
    const { watermark, processingTime } = this.#context
    const key = keyRow(names, parts)
    for (const made of this.#process(content.slice(), { key, window, watermark, processingTime })) {
      output.record(made, timestamp)
    }
  }
}
