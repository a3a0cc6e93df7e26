import { StorageError } from "../../storage/errors.ts"
import type { ByteRange } from "../../storage/object-store.ts"
import { readAgain } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import type { ReadMeter } from "./types.ts"

/**
 * Bytes between two wanted ranges of an object up to which one request reads both and what lies between: at 90 MB/s
 * they take a third of a millisecond, less than a request costs its sender and receiver.
 */
export const COALESCE_GAP_BYTES = 32 * 1024
/** Ranges that are joined make no request longer than this: long ones are faster side by side. */
export const REQUEST_BYTES_MAX = 8 * 1024 * 1024
/** Requests at once: what S3's clients keep open to a bucket, and a folder answers. */
const REQUESTS_AT_ONCE = 256

/** A range of an immutable object. */
export interface WantedRange extends ByteRange {
  readonly key: string
}

export function newMeter(): ReadMeter {
  return { requests: 0, bytesFetched: 0, bytesCached: 0, rounds: 0, objects: new Set() }
}

type StorePorts = Pick<Ports, "objects" | "clock">

/** Ranges of one object that one request reads. */
interface Span {
  readonly key: string
  start: number
  end: number
  readonly wanted: WantedRange[]
}

/**
 * Reads ranges of objects that never change: near ones by one request, each once however many ask at the same time.
 * Nothing is kept: whoever asks keeps what it makes of the bytes (indexes, footers, columns, files in slots). The bytes may
 * share the memory of others that were read with them.
 */
export class ChunkStore {
  readonly #ports: StorePorts
  readonly #underway = new Map<string, Promise<Uint8Array>>()
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(ports: StorePorts) {
    this.#ports = ports
  }

  /**
   * The ranges' bytes, in their order: one round.
   * Throws `StorageError`: `corrupt` when an object is missing or shorter, `unavailable`.
   */
  async read(ranges: readonly WantedRange[], meter: ReadMeter): Promise<readonly Uint8Array[]> {
    const found = new Map<string, Promise<Uint8Array>>()
    const missing = new Map<string, WantedRange>()
    for (const range of ranges) {
      const name = nameOf(range)
      if (found.has(name)) continue
      const known = this.#underway.get(name)
      if (known === undefined) {
        missing.set(name, range)
        continue
      }
      found.set(name, known)
      meter.bytesCached += range.end - range.start
    }
    if (missing.size > 0) meter.rounds++
    const started = this.#fetch(spansOf([...missing.values()]), meter)
    for (const [name, bytes] of started) found.set(name, bytes)
    const settled = await Promise.allSettled(ranges.map(range => found.get(nameOf(range))))
    return settled.map(result => {
      if (result.status === "rejected") throw result.reason
      return result.value as Uint8Array
    })
  }

  /** Starts the spans' requests; what each wanted range comes to, by name. */
  #fetch(spans: readonly Span[], meter: ReadMeter): Map<string, Promise<Uint8Array>> {
    const started = new Map<string, Promise<Uint8Array>>()
    for (const span of spans) {
      meter.requests++
      meter.bytesFetched += span.end - span.start
      meter.objects.add(span.key)
      const reading = this.#inTurn(() => this.#get(span))
      for (const range of span.wanted) {
        const name = nameOf(range)
        const bytes = reading.then(body => body.subarray(range.start - span.start, range.end - span.start))
        this.#underway.set(name, bytes)
        bytes.finally(() => this.#underway.delete(name)).catch(() => {})
        started.set(name, bytes)
      }
    }
    return started
  }

  /** Runs it once fewer than `REQUESTS_AT_ONCE` others run. */
  async #inTurn<T>(run: () => Promise<T>): Promise<T> {
    if (this.#running >= REQUESTS_AT_ONCE) {
      await new Promise<void>(resolve => void this.#waiting.push(resolve))
    } else this.#running++
    try {
      return await run()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#running--
      else next()
    }
  }

  async #get({ key, start, end }: Span): Promise<Uint8Array> {
    const read = await readAgain(this.#ports, () => this.#ports.objects.get(key, { start, end }))
    if (read?.body.length === end - start) return read.body
    const what = read === undefined ? "is missing" : `ends before byte ${end}`
    throw new StorageError("corrupt", `object ${key} ${what}`)
  }
}

const nameOf = ({ key, start, end }: WantedRange) => `${key}#${start}-${end}`

/** Ranges joined to requests. Pure. */
export function spansOf(ranges: readonly WantedRange[]): readonly Span[] {
  const sorted = [...ranges].sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : a.start - b.start))
  const spans: Span[] = []
  for (const range of sorted) {
    const last = spans.at(-1)
    const joins =
      last?.key === range.key &&
      range.start - last.end <= COALESCE_GAP_BYTES &&
      Math.max(range.end, last.end) - last.start <= REQUEST_BYTES_MAX
    if (last === undefined || !joins) {
      spans.push({ key: range.key, start: range.start, end: range.end, wanted: [range] })
    } else {
      last.end = Math.max(last.end, range.end)
      last.wanted.push(range)
    }
  }
  return spans
}
