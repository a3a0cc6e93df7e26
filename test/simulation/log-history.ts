import type { JournalPosition } from "../../shared/storage/journal.ts"

/** What clients asked for, what they were told, and where it came to stand. */

export interface Placement {
  readonly topicId: string
  readonly partition: number
  /** Of the operation's first record. */
  readonly offset: number
  readonly count: number
}

/** Where an attempt's answer stands. `refused` is for good; `unknown` may have happened, or may yet. */
export type AttemptOutcome = "open" | "acked" | "duplicate" | "refused" | "unknown"

/** One request's part for one partition, sent once. */
export interface Attempt {
  readonly op: Op
  readonly host: string
  /** Orders beginnings and ends of everything that clients do. */
  readonly begun: number
  ended: number
  outcome: AttemptOutcome
  /** The error's code, or why it is unknown. */
  code: string
}

export interface ProducerIdentity {
  /** `Producer-Id`, or the digits of an id that was given out. */
  readonly name: string
  readonly epoch: number
  readonly sequence: number
}

/** What a client wants to stand in the log once: records that nobody else writes. */
export interface Op {
  readonly id: number
  readonly topic: string
  readonly partition: number | "any"
  readonly count: number
  readonly producer?: ProducerIdentity
  /** It went to a journal, for the topic with this id: it stands there or, if that is deleted, nowhere. */
  topicId?: string
  /** Where in the journal it is known to be. */
  position?: JournalPosition
  /** Made to be refused: its sequences overlap others, or its epoch is over. */
  readonly dishonest: boolean
  /** Of its client's operation before it on the same partition, when that was acknowledged before this began. */
  readonly after?: Op
  readonly attempts: Attempt[]
  readonly placements: Placement[]
  /** The world's time, epoch ms. */
  readonly firstAt: number
}

export class LogHistory {
  readonly ops: Op[] = []
  readonly violations: string[] = []
  /** Attempts that are not answered yet. */
  readonly open = new Set<Attempt>()
  #moment = 0

  /** Notes a broken invariant; the run ends at the next step. */
  violated(text: string): void {
    this.violations.push(text)
  }

  moment(): number {
    return ++this.#moment
  }

  op(op: Omit<Op, "id" | "attempts" | "placements">): Op {
    const made: Op = { ...op, id: this.ops.length, attempts: [], placements: [] }
    this.ops.push(made)
    return made
  }

  begin(op: Op, host: string): Attempt {
    const attempt: Attempt = { op, host, begun: this.moment(), ended: 0, outcome: "open", code: "" }
    op.attempts.push(attempt)
    this.open.add(attempt)
    return attempt
  }

  end(attempt: Attempt, outcome: AttemptOutcome, code = ""): void {
    if (attempt.outcome !== "open") return
    this.open.delete(attempt)
    attempt.outcome = outcome
    attempt.code = code
    attempt.ended = this.moment()
  }
}

/** Whether every attempt was refused for good: then no record of it may ever stand. */
export function isRefused(op: Op): boolean {
  return op.attempts.every(({ outcome }) => outcome === "refused")
}

export function describeOp(op: Op): string {
  const { id, topic, partition, count, producer } = op
  const by = producer === undefined ? "" : ` by ${producer.name}e${producer.epoch}s${producer.sequence}`
  const attempts = op.attempts.map(({ host, outcome, code }) => `${host}: ${outcome}${code && ` ${code}`}`)
  return `op ${id} (${count} records for ${topic}/${partition}${by}; ${attempts.join(", ") || "not sent"})`
}

/** The values of an operation's records: nobody else writes them. */
export function opValues(id: number, count: number, bytes: number): string[] {
  return Array.from({ length: count }, (_, index) => `${id}.${index}|`.padEnd(bytes, "."))
}

/** Which operation and which of its records a value is. */
export function readValue(value: string): { op: number; index: number } | undefined {
  const match = /^(\d+)\.(\d+)\|\.*$/.exec(value)
  return match === null ? undefined : { op: Number(match[1]), index: Number(match[2]) }
}
