import type { Ports } from "../../storage/time.ts"
import { OFFSET_KEPT_MS, OFFSETS_KEPT_MAX } from "./limits.ts"
import type { OffsetRecord } from "./offset-item.ts"
import type { TopicPartition } from "./partition-set.ts"

export interface KnownOffset {
  readonly value: OffsetRecord | undefined
  /** Undefined: nothing stands there. */
  readonly version: string | undefined
  /** Store time of the read or write, epoch ms. */
  readonly date: number
}

/** What one process last saw of offsets: a commit that rests on something older is refused by the store. */
export class OffsetCache {
  readonly #clock: Ports["clock"]
  readonly #known = new Map<string, KnownOffset & { readonly elapsed: number }>()

  constructor(clock: Ports["clock"]) {
    this.#clock = clock
  }

  get(group: string, at: TopicPartition): KnownOffset | undefined {
    const known = this.#known.get(keyOf(group, at))
    return known !== undefined && this.#clock.elapsed() - known.elapsed < OFFSET_KEPT_MS ? known : undefined
  }

  set(group: string, at: TopicPartition, known: KnownOffset): void {
    if (this.#known.size >= OFFSETS_KEPT_MAX) this.#known.clear()
    this.#known.set(keyOf(group, at), { ...known, elapsed: this.#clock.elapsed() })
  }

  forget(group: string, at: TopicPartition): void {
    this.#known.delete(keyOf(group, at))
  }
}

function keyOf(group: string, { topicId, partition }: TopicPartition): string {
  return `${topicId}#${partition}#${group}`
}
