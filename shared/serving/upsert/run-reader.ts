import { LRUCache } from "lru-cache"
import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { Manifest, RunPointer } from "../manifest/manifest.ts"
import { companionKey } from "../segment/segment-key.ts"
import { mayBeInBloom } from "./bloom.ts"
import { ENTRY_LANES } from "./entry.ts"
import type { KeyMap } from "./key-map.ts"
import { findInRun, type Run } from "./run.ts"
import {
  blockOf,
  blockStart,
  decodeBlock,
  decodeDirectory,
  decodeRun,
  type RunDirectory,
} from "./run-format.ts"

export type RunPlace = Pick<Manifest, "tableId" | "partition">

/** A smaller run is read whole: one round in place of two. */
const WHOLE_BYTES_MAX = 256 * 1024
/** Blocks so near each other are one read: a request costs more than these bytes. */
const GAP_BYTES_MAX = 32 * 1024
/** Directories and small runs that a process keeps. */
const KEPT_BYTES_MAX = 32 * 1024 * 1024
/** Reads under way for one look-up. */
const READS_AT_ONCE = 64

/** Reads runs of key indexes: whole, or some keys of them in two rounds. */
export class RunReader {
  readonly #ports: Pick<Ports, "objects" | "clock">
  readonly #kept = new LRUCache<string, { run?: Run; directory?: RunDirectory }>({
    maxSize: KEPT_BYTES_MAX,
    sizeCalculation: ({ run, directory }) =>
      64 + (run?.lanes.byteLength ?? 0) + (directory?.blocks.buffer.byteLength ?? 0),
  })

  constructor(ports: Pick<Ports, "objects" | "clock">) {
    this.#ports = ports
  }

  /** Throws `StorageError` (`corrupt`, `unavailable`). */
  async whole(place: RunPlace, pointer: RunPointer): Promise<Run> {
    const kept = this.#kept.get(pointer.id)?.run
    if (kept !== undefined) return kept
    const body = await this.#bytes(place, pointer, 0, pointer.sizeBytes)
    checkDirectory(pointer, body.subarray(-pointer.directoryBytes))
    const run = decodeRun(body, pointer.directoryBytes)
    if (pointer.sizeBytes <= WHOLE_BYTES_MAX && run.images === undefined) this.#kept.set(pointer.id, { run })
    return run
  }

  /**
   * Fills entries of a map, given by their numbers, with the newest that the runs say of their keys. All small runs and
   * all directories are read at once, then all blocks. Throws `StorageError` (`corrupt`, `unavailable`).
   */
  async lookUp(
    place: RunPlace,
    runs: readonly RunPointer[],
    map: KeyMap,
    numbers: readonly number[],
  ): Promise<void> {
    if (numbers.length === 0) return
    const found = await Promise.all(
      runs.map(async pointer =>
        pointer.sizeBytes <= WHOLE_BYTES_MAX
          ? [await this.whole(place, pointer)]
          : this.#blocksOf(place, pointer, map, numbers),
      ),
    )
    for (const run of found.flat()) {
      for (const number of numbers) {
        const at = findInRun(run, map.lanes, number * ENTRY_LANES)
        if (at >= 0) map.take(number, run.lanes, at * ENTRY_LANES, run.images?.[at])
      }
    }
  }

  /** The blocks of a large run that may hold some of the keys. */
  async #blocksOf(
    place: RunPlace,
    pointer: RunPointer,
    map: KeyMap,
    numbers: readonly number[],
  ): Promise<readonly Run[]> {
    const directory = await this.#directory(place, pointer)
    const wanted = new Set<number>()
    for (const number of numbers) {
      const at = number * ENTRY_LANES
      if (directory.bloom !== undefined && !mayBeInBloom(directory.bloom, map.lanes, at)) continue
      const block = blockOf(directory, map.lanes, at)
      if (block >= 0) wanted.add(block)
    }
    const ranges = joined(
      directory,
      [...wanted].sort((a, b) => a - b),
    )
    const runs: Run[] = []
    const readNext = async (): Promise<void> => {
      for (let range = ranges.shift(); range !== undefined; range = ranges.shift()) {
        const start = blockStart(directory, range[0]!)
        const bytes = await this.#bytes(place, pointer, start, blockStart(directory, range.at(-1)! + 1))
        for (const block of range) {
          const from = blockStart(directory, block) - start
          const own = bytes.subarray(from, blockStart(directory, block + 1) - start)
          runs.push(decodeBlock(directory, block, own))
        }
      }
    }
    await Promise.all(Array.from({ length: Math.min(READS_AT_ONCE, ranges.length) }, readNext))
    return runs
  }

  async #directory(place: RunPlace, pointer: RunPointer): Promise<RunDirectory> {
    const kept = this.#kept.get(pointer.id)?.directory
    if (kept !== undefined) return kept
    const { sizeBytes, directoryBytes } = pointer
    const bytes = await this.#bytes(place, pointer, sizeBytes - directoryBytes, sizeBytes)
    checkDirectory(pointer, bytes)
    const directory = decodeDirectory(bytes, sizeBytes)
    this.#kept.set(pointer.id, { directory })
    return directory
  }

  async #bytes(place: RunPlace, { id }: RunPointer, start: number, end: number): Promise<Uint8Array> {
    const key = companionKey(place.tableId, place.partition, "keys", id)
    const body = (await readAgain(this.#ports, () => this.#ports.objects.get(key, { start, end })))?.body
    if (body?.length === end - start) return body
    throw new StorageError(
      "corrupt",
      `run ${key} of the key index is ${body === undefined ? "missing" : "too short"}`,
    )
  }
}

function checkDirectory({ id, crc32c: expected }: RunPointer, bytes: Uint8Array): void {
  if (crc32c(bytes) !== expected) {
    throw new StorageError("corrupt", `run ${id} of the key index is not what its manifest names`)
  }
}

/** Blocks, ascending, in groups that are read at once. */
function joined(directory: RunDirectory, blocks: readonly number[]): number[][] {
  const ranges: number[][] = []
  for (const block of blocks) {
    const last = ranges.at(-1)
    const gap =
      last === undefined ? 0 : blockStart(directory, block) - blockStart(directory, last.at(-1)! + 1)
    if (last === undefined || gap > GAP_BYTES_MAX) ranges.push([block])
    else last.push(block)
  }
  return ranges
}
