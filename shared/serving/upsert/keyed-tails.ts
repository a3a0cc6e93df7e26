import { LRUCache } from "lru-cache"
import type { Manifest } from "../manifest/manifest.ts"
import { NO_OFFSETS, type OffsetSet } from "../segment/offset-set.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { TailChunk, type TailState } from "../tail/tail-state.ts"
import { erasingOf } from "./erasing.ts"
import type { KeyIndexes } from "./key-indexes.ts"
import { Resolution } from "./resolution.ts"
import { RowFolder } from "./row-folder.ts"
import { type KeyRules, keyRules } from "./rules.ts"

/** What is decided of all tails of a process may take so much memory. */
const KEPT_BYTES_MAX = 128 * 1024 * 1024

/** A tail without the rows that do not stand, and what it ended in segments. */
export interface ResolvedTail {
  readonly tail: TailState
  /** Offsets below its position whose rows stand no more, beside those that the manifest's vectors hold. */
  readonly dead: OffsetSet
}

/** A chunk as it stands, for as long as no more of its rows fall. */
interface Standing {
  readonly lost: number
  readonly chunk: TailChunk
}

/** What is decided of one partition's tail. */
interface Kept {
  readonly resolution: Resolution
  readonly standing: WeakMap<TailChunk, Standing>
  /** Of what was erased when it was merged. */
  readonly mark: string
  dead: OffsetSet
}

/**
 * A fresh resolution of what lies above a manifest's position.
 * @param start where the tail begins: above the position, where the log no longer holds what comes between
 */
export function newResolution(rules: KeyRules, table: TableInfo, start: Manifest): Resolution {
  if (rules.strategies === undefined) return new Resolution(rules, start)
  // Whoever read the table's item too early for an erasure does not get as far as using this.
  const erasing = erasingOf(table, start) ?? []
  return new Resolution(rules, start, new RowFolder(rules, table.schemas, erasing))
}

/**
 * Resolves tails for queries. What is decided of a tail is kept and goes forward with it, so that a query decides only
 * the records that are new.
 */
export class KeyedTails {
  readonly #indexes: KeyIndexes
  readonly #kept = new LRUCache<string, Kept>({
    maxSize: KEPT_BYTES_MAX,
    sizeCalculation: ({ resolution }) => 1 + resolution.bytes,
  })
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(indexes: KeyIndexes) {
    this.#indexes = indexes
  }

  /** The tail as it stands; of a table without a key the tail itself. Throws `StorageError`. */
  async resolve(table: TableInfo, manifest: Manifest, tail: TailState): Promise<ResolvedTail> {
    const rules = keyRules(table.spec)
    if (rules === undefined || tail.next === tail.position) return { tail, dead: NO_OFFSETS }
    const key = [table.id, table.version, manifest.partition, erasedMark(rules, manifest)].join("#")
    const work = () => this.#resolve(key, rules, table, manifest, tail)
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work, work)
    this.#turns.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }

  async #resolve(
    key: string,
    rules: KeyRules,
    table: TableInfo,
    manifest: Manifest,
    tail: TailState,
  ): Promise<ResolvedTail> {
    const known = this.#kept.get(key)
    // What is decided beyond the tail's end tells of rows that fell to records which this tail does not hold.
    const goesOn =
      known !== undefined && known.resolution.position === tail.position && known.resolution.next <= tail.next
    const kept = goesOn
      ? known
      : {
          resolution: newResolution(rules, table, { ...manifest, position: tail.position }),
          standing: new WeakMap(),
          mark: erasedMark(rules, manifest),
          dead: NO_OFFSETS,
        }
    const { resolution } = kept
    const before = resolution.next
    const fresh = tail.chunks.filter(({ batch }) => batch.next > before)
    if (fresh.length > 0) {
      const base = await this.#indexes.at(manifest)
      for (const { batch } of fresh) await resolution.extend(batch, base)
      const dead = resolution.dead()
      // The same object for the same offsets: much is kept by it.
      if (dead.offsets.length !== kept.dead.offsets.length) kept.dead = dead
    }
    const isOlder = known !== undefined && known.resolution.position > tail.position
    if (!isOlder) this.#kept.set(key, kept)
    return { tail: { ...tail, chunks: tail.chunks.map(chunk => stand(kept, chunk)) }, dead: kept.dead }
  }
}

/** Names what of merged rows is erased: what was merged before may hold it. */
function erasedMark({ strategies }: KeyRules, { purges, cutBefore }: Manifest): string {
  if (strategies === undefined) return ""
  return [...(cutBefore === undefined ? [] : [cutBefore]), ...purges.map(({ id }) => id)].join("-")
}

/** Of a chunk's rows ever more fall and none rises again: their number, and what is erased, name which. */
function stand({ resolution, standing, mark }: Kept, chunk: TailChunk): TailChunk {
  const lost = resolution.lostIn(chunk.batch)
  const known = standing.get(chunk)
  if (known?.lost === lost) return known.chunk
  const made = new TailChunk(
    resolution.standing(chunk.batch, lost),
    `-${lost}${mark === "" ? "" : `-${mark}`}`,
  )
  standing.set(chunk, { lost, chunk: made })
  return made
}
