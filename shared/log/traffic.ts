import type { Slot } from "./slot.ts"
import type { AppendResult, Fetched, FlushFigures, TrafficFigures } from "./types.ts"

/** What refusals are counted by: what a producer is told that has to do with its sequence. */
const COUNTED_REFUSALS: readonly string[] = ["fenced", "gap", "duplicate", "sequence_conflict"]

/** What went in and out of one partition through this process, since it began. */
export class Traffic {
  #slots = 0
  #batches = 0
  #records = 0
  #bytes = 0
  #repeats = 0
  #bytesRead = 0
  readonly #refused: Record<string, number> = {}

  /** A slot that this process put. */
  wrote(slot: Slot): void {
    this.#slots++
    this.#batches += slot.entries.length
    this.#records += slot.next - slot.base
    for (const { length } of slot.entries) this.#bytes += length
  }

  /** @param endBefore where the partition ended when the request came: what is answered from below stood already */
  answered(result: AppendResult, endBefore: number): void {
    if (!("error" in result)) {
      if (result.baseOffset < endBefore) this.#repeats++
      return
    }
    const { code } = result.error
    if (COUNTED_REFUSALS.includes(code)) this.#refused[code] = (this.#refused[code] ?? 0) + 1
  }

  read({ batches }: Fetched): void {
    for (const { bytes } of batches) this.#bytesRead += bytes.length
  }

  figures(): TrafficFigures {
    return {
      slots: this.#slots,
      batches: this.#batches,
      records: this.#records,
      bytes: this.#bytes,
      repeats: this.#repeats,
      bytesRead: this.#bytesRead,
      refused: { ...this.#refused },
    }
  }
}

/** Upper bounds of the histogram of flushes, ms: from a local disk's sync to an object store's slowest. */
export const FLUSH_BOUNDS_MS = [
  1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000,
] as const

/** How long flushes took, and how many partitions each wrote. */
export class FlushMeter {
  readonly #counts = new Array<number>(FLUSH_BOUNDS_MS.length + 1).fill(0)
  #slots = 0
  #sumMs = 0

  ended(slots: number, tookMs: number): void {
    const at = FLUSH_BOUNDS_MS.findIndex(bound => tookMs <= bound)
    const index = at < 0 ? FLUSH_BOUNDS_MS.length : at
    this.#counts[index] = (this.#counts[index] ?? 0) + 1
    this.#slots += slots
    this.#sumMs += tookMs
  }

  figures(): FlushFigures {
    return { boundsMs: FLUSH_BOUNDS_MS, counts: [...this.#counts], slots: this.#slots, sumMs: this.#sumMs }
  }
}
