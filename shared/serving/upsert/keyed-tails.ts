import { LRUCache } from "lru-cache"
import type { Manifest } from "../manifest/manifest.ts"
import { NO_OFFSETS, type OffsetSet } from "../segment/offset-set.ts"
import type { TableInfo } from "../tables/table-item.ts"
import { TailChunk, type TailState } from "../tail/tail-state.ts"
import type { KeyIndexes } from "./key-indexes.ts"
import { Resolution } from "./resolution.ts"
import { type Erasing, RowFolder } from "./row-folder.ts"
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
  dead: OffsetSet
}

/**
 * A fresh resolution of what lies above a manifest's position.
 * @param start where the tail begins: above the position, where the log no longer holds what comes between
 * @param erasures that are under way: of tables whose rows are merged, what they take is merged into nothing
 */
export function newResolution(
  rules: KeyRules,
  table: TableInfo,
  start: Pick<Manifest, "position" | "compareMax">,
  erasures: readonly Erasing[],
): Resolution {
  const folder = rules.strategies === undefined ? undefined : new RowFolder(rules, table.schemas, erasures)
  return new Resolution(rules, start, folder)
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

  /**
   * The tail as it stands; of a table without a key the tail itself. Throws `StorageError`.
   * @param erasures that the manifest holds
   */
  async resolve(
    table: TableInfo,
    manifest: Manifest,
    tail: TailState,
    erasures: readonly Erasing[],
  ): Promise<ResolvedTail> {
    const rules = keyRules(table.spec)
    if (rules === undefined || tail.next === tail.position) return { tail, dead: NO_OFFSETS }
    // What was merged before an erasure may hold what it takes.
    const taken = rules.strategies === undefined ? [] : manifest.purges.map(({ id }) => id)
    const key = [table.id, table.version, manifest.partition, ...taken].join("#")
    const work = () => this.#resolve(key, rules, table, manifest, tail, erasures)
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
    erasures: readonly Erasing[],
  ): Promise<ResolvedTail> {
    const known = this.#kept.get(key)
    // What is decided beyond the tail's end tells of rows that fell to records which this tail does not hold.
    const goesOn =
      known !== undefined && known.resolution.position === tail.position && known.resolution.next <= tail.next
    const kept = goesOn
      ? known
      : {
          resolution: newResolution(rules, table, { ...manifest, position: tail.position }, erasures),
          standing: new WeakMap(),
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

/** Of a chunk's rows ever more fall and none rises again: their number names which. */
function stand({ resolution, standing }: Kept, chunk: TailChunk): TailChunk {
  const lost = resolution.lostIn(chunk.batch)
  const known = standing.get(chunk)
  if (known?.lost === lost) return known.chunk
  const made = new TailChunk(resolution.standing(chunk.batch, lost), `-${lost}`)
  standing.set(chunk, { lost, chunk: made })
  return made
}
