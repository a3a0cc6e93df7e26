import type { GraphNode } from "../definition/job/graph.ts"
import { type Job, uidOf } from "../definition/job/job.ts"
import {
  type Collector,
  type DropReason,
  END_OF_TIME,
  type Operator,
  type OperatorContext,
  type StateTable,
  type TimerPosition,
} from "./operator.ts"
import { buildOperator } from "./operators/build.ts"
import { keepsRecords } from "./operators/keeps-records.ts"
import { TimerFault } from "./operators/timer-fault.ts"
import { TimestampsOperator } from "./operators/timestamps.ts"
import { materialised } from "./record.ts"
import { Valve } from "./time/watermark-merge.ts"

/** What a program gives to and takes from whoever runs it. */
export interface ProgramHost {
  /** The clock as of this batch, epoch ms. */
  readonly processingTime: number
  /** Takes a record for the sink at this place of the graph. */
  sink(index: number, record: unknown, timestamp: number): void
  /** Counts a record that an operator dropped. */
  dropped(uid: string, reason: DropReason): void
  /** Sees what goes to side outputs, read or not. For tests. */
  side?(uid: string, tag: string, record: unknown, timestamp: number): void
  /** Timers to leave out, as `timerId` says them; absent: none. */
  readonly skippedTimers?: ReadonlySet<string>
}

/** What names one timer of a job. */
export function timerId(uid: string, { kind, time, key }: TimerPosition): string {
  return `${uid} ${kind} ${time} ${key}`
}

export interface ProgramOptions {
  /** Every source ends: event time stands still until then, and each window fires once. */
  readonly bounded?: boolean
}

/** A node's event time, as forwarded; what is stored of it. */
export interface NodeTime {
  readonly watermark: number
  readonly idle: boolean
}

/**
 * A job's graph, made to run: operators joined by plain calls, event time carried from the sources down. It knows
 * nothing of where records come from, when commits are made or where state lies. One task has one; a task that throws
 * its work away makes another.
 */
export class Program {
  readonly #nodes: readonly Node[]
  readonly #host: ProgramHost
  readonly #bounded: boolean

  constructor(job: Pick<Job, "graph">, host: ProgramHost, options: ProgramOptions = {}) {
    this.#host = host
    this.#bounded = options.bounded ?? false
    const indexes = new Map(job.graph.map((at, index) => [at, index] as const))
    this.#nodes = job.graph.map((at, index) => new Node(at, index, host))
    for (const node of this.#nodes) {
      node.inputs = node.graph.inputs.map(input => this.#nodes[indexes.get(input) as number] as Node)
    }
    // Readers first: an operator is handed what reads it when it is made.
    for (const node of this.#nodes.toReversed()) {
      // A stream that is joined with itself comes twice.
      const readers = this.#nodes.flatMap(other =>
        other.inputs.filter(input => input === node).map(() => other),
      )
      node.join(readers)
      const marked = () => this.#propagate(node.index - 1)
      node.operator = buildOperator(node.graph, node, { bounded: this.#bounded, marked })
    }
    for (const node of this.#nodes) {
      node.bounded = this.#bounded
      if (node.inputs.length > 1) node.valve = new Valve(node.inputs.length)
    }
  }

  /** Where records of the source at this place of the graph go in. */
  source(index: number): Collector {
    return (this.#nodes[index] as Node).output
  }

  /** The source's event time has come this far. Windows and timers that are due fire before this returns. */
  sourceTime(index: number, time: { watermark: number; idle: boolean; ended: boolean }): void {
    const node = this.#nodes[index] as Node
    node.idle = time.idle
    node.ended = time.ended
    if (time.ended) node.raise(END_OF_TIME)
    else if (!this.#bounded) node.raise(time.watermark)
    this.#propagate(index)
  }

  /** The clock has moved: due processing-time timers fire. The host's `processingTime` says where to. */
  advanceProcessingTime(): void {
    for (const node of this.#nodes) node.guard(() => node.operator.processingTime(this.#host.processingTime))
  }

  /**
   * Fires every processing-time timer, at the end of a bounded run: first those of what comes first in the graph, whose
   * results may set some further down. Timers that a step sets while its own fire are left out.
   */
  endProcessingTime(): void {
    for (const node of this.#nodes) node.guard(() => node.operator.endProcessingTime())
  }

  /** A batch has ended: watermarks of operators that have their own are taken up. */
  endBatch(): void {
    this.#propagate(-1)
  }

  /** What is given once a commit is given. */
  beforeCommit(): void {
    for (const node of this.#nodes) node.guard(() => node.operator.beforeCommit())
  }

  /** When the next processing-time timer is due, epoch ms. */
  get nextTimer(): number | undefined {
    let next: number | undefined
    for (const { operator } of this.#nodes) {
      const due = operator.nextTimer
      if (due !== undefined && (next === undefined || due < next)) next = due
    }
    return next
  }

  /** The state of every operator that has one, by uid. */
  states(): ReadonlyMap<string, StateTable> {
    const states = new Map<string, StateTable>()
    for (const { uid, operator } of this.#nodes) {
      if (operator.state !== undefined && uid !== undefined) states.set(uid, operator.state)
    }
    return states
  }

  /** The event time of every node, in the graph's order. */
  times(): readonly NodeTime[] {
    return this.#nodes.map(({ watermark, idle }) => ({ watermark, idle }))
  }

  /** The least watermark of the sinks: the job's. */
  get watermark(): number {
    const sinks = this.#nodes.filter(node => node.isSink)
    return Math.min(...sinks.map(node => node.watermark))
  }

  /** Puts event time back to where it was stored, before state is loaded. A graph that changed begins by its sources. */
  restoreTimes(times: readonly NodeTime[]): void {
    if (times.length !== this.#nodes.length) return
    for (const [index, { watermark, idle }] of times.entries()) {
      const node = this.#nodes[index] as Node
      node.watermark = watermark
      node.idle = idle
      if (node.valve !== undefined) {
        const inputs = node.inputs.map(input => {
          const time = times[input.index] as NodeTime
          return { ...time, ended: time.watermark === END_OF_TIME }
        })
        node.valve = Valve.restored(inputs, watermark)
      }
    }
  }

  /** Carries event time from the nodes after `from` on down, in the graph's order. */
  #propagate(from: number): void {
    for (let index = from + 1; index < this.#nodes.length; index++) {
      const node = this.#nodes[index] as Node
      if (node.inputs.length > 0) node.follow()
    }
  }
}

/** One node at work: what its operator has around it, and its event time. */
class Node implements OperatorContext {
  readonly graph: GraphNode
  readonly index: number
  readonly uid: string | undefined
  readonly #host: ProgramHost
  operator!: Operator
  inputs: readonly Node[] = []
  valve: Valve | undefined
  watermark = Number.NEGATIVE_INFINITY
  idle = false
  ended = false
  bounded = false
  output: Collector = NOWHERE
  feedsSinksAlone = false
  readonly #sides = new Map<string, Collector>()

  constructor(graph: GraphNode, index: number, host: ProgramHost) {
    this.graph = graph
    this.index = index
    this.uid = uidOf(graph)
    this.#host = host
  }

  get isSink(): boolean {
    return this.graph.operator.kind === "topicSink" || this.graph.operator.kind === "functionSink"
  }

  get processingTime(): number {
    return this.#host.processingTime
  }

  dropped(reason: DropReason): void {
    this.#host.dropped(this.uid ?? this.graph.operator.kind, reason)
  }

  get skipsTimers(): boolean {
    return (this.#host.skippedTimers?.size ?? 0) > 0
  }

  skips(timer: TimerPosition): boolean {
    return this.#host.skippedTimers?.has(timerId(this.uid ?? "", timer)) ?? false
  }

  /** Says of a timer that threw whose it is. */
  guard(act: () => void): void {
    try {
      act()
    } catch (error) {
      if (error instanceof TimerFault) error.uid ??= this.uid ?? this.graph.operator.kind
      throw error
    }
  }

  side(tag: string): Collector {
    const output = this.#sides.get(tag) ?? NOWHERE
    const host = this.#host
    if (host.side === undefined) return output
    const uid = this.uid ?? this.graph.operator.kind
    return {
      record(value, timestamp) {
        host.side?.(uid, tag, value, timestamp)
        output.record(value, timestamp)
      },
    }
  }

  join(readers: readonly Node[]): void {
    if (this.isSink) {
      const { index } = this
      const host = this.#host
      this.output = { record: (value, timestamp) => host.sink(index, value, timestamp) }
      return
    }
    const main: Node[] = []
    const sides = new Map<string, Node[]>()
    for (const reader of readers) {
      const { operator } = reader.graph
      if (operator.kind !== "side") main.push(reader)
      else sides.set(operator.tag, [...(sides.get(operator.tag) ?? []), reader])
    }
    this.output = fanOut(main)
    this.feedsSinksAlone = main.every(({ graph }) => isPlainSink(graph))
    for (const [tag, nodes] of sides) this.#sides.set(tag, fanOut(nodes))
  }

  /** Takes up the event time of the inputs. */
  follow(): void {
    const { valve, operator } = this
    if (valve === undefined) {
      const input = this.inputs[0] as Node
      this.idle = input.idle
      this.ended = input.ended
      const isOwn = operator instanceof TimestampsOperator && !this.bounded
      const own = isOwn ? operator.ownWatermark : input.watermark
      this.raise(input.watermark === END_OF_TIME ? END_OF_TIME : own)
      return
    }
    for (const [at, input] of this.inputs.entries()) {
      // The watermark of what has ended is the end of time: it says nothing about the others.
      if (input.ended) {
        valve.end(at)
        continue
      }
      if (!input.idle) valve.idle(at, false)
      valve.watermark(at, input.watermark)
      if (input.idle) valve.idle(at, true)
    }
    const { watermark, idle, ended } = valve.merged
    this.idle = idle
    this.ended = ended
    this.raise(ended ? END_OF_TIME : watermark)
  }

  raise(watermark: number): void {
    if (watermark <= this.watermark) return
    this.watermark = watermark
    this.guard(() => this.operator.watermark(watermark))
  }
}

/** A topic's sink that needs the bytes of records and no more. */
function isPlainSink({ operator }: GraphNode): boolean {
  if (operator.kind !== "topicSink") return false
  const { key, headers, partition } = operator.options
  return key === undefined && headers === undefined && partition === undefined
}

const NOWHERE: Collector = { record: () => {} }

function fanOut(readers: readonly Node[]): Collector {
  const [only] = readers
  if (only === undefined) return NOWHERE
  if (readers.length === 1) return takerOf(only)
  const takers = readers.map(takerOf)
  return {
    record(value, timestamp) {
      for (const taker of takers) taker.record(value, timestamp)
    },
  }
}

/** What a node's records are handed to. */
function takerOf({ graph, operator }: Node): Collector {
  if (!keepsRecords(graph.operator)) return operator
  return { record: (value, timestamp) => operator.record(materialised(value), timestamp) }
}
