import type { ClientError } from "../errors.ts"
import { type BatchStamp, NO_STAMP } from "../records/batch-format.ts"
import type { Batch } from "./batch.ts"

/** As many of a producer's appends as a partition remembers, and takes at once (Kafka's five). */
export const IN_FLIGHT_MAX = 5
/** Kafka's sequence numbers are int32 and wrap round to 0. */
const SEQUENCE_MODULUS = 2 ** 31

/** A producer's id and its epoch to begin with. */
export interface ProducerIdentity {
  readonly producerId: number
  readonly epoch: number
  readonly transactional: boolean
}

/**
 * The batches that go to one partition, in their order. One request at a time holds some of them, so that none overtakes
 * another; what is not answered goes first in the next one, with the sequences that it had.
 */
export class PartitionQueue {
  readonly topic: string
  readonly partition: number
  /** In the order of their records. The first `sent` of them have a sequence. */
  readonly batches: Batch[] = []
  /** A request is under way. */
  busy = false
  /** Failed attempts since the last success. */
  attempts = 0
  /** Not before this moment by the client's own clock, ms. */
  notBefore = 0
  #epoch = 0
  #nextSequence = 0
  #isTransactional = false

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** The batches of the next request: the first ones, of one epoch, up to `bytesMax`; the first goes whatever its size. */
  next(identity: ProducerIdentity | undefined, bytesMax: number): Batch[] {
    const taken: Batch[] = []
    let bytes = 0
    for (const batch of this.batches) {
      if (taken.length === IN_FLIGHT_MAX || !batch.sealed) break
      bytes += batch.bytes.length
      if (taken.length > 0 && bytes > bytesMax) break
      if (batch.stamp === undefined) batch.restamp(this.#stampFor(batch, identity))
      if (taken.length > 0 && batch.stamp?.epoch !== taken[0].stamp?.epoch) break
      taken.push(batch)
    }
    return taken
  }

  #stampFor(batch: Batch, identity: ProducerIdentity | undefined): BatchStamp {
    if (identity === undefined) return NO_STAMP
    const { producerId, epoch, transactional } = identity
    this.#isTransactional = transactional
    const sequence = this.#nextSequence
    this.#nextSequence = (sequence + batch.count) % SEQUENCE_MODULUS
    return { producerId, epoch: epoch + this.#epoch, sequence, transactional }
  }

  remove(batch: Batch): void {
    const at = this.batches.indexOf(batch)
    if (at >= 0) this.batches.splice(at, 1)
  }

  /**
   * The partition's next epoch begins: what is not in doubt gets sequences from 0 again. The server takes nothing of an older
   * epoch once it has something of this one, so what is in doubt must have been settled before. A transaction's epoch is itself, and the next one is the next transaction:
   * behind what failed of it nothing is taken any more.
   */
  renumber(): void {
    if (this.#isTransactional || this.batches.some(batch => batch.inDoubt)) return
    this.#epoch++
    this.#nextSequence = 0
    for (const batch of this.batches) batch.stamp = undefined
  }

  /** Fails what is older than `began`, and with it all that is in doubt. Returns what failed. */
  expire(began: number, errorOf: (batch: Batch) => ClientError): Batch[] {
    const old = this.batches.filter(batch => batch.began < began)
    if (old.length === 0 || this.busy) return []
    const gone = this.batches.filter(batch => batch.began < began || batch.inDoubt)
    const wasSent = gone.some(batch => batch.stamp !== undefined)
    for (const batch of gone) {
      batch.fails(errorOf(batch))
      this.remove(batch)
    }
    if (wasSent) this.renumber()
    return gone
  }

  failAll(error: ClientError): Batch[] {
    const gone = this.batches.splice(0)
    for (const batch of gone) batch.fails(error)
    return gone
  }
}
