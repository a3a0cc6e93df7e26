import { LogError } from "../../log/errors.ts"
import { SEQUENCE_MODULUS } from "../../log/limits.ts"
import type { Log } from "../../log/types.ts"
import type { CommitRecord, OutputBatch, OutputRef } from "./commit.ts"
import type { CommitStore } from "./commit-store.ts"

/** Output partitions that are written to at once. */
const PARTITIONS_AT_ONCE = 16

export interface Publication {
  readonly producerId: number
  /** Of consecutive records, in their order. */
  readonly outputs: readonly (OutputRef | OutputBatch)[]
  /** Store time of the reads that found the records committed and the generation current, epoch ms. */
  readonly readAt: number
}

/**
 * `gone`: some results were for topics that are deleted, and were dropped. `retired`: a newer generation has taken over;
 * everything committed is in the log.
 */
export type PublishOutcome = "published" | "gone" | "retired"

interface Partition {
  readonly topicId: string
  readonly partition: number
  readonly batches: (OutputRef | OutputBatch)[]
}

/** Appends what tasks committed: each batch as it was stored, in order, once. */
export class Publisher {
  readonly #log: Log
  readonly #commits: CommitStore
  /** By producer and partition: the sequence that comes next. */
  readonly #next = new Map<string, number>()

  constructor(log: Log, commits: CommitStore) {
    this.#log = log
    this.#commits = commits
  }

  /**
   * Throws `LogError` and `StorageError` where it does not get through; then
   * it is to be tried again.
   */
  async publish({ producerId, outputs, readAt }: Publication): Promise<PublishOutcome> {
    const outcomes = await inTurns([...partitionsOf(outputs)], PARTITIONS_AT_ONCE, partition =>
      this.#publishTo(partition, producerId, readAt),
    )
    if (outcomes.includes("retired")) return "retired"
    return outcomes.includes("gone") ? "gone" : "published"
  }

  async #publishTo(
    { topicId, partition, batches }: Partition,
    producerId: number,
    readAt: number,
  ): Promise<PublishOutcome> {
    const id = `${producerId}/${topicId}#${partition}`
    const known = this.#next.get(id)
    // Until it is known that all went well, the partition has the word.
    this.#next.delete(id)
    try {
      let next = known
      if (next === undefined) {
        const position = await this.#log.producerPosition(topicId, partition, producerId)
        if (position.retired) return "retired"
        next = position.nextSequence
      }
      const left = batches.filter(({ sequence }) => !isBefore(sequence, next))
      if (left.length > 0) {
        await this.#log.publish({ topicId, partition, batches: await this.#bytesOf(left), readAt })
      }
      const last = batches.at(-1) as OutputBatch
      const end = (last.sequence + last.count) % SEQUENCE_MODULUS
      this.#next.set(id, isBefore(end, next) ? next : end)
      return "published"
    } catch (error) {
      if (!(error instanceof LogError)) throw error
      if (error.code === "fenced") return "retired"
      if (error.code === "topic_deleted") return "gone"
      throw error
    }
  }

  async #bytesOf(batches: readonly (OutputRef | OutputBatch)[]): Promise<readonly Uint8Array[]> {
    const stored = batches.filter(batch => "piece" in batch)
    const read = await this.#commits.pieces(stored.map(({ piece }) => piece))
    return batches.map(batch =>
      "piece" in batch ? (read[stored.indexOf(batch)] as Uint8Array) : batch.bytes,
    )
  }

  /** Ends a task's producer wherever its last record says that it appended. Throws as `publish` does. */
  async retire(producerId: number, sequences: CommitRecord["sequences"]): Promise<void> {
    await inTurns(Object.keys(sequences), PARTITIONS_AT_ONCE, async id => {
      const at = id.lastIndexOf("#")
      const partition = Number(id.slice(at + 1))
      await this.#log.retireProducer(id.slice(0, at), partition, producerId).catch((error: unknown) => {
        if (!(error instanceof LogError && error.code === "topic_deleted")) throw error
      })
      this.#next.delete(`${producerId}/${id}`)
    })
  }
}

function partitionsOf(outputs: readonly (OutputRef | OutputBatch)[]): Iterable<Partition> {
  const partitions = new Map<string, Partition>()
  for (const batch of outputs) {
    const { topicId, partition } = batch
    const id = `${topicId}#${partition}`
    const known = partitions.get(id)
    if (known === undefined) partitions.set(id, { topicId, partition, batches: [batch] })
    else known.batches.push(batch)
  }
  // Steps that write to one topic close their batches in turns.
  for (const { batches } of partitions.values()) {
    batches.sort((left, right) => (isBefore(left.sequence, right.sequence) ? -1 : 1))
  }
  return partitions.values()
}

/** Whether a sequence comes before another; they wrap round to 0. */
function isBefore(sequence: number, next: number): boolean {
  const ahead = (sequence - next + SEQUENCE_MODULUS) % SEQUENCE_MODULUS
  return ahead >= SEQUENCE_MODULUS / 2
}

/** Does something for each, so many at once; the first failure ends it. */
export async function inTurns<T, R>(
  items: readonly T[],
  atOnce: number,
  act: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < items.length; from += atOnce) {
    const turn = items.slice(from, from + atOnce).map((item, index) => act(item, from + index))
    results.push(...(await Promise.all(turn)))
  }
  return results
}
