import { LRUCache } from "lru-cache"
import { type OffsetSet, sliceOffsets, unionOffsets } from "../segment/offset-set.ts"

/** Segments whose dead rows are remembered: those of a few large tables. */
const SEGMENTS_KEPT = 16_384

interface Slice {
  readonly of: OffsetSet
  readonly own: OffsetSet
}

/**
 * Dead offsets by segment, the same object for as long as they are the same offsets: engines keep what they make of a
 * set (which rows of a segment it means) by the set itself.
 */
export class DeadSlices {
  readonly #unions = new WeakMap<OffsetSet, { readonly stored: OffsetSet; readonly union: OffsetSet }>()
  // By size, since room for a number of entries is made beforehand.
  readonly #slices = new LRUCache<string, Slice>({ maxSize: SEGMENTS_KEPT, sizeCalculation: () => 1 })

  /** All dead offsets of a partition: what its vectors hold, and what its tail added. */
  all(stored: OffsetSet, added: OffsetSet): OffsetSet {
    if (added.offsets.length === 0) return stored
    if (stored.offsets.length === 0) return added
    const known = this.#unions.get(added)
    if (known?.stored === stored) return known.union
    const union = unionOffsets([stored, added])
    this.#unions.set(added, { stored, union })
    return union
  }

  /** Those of one segment. @param key names the segment for ever */
  of(key: string, all: OffsetSet, base: number, next: number): OffsetSet {
    const known = this.#slices.get(key)
    if (known?.of === all) return known.own
    const slice = sliceOffsets(all, base, next)
    const own = known !== undefined && isSame(known.own, slice) ? known.own : slice
    this.#slices.set(key, { of: all, own })
    return own
  }
}

const isSame = ({ offsets: a }: OffsetSet, { offsets: b }: OffsetSet): boolean =>
  a.length === b.length &&
  Buffer.from(a.buffer, a.byteOffset, a.byteLength).equals(Buffer.from(b.buffer, b.byteOffset, b.byteLength))
