import { renameSync, unlinkSync, writeFileSync } from "node:fs"
import { rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { TableFile } from "../types.ts"

/** Up to here a write costs less than the two trips to the thread pool that would take its place. */
const SYNC_WRITE_BYTES_MAX = 256 * 1024

/** Files read at once for one query: enough to hide a store's latency, few enough to bound memory. */
const READS_AT_ONCE = 8

interface Entry {
  readonly slot: string
  readonly bytes: number
  pins: number
  filled: Promise<void>
}

/** Slots that stay as they are until `release`, in the order of the files asked for. */
export interface SlotLease {
  readonly slots: readonly string[]
  release(): void
}

/**
 * Copies of table files under fixed names, which children may open. The least recently used one is replaced, never
 * one in use, and by renaming, so that no reader ever sees half a file.
 */
export class SlotCache {
  readonly #folder: string
  readonly #bytesMax: number
  readonly #free: string[]
  readonly #entries = new Map<string, Entry>()
  #bytes = 0

  constructor(folder: string, names: readonly string[], bytesMax: number) {
    this.#folder = folder
    this.#free = [...names].reverse()
    this.#bytesMax = bytesMax
  }

  #drop(id: string, entry: Entry): void {
    this.#entries.delete(id)
    this.#bytes -= entry.bytes
    try {
      unlinkSync(join(this.#folder, entry.slot))
    } catch {
      // It was never written; what matters is that the name is free.
    }
    this.#free.push(entry.slot)
  }

  /** What is in use may leave no room: then nothing is dropped for it. */
  #hasRoom(bytes: number): boolean {
    let pinned = 0
    let isAnyUnpinned = false
    for (const entry of this.#entries.values()) {
      if (entry.pins > 0) pinned += entry.bytes
      else isAnyUnpinned = true
    }
    return pinned + bytes <= this.#bytesMax && (this.#free.length > 0 || isAnyUnpinned)
  }

  #makeRoom(bytes: number): string | undefined {
    if (this.#free.length > 0 && this.#bytes + bytes <= this.#bytesMax) {
      return this.#free.pop()
    }
    if (!this.#hasRoom(bytes)) return undefined
    for (const [id, entry] of this.#entries) {
      if (this.#free.length > 0 && this.#bytes + bytes <= this.#bytesMax) break
      if (entry.pins === 0) this.#drop(id, entry)
    }
    return this.#free.pop()
  }

  async #fill(file: TableFile, slot: string): Promise<void> {
    const bytes = await file.read()
    const path = join(this.#folder, slot)
    const part = `${path}.part`
    if (bytes.length <= SYNC_WRITE_BYTES_MAX) {
      writeFileSync(part, bytes)
      renameSync(part, path)
    } else {
      await writeFile(part, bytes)
      await rename(part, path)
    }
  }

  /** Pins the file's slot; undefined when every slot is in use. */
  #pin(file: TableFile): Entry | undefined {
    const held = this.#entries.get(file.id)
    if (held !== undefined) {
      // Last in the map's order: most recently used.
      this.#entries.delete(file.id)
      this.#entries.set(file.id, held)
      held.pins++
      return held
    }
    const slot = this.#makeRoom(file.sizeBytes)
    if (slot === undefined) return undefined
    const entry: Entry = { slot, bytes: file.sizeBytes, pins: 1, filled: Promise.resolve() }
    this.#bytes += file.sizeBytes
    this.#entries.set(file.id, entry)
    return entry
  }

  async #pinFilled(file: TableFile, pinned: Entry[]): Promise<string | undefined> {
    const isNew = !this.#entries.has(file.id)
    const entry = this.#pin(file)
    if (entry === undefined) return undefined
    pinned.push(entry)
    if (isNew) {
      entry.filled = this.#fill(file, entry.slot).catch((error: unknown) => {
        // Forgotten under this id at once; its slot is free when the last waiter lets go.
        this.#entries.delete(file.id)
        this.#entries.set(`failed:${entry.slot}`, entry)
        throw error
      })
    }
    await entry.filled
    return entry.slot
  }

  /**
   * Puts files into slots, each read once however many queries ask for it.
   * Undefined when there are not slots or bytes enough. Throws what `read` throws.
   */
  async acquire(files: readonly TableFile[]): Promise<SlotLease | undefined> {
    // Together they never fit: what is there for others stays.
    const bytesOf = (file: TableFile) => this.#entries.get(file.id)?.bytes ?? file.sizeBytes
    if (files.reduce((sum, file) => sum + bytesOf(file), 0) > this.#bytesMax) return undefined
    const pinned: Entry[] = []
    const release = (): void => {
      for (const entry of pinned.splice(0)) entry.pins--
    }
    const slots: string[] = []
    let next = 0
    let isFull = false
    const work = async (): Promise<void> => {
      while (next < files.length && !isFull) {
        const at = next++
        const file = files[at]
        if (file === undefined) return
        const slot = await this.#pinFilled(file, pinned)
        if (slot === undefined) isFull = true
        else slots[at] = slot
      }
    }
    const results = await Promise.allSettled(
      Array.from({ length: Math.min(READS_AT_ONCE, files.length) }, work),
    )
    const failed = results.find(result => result.status === "rejected")
    if (failed === undefined && !isFull) return { slots, release }
    release()
    if (failed !== undefined) throw failed.reason
    return undefined
  }
}
