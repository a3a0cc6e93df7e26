import type { Ports } from "../storage/time.ts"
import { topicDeleted } from "./appender.ts"
import { LogError } from "./errors.ts"
import { lastStableOffset } from "./fold.ts"
import type { Partitions } from "./partitions.ts"
import type { Reader } from "./reader.ts"
import { cutBefore } from "./segments/cut.ts"
import type { Fetched, FetchRequest, PartitionOffsets } from "./types.ts"

/** What a hint about new records of a partition is called. */
export function wakeTopic(topicId: string, partition: number): string {
  return `log/${topicId}/${partition}`
}

/** The log's reading half: fetches that may wait, and what bounds them. */
export class Fetches {
  readonly #ports: Ports
  readonly #partitions: Partitions
  readonly #reader: Reader

  constructor(ports: Ports, partitions: Partitions, reader: Reader) {
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
        if (fetched.nextOffset > request.offset || signal?.aborted === true) return fetched
        if (view.state?.closed === true) throw topicDeleted(view.pk)
        if (hint === undefined) return fetched
        await hint
      } finally {
        signal?.removeEventListener("abort", stop)
        stop()
      }
    }
  }

  async offsets(topicId: string, partition: number): Promise<PartitionOffsets> {
    const { state, pk } = await this.#partitions.view(topicId, partition)
    if (state === undefined) throw new LogError("overloaded", `${pk}: try again`)
    const { start } = (await this.#partitions.indexes.get({ topicId, partition })).index
    return { beginningOffset: start, endOffset: state.end, lastStableOffset: lastStableOffset(state) }
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
    return cutBefore(this.#ports, this.#partitions.indexes, at, before === -1 ? end : before)
  }

  async offsetForTimestamp(topicId: string, partition: number, timestamp: number): Promise<number> {
    return this.#reader.offsetForTimestamp(await this.#partitions.view(topicId, partition), timestamp)
  }
}
