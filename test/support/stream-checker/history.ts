/**
 * What clients of a log did and were told, as a checker judges it afterwards: the same for a simulated run, a server that
 * is killed over HTTP, and a deployed app. A partition is named by its topic's id, so that a topic made anew has others.
 */

/** `fail`: it certainly did not happen, and never will; `unknown`: it may have happened, or may yet. */
export type Outcome = "ok" | "fail" | "unknown"

export interface SendEvent {
  readonly kind: "send"
  readonly partition: string
  /** Nobody else ever sends it, to whatever partition. */
  readonly value: string
  /** Of the record, for compacted topics. */
  readonly key?: string
  /** As acknowledged; −1: acknowledged without one (a duplicate whose offset is forgotten). */
  offset?: number
}

export interface ReadRecord {
  readonly partition: string
  readonly offset: number
  readonly value: string
}

export interface PollEvent {
  readonly kind: "poll"
  /** In the order in which they came. */
  readonly records: readonly ReadRecord[]
  /**
   * Partitions whose position the reader did not carry over from its last poll: it sought, was assigned anew, or was told
   * that what it asked for is no longer there.
   */
  readonly repositioned?: ReadonlySet<string>
}

export type StreamEvent = SendEvent | PollEvent

/** One call of one client, or one transaction of it with all that it sent and polled. */
export interface Operation {
  /** One thread of control: its operations follow each other. A restarted client is another one. */
  readonly client: string
  readonly transaction: boolean
  readonly isolation: "read_committed" | "read_uncommitted"
  /** How its polls come by partitions. */
  readonly mode: "assign" | "subscribe"
  /** Orders beginnings and ends of all operations. */
  readonly begun: number
  ended: number
  outcome: Outcome
  /** The moment at which its commit was first asked for: before it nobody may read what it sent. */
  committing?: number
  readonly events: StreamEvent[]
}

/** What the run knows of its partitions beside what clients saw. */
export interface PartitionFacts {
  /** Records below it may be gone: retention, deleted records. */
  readonly logStart: number
  /** Of each key the newest record stays; older ones may be gone. Tombstones may be gone too. */
  readonly compacted: boolean
  /** Its topic was deleted: nobody need see what was in it. */
  readonly deleted: boolean
}

export interface StreamHistory {
  readonly operations: readonly Operation[]
  facts(partition: string): PartitionFacts
  /** In the end somebody read every partition from its start to its end: then what nobody saw is lost. */
  readonly complete: boolean
  /** Values that are tombstones, in compacted topics. */
  readonly tombstones?: ReadonlySet<string>
}

/** Collects a history: hands out moments, closes operations. */
export class HistoryBook {
  readonly operations: Operation[] = []
  #moment = 0

  /** A moment between those of all operations so far and to come. */
  moment(): number {
    return ++this.#moment
  }

  begin(
    client: string,
    options: Partial<Pick<Operation, "transaction" | "isolation" | "mode">> = {},
  ): Operation {
    const operation: Operation = {
      client,
      transaction: options.transaction ?? false,
      isolation: options.isolation ?? "read_committed",
      mode: options.mode ?? "assign",
      begun: this.moment(),
      ended: Number.POSITIVE_INFINITY,
      outcome: "unknown",
      events: [],
    }
    this.operations.push(operation)
    return operation
  }

  end(operation: Operation, outcome: Outcome): void {
    operation.outcome = outcome
    operation.ended = this.moment()
  }
}
