import { LRUCache } from "lru-cache"
import type { Ports } from "../../storage/time.ts"
import type { Manifest, RunPointer } from "../manifest/manifest.ts"
import { CHANGED, ENTRY_LANES, flagsAt } from "./entry.ts"
import { KeyMap } from "./key-map.ts"
import type { Run } from "./run.ts"
import { RunReader } from "./run-reader.ts"
import { weightOfRuns } from "./weight.ts"

/** Keys that one partition may have: their index takes a gigabyte while it grows. */
export const KEYS_MAX = 10_000_000
/** Loading an index lets others work after so many entries: a tenth of a second. */
const LOAD_SLICE = 200_000

/** What is known of keys as of a manifest. */
export interface KeyBase {
  /** In memory: no object is read. */
  readonly resident: boolean
  /** Fills entries of a map, given by their numbers. Throws `StorageError`. */
  fill(map: KeyMap, numbers: readonly number[]): Promise<void>
}

export interface KeyIndexOptions {
  /** Entries that a process holds in memory, of all partitions together, as `indexWeight` counts; default `KEYS_MAX`. */
  readonly residentEntriesMax?: number
  /** A larger index is never loaded, its keys are looked up in its runs; default `residentEntriesMax`. */
  readonly loadEntriesMax?: number
}

interface Resident {
  readonly map: KeyMap
  /** The manifest's position that the map is as of; −1 while it is being changed. */
  position: number
  /** Ids of the runs that are in the map. */
  runs: ReadonlySet<string>
}

const entriesOf = (runs: readonly RunPointer[]) => runs.reduce((sum, { entries }) => sum + entries, 0)

/**
 * Key indexes of partitions, those in use in memory. What an index says is a function of the manifest's position alone:
 * flushes change both, and compactions keep what is said. So a copy in memory holds for one position. It goes forward by
 * the runs that it lacks, whoever wrote them, and never back: for an older manifest its runs are read.
 */
export class KeyIndexes {
  readonly #ports: Pick<Ports, "objects" | "clock">
  readonly #loadEntriesMax: number
  readonly reader: RunReader
  readonly #resident: LRUCache<string, Resident>
  readonly #turns = new Map<string, Promise<unknown>>()

  constructor(ports: Pick<Ports, "objects" | "clock">, options: KeyIndexOptions = {}) {
    const maxSize = options.residentEntriesMax ?? KEYS_MAX
    this.#ports = ports
    this.#loadEntriesMax = options.loadEntriesMax ?? maxSize
    this.reader = new RunReader(ports)
    this.#resident = new LRUCache({ maxSize, sizeCalculation: ({ map }) => 1 + map.weight })
  }

  /** The index as of a manifest. Throws `StorageError`. */
  async at(manifest: Manifest): Promise<KeyBase> {
    const resident = await this.#turn(manifest, () => this.#forward(manifest))
    const ranged = (map: KeyMap, numbers: readonly number[]) =>
      this.reader.lookUp(manifest, manifest.runs, map, numbers)
    if (resident === undefined) return { resident: false, fill: ranged }
    return {
      resident: true,
      fill: async (map, numbers) => {
        // A flush may have moved it on since.
        if (resident.position !== manifest.position) return ranged(map, numbers)
        fillFrom(resident.map, map, numbers)
      },
    }
  }

  /** Whether a process that holds nothing yet would load the index. */
  isLoadable({ runs }: Pick<Manifest, "runs">): boolean {
    return weightOfRuns(runs) <= this.#loadEntriesMax
  }

  /** Brings what a committed flush changed into memory. To be called for nothing else: a lost write changed nothing. */
  committed(before: Manifest, after: Manifest, changed: KeyMap): void {
    const key = keyOf(before)
    const resident = this.#resident.get(key)
    if (resident === undefined || resident.position !== before.position) return
    const { map } = resident
    for (let number = 0; number < changed.size; number++) {
      const at = number * ENTRY_LANES
      if ((flagsAt(changed.lanes, at) & CHANGED) === 0) continue
      map.take(map.findOrAdd(changed.lanes, at), changed.lanes, at, changed.image(number))
    }
    resident.position = after.position
    resident.runs = new Set(after.runs.map(({ id }) => id))
    this.#resident.set(key, resident)
  }

  /** Lets go of what is in memory of a partition's index. */
  forget(manifest: Manifest): void {
    this.#resident.delete(keyOf(manifest))
  }

  async #forward(manifest: Manifest): Promise<Resident | undefined> {
    const key = keyOf(manifest)
    const held = this.#resident.get(key)
    // Erasures write runs anew while the position stands.
    if (held?.position === manifest.position && manifest.runs.every(({ id }) => held.runs.has(id)))
      return held
    if (held !== undefined && held.position > manifest.position) return undefined
    const known = held !== undefined && mayLackDeletions(held, manifest) ? undefined : held
    const lacking = manifest.runs.filter(({ id }) => known?.runs.has(id) !== true)
    if (weightOfRuns(lacking) > this.#loadEntriesMax) {
      this.#resident.delete(key)
      return undefined
    }
    const runs = await Promise.all(lacking.map(pointer => this.reader.whole(manifest, pointer)))
    const resident = known ?? { map: new KeyMap(), position: -1, runs: new Set() }
    // Should this be cut short, nobody takes what is half done for the whole.
    this.#resident.delete(key)
    resident.position = -1
    if (known === undefined) resident.map.reserve(entriesOf(lacking))
    for (const run of runs) await this.#apply(resident.map, run)
    resident.position = manifest.position
    resident.runs = new Set(manifest.runs.map(({ id }) => id))
    this.#resident.set(key, resident)
    return resident
  }

  async #apply(map: KeyMap, { lanes, entries, images }: Run): Promise<void> {
    for (let at = 0; at < entries; at++) {
      const number = map.findOrAdd(lanes, at * ENTRY_LANES)
      map.take(number, lanes, at * ENTRY_LANES, images?.[at])
      if (at % LOAD_SLICE === LOAD_SLICE - 1) await this.#ports.clock.sleep(0)
    }
  }

  /** One after the other: what is loaded once need not be loaded twice. */
  async #turn<T>(manifest: Manifest, work: () => Promise<T>): Promise<T> {
    const key = keyOf(manifest)
    const turn = (this.#turns.get(key) ?? Promise.resolve()).then(work, work)
    this.#turns.set(key, turn)
    try {
      return await turn
    } finally {
      if (this.#turns.get(key) === turn) this.#turns.delete(key)
    }
  }
}

/**
 * A merge of all runs, which is always the first one, leaves deletions out that decide nothing any more. What was in memory
 * before them would go on holding the rows that they deleted.
 */
function mayLackDeletions({ runs }: Resident, { runs: [first] }: Manifest): boolean {
  return first !== undefined && first.level > 0 && !runs.has(first.id)
}

const keyOf = ({ tableId, partition }: Manifest) => `${tableId}#${partition}`

function fillFrom(from: KeyMap, map: KeyMap, numbers: readonly number[]): void {
  for (const number of numbers) {
    const found = from.find(map.lanes, number * ENTRY_LANES)
    if (found >= 0) map.take(number, from.lanes, found * ENTRY_LANES, from.image(found))
  }
}
