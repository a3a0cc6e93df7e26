import type { Codec } from "../edge/natives.ts"
import type { ClientError } from "../errors.ts"
import { BatchEncoder, compressed } from "../records/batch-encoder.ts"
import { type BatchFacts, type BatchStamp, writeHeader } from "../records/batch-format.ts"
import { type Deferred, deferred } from "../timing.ts"
import type { BatchFate } from "./delivery.ts"

/** Records of one partition, from the first that is added to the answer. */
export class Batch implements BatchFate {
  readonly topic: string
  readonly partition: number
  readonly encoder: BatchEncoder
  readonly done: Deferred<number> = deferred<number>()
  /** By the client's own clock, ms. */
  readonly began = performance.now()
  /** Of memory that it holds, bytes. */
  heldBytes = 0
  settled = false
  /** As it was sent last, or is to be sent next. */
  stamp: BatchStamp | undefined
  /** It was sent, and may stand. */
  inDoubt = false
  #bytes: Uint8Array | undefined
  #facts: BatchFacts | undefined
  #stamped = false

  constructor(topic: string, partition: number, buffer?: Uint8Array) {
    this.topic = topic
    this.partition = partition
    this.encoder = new BatchEncoder(buffer)
  }

  get count(): number {
    return this.encoder.count
  }

  /** Bytes as sent; known once it is sealed. */
  get bytes(): Uint8Array {
    return this.#bytes as Uint8Array
  }

  /** Takes no more records. Rejects with `unsupported_codec`. */
  async seal(codec: Codec): Promise<void> {
    if (this.#bytes !== undefined) return
    const { bytes, facts } = this.encoder.finish(codec)
    this.#facts = facts
    this.#bytes = await compressed(codec, bytes)
  }

  /** The same, for what is not compressed: without a turn of the event loop. */
  sealPlain(): void {
    const { bytes, facts } = this.encoder.finish("none")
    this.#facts = facts
    this.#bytes = bytes
  }

  get sealed(): boolean {
    return this.#bytes !== undefined
  }

  restamp(stamp: BatchStamp): void {
    this.stamp = stamp
    this.#stamped = false
  }

  /** The bytes with header and checksum, to be sent. */
  signed(): Uint8Array {
    if (!this.#stamped) writeHeader(this.bytes, this.#facts as BatchFacts, this.stamp as BatchStamp)
    this.#stamped = true
    return this.bytes
  }

  stands(baseOffset: number): void {
    this.settled = true
    this.done.resolve(baseOffset)
  }

  fails(error: ClientError): void {
    this.settled = true
    this.done.reject(error)
  }
}
