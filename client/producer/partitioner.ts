import { murmur2 } from "../../shared/log/records/murmur2.ts"
import { natives } from "../edge/natives.ts"
import type { Bytes } from "../types.ts"

const SCRATCH_BYTES = 1_024
const utf8 = new TextEncoder()

/** Chooses partitions as Kafka's default partitioner does: by a key's hash; keyless records stay at one for a batch. */
export class Partitioner {
  readonly #sticky = new Map<string, number>()
  #scratch: Uint8Array | undefined

  partition(topic: string, key: Bytes | null, partitions: number): number {
    if (key === null) return this.#stuck(topic, partitions)
    return (this.#hash(key) & 0x7fffffff) % partitions
  }

  /** Keyless records of the topic go on elsewhere. */
  moveOn(topic: string): void {
    this.#sticky.delete(topic)
  }

  #hash(key: Bytes): number {
    if (typeof key !== "string") return murmur2(key)
    if (3 * key.length > SCRATCH_BYTES) return murmur2(utf8.encode(key))
    this.#scratch ??= natives().allocate(SCRATCH_BYTES)
    return murmur2(this.#scratch, 0, natives().writeText(this.#scratch, 0, key))
  }

  #stuck(topic: string, partitions: number): number {
    let partition = this.#sticky.get(topic)
    if (partition === undefined || partition >= partitions) {
      partition = Math.floor(Math.random() * partitions)
      this.#sticky.set(topic, partition)
    }
    return partition
  }
}
