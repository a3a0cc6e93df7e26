import type { Operator, OperatorContext, StateTable } from "../operator.ts"
import { materialised } from "../record.ts"
import { KeyedStore } from "../state/keyed-store.ts"
import type { KeyReader } from "../state/keys.ts"
import type { WindowContent } from "./window-result.ts"

/** The records that a key's next result is about: plain data. */
interface Counted {
  /** Since the last result. */
  count: number
  /** Of the first and last record, epoch ms: what takes the place of a window's bounds. */
  first: number
  last: number
  content: unknown
  /** With a slide: the last records and their times. */
  recent: [record: unknown, timestamp: number][]
}

const SUB = 0

/**
 * Windows of so many records (Flink's `countWindow`). A result's `windowStart` is the time of its first record, its
 * `windowEnd` that of the last, plus 1 ms.
 */
export class CountWindows implements Operator {
  readonly nextTimer = undefined
  readonly #size: number
  readonly #slide: number | undefined
  readonly #content: WindowContent
  readonly #context: OperatorContext
  readonly #store: KeyedStore<Counted>

  constructor(
    window: { readonly size: number; readonly slide?: number },
    parts: { readonly keys: KeyReader; readonly content: WindowContent },
    context: OperatorContext,
  ) {
    this.#size = window.size
    this.#slide = window.slide
    this.#content = parts.content
    this.#context = context
    this.#store = new KeyedStore(parts.keys, {
      pack: ({ content, ...rest }) => ({
        ...rest,
        content: content === undefined ? undefined : parts.content.pack(content),
      }),
      unpack: packed => {
        const { content, ...rest } = packed as Counted
        return { ...rest, content: content === undefined ? undefined : parts.content.unpack(content) }
      },
    })
  }

  get state(): StateTable {
    return this.#store
  }

  watermark(): void {}
  processingTime(): void {}
  endProcessingTime(): void {}
  beforeCommit(): void {}

  record(value: unknown, timestamp: number): void {
    const slot = this.#store.slotOf(value)
    let counted = slot.entries.get(SUB)
    if (counted === undefined) {
      counted = { count: 0, first: timestamp, last: timestamp, content: undefined, recent: [] }
      this.#store.set(slot, SUB, counted)
    } else this.#store.touch(slot, SUB)
    counted.count++
    if (this.#slide === undefined) {
      counted.content =
        counted.content === undefined
          ? this.#content.create(value)
          : this.#content.add(counted.content, value)
      if (counted.count === 1) counted.first = timestamp
      counted.last = timestamp
      if (counted.count < this.#size) return
      this.#emit(slot.id, counted.content, counted.first, timestamp)
      this.#store.delete(slot, SUB)
      return
    }
    counted.recent.push([materialised(value), timestamp])
    if (counted.recent.length > this.#size) counted.recent.shift()
    if (counted.count < this.#slide) return
    counted.count = 0
    this.#emitRecent(slot.id, counted.recent)
  }

  #emitRecent(id: string | number | boolean | null, recent: readonly (readonly [unknown, number])[]): void {
    let content: unknown
    for (const [record] of recent) {
      content = content === undefined ? this.#content.create(record) : this.#content.add(content, record)
    }
    this.#emit(id, content, recent[0]?.[1] ?? 0, recent.at(-1)?.[1] ?? 0)
  }

  #emit(id: string | number | boolean | null, content: unknown, first: number, last: number): void {
    const { names } = this.#store.keys
    const window = { start: first, end: last + 1 }
    this.#content.emit(content, window, names, this.#store.keys.partsOf(id), last, this.#context.output)
  }
}
