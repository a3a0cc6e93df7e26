import { VarintReader } from "../../shared/log/records/varint.ts"
import { natives } from "../edge/natives.ts"
import { corrupt, HEADER_BYTES, type ReadHeader, readHeader } from "./batch-format.ts"
import { ConsumerRecord, type RecordSource } from "./consumer-record.ts"

/** Records of one partition, as they were appended together. Iterating decodes them one by one. */
export class FetchedBatch implements RecordSource, Iterable<ConsumerRecord> {
  readonly topic: string
  readonly partition: number
  readonly buffer: Uint8Array
  /** The offset of the first record to be read; there may be none below `nextOffset`, where compaction took them. */
  firstOffset: number
  /** Where to go on after it. */
  nextOffset: number
  /** Of memory, about. */
  readonly bytes: number
  readonly #header: ReadHeader
  readonly #start: number

  constructor(
    place: { readonly topic: string; readonly partition: number },
    header: ReadHeader,
    buffer: Uint8Array,
    start: number,
    from: number,
  ) {
    this.topic = place.topic
    this.partition = place.partition
    this.#header = header
    this.buffer = buffer
    this.#start = start
    this.firstOffset = Math.max(from, header.baseOffset)
    this.nextOffset = header.lastOffset + 1
    this.bytes = buffer.length
  }

  /** All records at once. */
  records(): ConsumerRecord[] {
    const records: ConsumerRecord[] = []
    const reader = this.#reader()
    for (let record = reader.read(); record !== undefined; record = reader.read()) records.push(record)
    return records
  }

  /** Calls `visit` for each record, in order: the cheapest way through a batch. */
  forEach(visit: (record: ConsumerRecord) => void): void {
    const reader = this.#reader()
    for (let record = reader.read(); record !== undefined; record = reader.read()) visit(record)
  }

  [Symbol.iterator](): Iterator<ConsumerRecord> {
    const reader = this.#reader()
    return {
      next() {
        const value = reader.read()
        return value === undefined ? { done: true, value } : { done: false, value }
      },
    }
  }

  #reader(): BatchReader {
    return new BatchReader(this, this.#header, this.#start, this.firstOffset)
  }
}

/** Makes a batch of its stored bytes; compressed ones are decoded. Rejects with `corrupt_reply`, `unsupported_codec`. */
export async function fetchedBatch(
  place: { readonly topic: string; readonly partition: number },
  bytes: Uint8Array,
  from: number,
): Promise<FetchedBatch> {
  const header = readHeader(bytes)
  if (header.codec === "none") return new FetchedBatch(place, header, bytes, HEADER_BYTES, from)
  const records = await natives().decompress(header.codec, bytes.subarray(HEADER_BYTES))
  return new FetchedBatch(place, header, records, 0, from)
}

/** Reads a batch's records one after the other, those from an offset on. */
class BatchReader {
  readonly #source: RecordSource
  readonly #header: ReadHeader
  readonly #from: number
  readonly #varint = new VarintReader()
  #at: number
  #left: number

  constructor(source: RecordSource, header: ReadHeader, start: number, from: number) {
    this.#source = source
    this.#header = header
    this.#from = from
    this.#at = start
    this.#left = header.count
  }

  /** Undefined after the last. Throws `corrupt_reply`. */
  read(): ConsumerRecord | undefined {
    const { buffer } = this.#source
    while (this.#left > 0) {
      this.#left--
      let at = this.#int32(this.#at, buffer.length)
      const end = at + this.#varint.value
      if (end > buffer.length || end < at) throw corrupt("a record is longer than the batch")
      this.#at = end
      // One byte of attributes, which no version uses.
      at = this.#varint.int53(buffer, at + 1, end)
      const timestamp = this.#header.baseTimestamp + this.#varint.value
      if (at < 0) throw corrupt("a record ends within a number")
      at = this.#int32(at, end)
      const offset = this.#header.baseOffset + this.#varint.value
      if (offset < this.#from) continue
      at = this.#int32(at, end)
      const keyLength = this.#varint.value
      const keyEnd = keyLength > 0 ? at + keyLength : at
      const valueStart = this.#int32(keyEnd, end)
      const valueLength = this.#varint.value
      const valueEnd = valueLength > 0 ? valueStart + valueLength : valueStart
      if (valueEnd >= end) throw corrupt("a record is shorter than its fields")
      return new ConsumerRecord(
        this.#source,
        offset,
        timestamp,
        keyLength < 0 ? -1 : at,
        keyEnd,
        valueLength < 0 ? -1 : valueStart,
        valueEnd,
        end,
      )
    }
    return undefined
  }

  #int32(at: number, end: number): number {
    const byte = at < end ? this.#source.buffer[at] : 0x80
    if (byte < 0x80) {
      this.#varint.value = (byte >>> 1) ^ -(byte & 1)
      return at + 1
    }
    const next = this.#varint.int32(this.#source.buffer, at, end)
    if (next < 0) throw corrupt("a record ends within a number")
    return next
  }
}
