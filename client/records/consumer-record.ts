import { VarintReader } from "../../shared/log/records/varint.ts"
import { natives } from "../edge/natives.ts"

/** Where a record's bytes lie. */
export interface RecordSource {
  readonly topic: string
  readonly partition: number
  /** The decoded records. */
  readonly buffer: Uint8Array
}

const varint = new VarintReader()

/** A record that was read. Key, value and headers are taken out of its batch when they are asked for. */
export class ConsumerRecord {
  readonly offset: number
  /** Epoch ms. */
  readonly timestamp: number
  readonly #source: RecordSource
  readonly #keyStart: number
  readonly #keyEnd: number
  readonly #valueStart: number
  readonly #valueEnd: number
  readonly #headersEnd: number

  /** @param keyStart −1: null; likewise `valueStart` */
  constructor(
    source: RecordSource,
    offset: number,
    timestamp: number,
    keyStart: number,
    keyEnd: number,
    valueStart: number,
    valueEnd: number,
    headersEnd: number,
  ) {
    this.#source = source
    this.offset = offset
    this.timestamp = timestamp
    this.#keyStart = keyStart
    this.#keyEnd = keyEnd
    this.#valueStart = valueStart
    this.#valueEnd = valueEnd
    this.#headersEnd = headersEnd
  }

  get topic(): string {
    return this.#source.topic
  }

  get partition(): number {
    return this.#source.partition
  }

  /** A view of the fetched batch, which stays in memory as long as it is held. */
  get key(): Uint8Array | null {
    return this.#keyStart < 0 ? null : this.#source.buffer.subarray(this.#keyStart, this.#keyEnd)
  }

  /** A view of the fetched batch; null: a tombstone. */
  get value(): Uint8Array | null {
    return this.#valueStart < 0 ? null : this.#source.buffer.subarray(this.#valueStart, this.#valueEnd)
  }

  /** The key as UTF-8 text. */
  get keyText(): string | null {
    return this.#keyStart < 0 ? null : natives().readText(this.#source.buffer, this.#keyStart, this.#keyEnd)
  }

  /** The value as UTF-8 text. */
  get text(): string | null {
    return this.#valueStart < 0
      ? null
      : natives().readText(this.#source.buffer, this.#valueStart, this.#valueEnd)
  }

  /** The value parsed as JSON; null for a tombstone. Throws `SyntaxError`. */
  json(): unknown {
    const { text } = this
    return text === null ? null : JSON.parse(text)
  }

  /** In the order in which they were sent; a name may come twice. */
  get headers(): readonly (readonly [name: string, value: Uint8Array | null])[] {
    const { buffer } = this.#source
    const end = this.#headersEnd
    const headers: [string, Uint8Array | null][] = []
    // The value's end, or its length of −1, is followed by the number of headers.
    let at = varint.int32(buffer, this.#valueEnd, end)
    for (let left = varint.value; left > 0; left--) {
      at = varint.int32(buffer, at, end)
      const name = natives().readText(buffer, at, at + varint.value)
      at = varint.int32(buffer, at + varint.value, end)
      const length = varint.value
      headers.push([name, length < 0 ? null : buffer.subarray(at, at + length)])
      if (length > 0) at += length
    }
    return headers
  }
}
