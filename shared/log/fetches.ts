import { StorageError } from "../storage/errors.ts"
import type { Ports } from "../storage/time.ts"
import { topicDeleted } from "./appender.ts"
import { LogError } from "./errors.ts"
import { lastStableOffset } from "./fold.ts"
import type { Partitions } from "./partitions.ts"
import type { Reader } from "./reader.ts"
import { cutBefore } from "./segments/cut.ts"
import { SETTLE_EVERY_MS } from "./transactions/limits.ts"
import type { TopicPartition, Transactions } from "./transactions/types.ts"
import type { Fetched, FetchRequest, PartitionOffsets } from "./types.ts"
import type { PartitionView } from "./view.ts"

/** Producers that a process remembers to have asked for: beyond it, some are asked for once more than need be. */
const ASKED_KEPT_MAX = 10_000

/** What a hint about new records of a partition is called. */
export function wakeTopic(topicId: string, partition: number): string {
  return `log/${topicId}/${partition}`
}

/** The log's reading half: fetches that may wait, and what bounds them. */
export class Fetches {
  readonly #ports: Ports
  readonly #partitions: Partitions
  readonly #reader: Reader
  readonly #settle: Transactions["settle"]
  /** By producer: when its transaction was last asked for, by the own clock. */
  readonly #asked = new Map<number, number>()

  constructor(ports: Ports, partitions: Partitions, reader: Reader, settle: Transactions["settle"]) {
    this.#settle = settle
    this.#ports = ports
    this.#partitions = partitions
    this.#reader = reader
  }

  async fetch(topicId: string, partition: number, request: FetchRequest): Promise<Fetched> {
    const { waitMs = 0, signal } = request
    const giveUpAt = this.#ports.clock.elapsed() + waitMs
    for (;;) {
      const left = giveUpAt - this.#ports.clock.elapsed()
      // The wait begins before the read, so that no hint falls between the two.
      const waiting = left > 0 ? new AbortController() : undefined
      const hint = waiting && this.#ports.wake.wait(wakeTopic(topicId, partition), left, waiting.signal)
      const stop = () => waiting?.abort()
      signal?.addEventListener("abort", stop)
      try {
        const view = await this.#partitions.view(topicId, partition)
        const fetched = await this.#reader.fetch(view, request)
        view.traffic.read(fetched)
        if (fetched.nextOffset > request.offset || signal?.aborted === true) return fetched
        if (view.state?.closed === true) throw topicDeleted(view.pk)
        const stopped = request.isolation === "read_uncommitted" ? [] : stoppedBy(view, request.offset)
        if (stopped.length > 0 && (await this.#settled(stopped, { topicId, partition }))) continue
        if (hint === undefined) return fetched
        if (stopped.length === 0) await hint
        else await Promise.race([hint, this.#ports.clock.sleep(SETTLE_EVERY_MS, waiting?.signal)])
      } finally {
        signal?.removeEventListener("abort", stop)
        stop()
      }
    }
  }

  /**
   * Has transactions ended that are over and stop a reader, each asked for once in a while. Returns whether the reader may
   * find more now. What fails is tried again, here or by others: it is no fault of the reader's.
   */
  async #settled(producers: readonly number[], at: TopicPartition): Promise<boolean> {
    const now = this.#ports.clock.elapsed()
    const due = producers.filter(
      id => now - (this.#asked.get(id) ?? Number.NEGATIVE_INFINITY) >= SETTLE_EVERY_MS,
    )
    if (this.#asked.size > ASKED_KEPT_MAX) this.#asked.clear()
    for (const id of due) this.#asked.set(id, now)
    try {
      const settled = await Promise.all(due.map(id => this.#settle(id, at)))
      return settled.some(changed => changed)
    } catch (error) {
      if (error instanceof LogError || error instanceof StorageError) return false
      throw error
    }
  }

  async offsets(topicId: string, partition: number): Promise<PartitionOffsets> {
    const { state, pk } = await this.#partitions.view(topicId, partition)
    if (state === undefined) throw new LogError("overloaded", `${pk}: try again`)
    const { start } = (await this.#partitions.indexes.get({ topicId, partition })).index
    return { beginningOffset: start, endOffset: state.end, lastStableOffset: lastStableOffset(state) }
  }

  async lastStableOffset(topicId: string, partition: number): Promise<number> {
    const { state, pk } = await this.#partitions.view(topicId, partition)
    if (state === undefined) throw new LogError("overloaded", `${pk}: try again`)
    return lastStableOffset(state)
  }

  async deleteRecords(topicId: string, partition: number, before: number): Promise<number> {
    const { state, pk } = await this.#partitions.view(topicId, partition)
    if (state === undefined) throw new LogError("overloaded", `${pk}: try again`)
    const end = lastStableOffset(state)
    if (before > end || before < -1 || !Number.isInteger(before)) {
      const said = `records before ${before}: expected an offset up to ${end}, or -1 for all`
      throw new LogError("offset_out_of_range", said, { detail: { end } })
    }
    const at = { topicId, partition }
    return cutBefore(this.#partitions.indexes, at, before === -1 ? end : before)
  }

  async offsetForTimestamp(topicId: string, partition: number, timestamp: number): Promise<number> {
    return this.#reader.offsetForTimestamp(await this.#partitions.view(topicId, partition), timestamp)
  }
}

/** The producers whose open transactions hold a reader at the last stable offset, where there is more behind it. */
function stoppedBy({ state }: PartitionView, offset: number): number[] {
  if (state === undefined) return []
  const stable = lastStableOffset(state)
  if (stable === state.end || offset < stable) return []
  return [...state.producers].filter(([, { openSince }]) => openSince === stable).map(([id]) => id)
}
