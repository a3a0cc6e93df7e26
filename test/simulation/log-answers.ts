import { LogError } from "../../shared/log/errors.ts"
import type { AppendResult } from "../../shared/log/types.ts"
import { StorageError } from "../../shared/storage/errors.ts"
import { type Attempt, describeOp, type LogHistory, type Op } from "./log-history.ts"
import type { LogTruth, TruthTopic } from "./log-truth.ts"

const HOUR_MS = 3_600_000
/** A producer is known for a day of commit time, which may run ahead of the stores' by half an hour. */
const PRODUCER_KNOWN_MS = 23 * HOUR_MS

/** Judges what clients are told, at the moment when they are told it. */
export class LogAnswers {
  readonly history: LogHistory
  readonly truth: LogTruth
  readonly #now: () => number

  constructor(history: LogHistory, truth: LogTruth, now: () => number) {
    this.history = history
    this.truth = truth
    this.#now = now
  }

  /** Takes down an append's answer. */
  appended(attempt: Attempt, result: AppendResult | undefined): void {
    const { op } = attempt
    if (result === undefined) {
      this.history.violated(`${describeOp(op)}: answered without a result`)
      return
    }
    if ("error" in result) {
      this.failed(attempt, result.error)
      return
    }
    const { partition, baseOffset, count } = result
    const elsewhere = op.partition !== "any" && op.partition !== partition
    if (elsewhere || count !== op.count || !this.truth.told(op, partition, baseOffset)) {
      const at = op.placements.map(placed => `${placed.partition}@${placed.offset}`)
      const said = `${count} records at ${partition}@${baseOffset}`
      this.history.violated(`${describeOp(op)}: told ${said}, it stands at ${at.join(", ") || "no place"}`)
    }
    this.history.end(attempt, "acked")
  }

  /** Takes down an error that an append answered or threw. */
  failed(attempt: Attempt, error: unknown): void {
    const { op } = attempt
    if (error instanceof StorageError && error.code === "unavailable") {
      this.history.end(attempt, "unknown", error.code)
      return
    }
    if (!(error instanceof LogError)) {
      this.history.violated(`${describeOp(op)}: ${(error as Error).stack}`)
      this.history.end(attempt, "unknown", "broken")
      return
    }
    const { code } = error
    const fault = this.#fault(attempt, error)
    if (fault !== undefined) this.history.violated(`${describeOp(op)}: told ${code}, ${fault}`)
    if (code === "duplicate") this.history.end(attempt, "duplicate")
    else this.history.end(attempt, code === "outcome_unknown" ? "unknown" : "refused", code)
  }

  /** What is wrong with a failure's being told, if anything is. */
  #fault(attempt: Attempt, error: LogError): string | undefined {
    const { op } = attempt
    switch (error.code) {
      case "outcome_unknown":
      case "too_many_in_flight":
      case "overloaded":
        return undefined
      case "duplicate":
        return op.placements.length === 0 && !op.dishonest ? "it stands nowhere" : undefined
      case "gap":
        return this.#gapFault(attempt)
      case "fenced":
        return this.#fencedFault(op)
      case "sequence_conflict":
        return op.dishonest || this.#incarnations(op.topic).length > 1 ? undefined : "nothing overlaps it"
      case "unknown_topic":
      case "topic_deleted":
        return this.missingFault(op.topic)
      default:
        return error.message
    }
  }

  /** `gap` is false when all that comes before was acknowledged before this was sent. */
  #gapFault(attempt: Attempt): string | undefined {
    const { op } = attempt
    const producer = op.producer!
    if (op.dishonest) return undefined
    if (producer.sequence === 0) return "it is the first"
    if (this.#incarnations(op.topic).length > 1) return undefined
    let youngest = 0
    for (const other of this.history.ops) {
      if (other === op || other.dishonest || !precedes(other, op)) continue
      const acked = other.attempts.some(({ outcome, ended }) => outcome === "acked" && ended < attempt.begun)
      if (!acked) return undefined
      youngest = Math.max(youngest, other.firstAt)
    }
    return this.#now() - youngest < PRODUCER_KNOWN_MS ? "all before it is acknowledged" : undefined
  }

  #fencedFault(op: Op): string | undefined {
    const producer = op.producer!
    const newer = this.history.ops.some(
      other =>
        other.producer?.name === producer.name &&
        other.producer.epoch > producer.epoch &&
        other.attempts.length > 0,
    )
    return newer ? undefined : "nobody has a newer epoch"
  }

  #incarnations(name: string): TruthTopic[] {
    return [...this.truth.topics.values()].filter(topic => topic.name === name)
  }

  /** A topic that exists and was never deleted may not be said to be missing. */
  missingFault(name: string): string | undefined {
    const known = this.#incarnations(name)
    return known.length > 0 && known.every(({ marked }) => !marked) ? "it was never deleted" : undefined
  }
}

/** Whether `other` lies before `op` in one producer's sequence. */
function precedes(other: Op, op: Op): boolean {
  const [mine, its] = [op.producer!, other.producer]
  return (
    its !== undefined &&
    its.name === mine.name &&
    its.epoch === mine.epoch &&
    its.sequence < mine.sequence &&
    other.topic === op.topic &&
    other.partition === op.partition
  )
}
