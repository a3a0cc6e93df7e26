import type { Item } from "../storage/meta-store.ts"
import { readAgain, settlePut } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { LogError } from "./errors.ts"
import { TOPIC_REREAD_MS, WRITE_AFTER_READ_MS } from "./limits.ts"

/** Topics of one epoch: their pins are part of the producer's item, which a request reads when it is cold. */
export const PINNED_TOPICS_MAX = 500
/** Producers whose pins a process remembers: as many clients cost it a read a minute each. */
const PRODUCERS_KEPT_MAX = 10_000

/** Numbers of partitions by topic id, and the epoch that they hold for. */
interface Pins {
  readonly epoch: number
  readonly counts: ReadonlyMap<string, number>
}

interface PinsRead {
  readonly item: Item
  readonly date: number
  readonly pins: Pins | undefined
}

/**
 * How many partitions a topic had when a producer's epoch first chose among them, in the producer's item: fields `pinEpoch`
 * and `pins`, a JSON object from topic ids to counts.
 */
export class ProducerPins {
  readonly #ports: Ports
  readonly #kept = new Map<string, { readonly pins: Pins; readonly elapsed: number }>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /**
   * @param producer a name that has an item
   * @param partitions the topic's now
   * Throws `fenced` where a newer epoch has pins, `invalid_producer` where there are too many, `outcome_unknown`.
   */
  async count(
    producer: { readonly id: string; readonly epoch: number },
    topicId: string,
    partitions: number,
  ): Promise<number> {
    const { id: name, epoch } = producer
    const elapsed = this.#ports.clock.elapsed()
    const kept = this.#kept.get(name)
    if (kept?.pins.epoch === epoch && elapsed - kept.elapsed < TOPIC_REREAD_MS) {
      const known = kept.pins.counts.get(topicId)
      if (known !== undefined) return known
    }
    for (;;) {
      const read = await this.#read(name)
      const pins: Pins = read.pins?.epoch === epoch ? read.pins : { epoch, counts: new Map() }
      if (read.pins !== undefined && read.pins.epoch > epoch) throw fencedBy(name, epoch, read.pins.epoch)
      const standing = pins.counts.get(topicId)
      if (standing !== undefined) return this.#keep(name, pins, elapsed, standing)
      const next = { epoch, counts: new Map([...pins.counts, [topicId, partitions]]) }
      if (next.counts.size > PINNED_TOPICS_MAX) throw tooMany(name)
      if (await this.#write(read, next)) return this.#keep(name, next, elapsed, partitions)
    }
  }

  async #read(name: string): Promise<PinsRead> {
    const key = { pk: `producer#${name}`, sk: "producer" }
    const { item, date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    if (item === undefined) throw new LogError("invalid_producer", `producer ${name} is not known any more`)
    const { pinEpoch, pins } = item.fields
    if (pinEpoch === undefined) return { item, date, pins: undefined }
    const counts = new Map(Object.entries(JSON.parse(String(pins)) as Record<string, number>))
    return { item, date, pins: { epoch: Number(pinEpoch), counts } }
  }

  /** False: somebody else changed the item; read it again. */
  async #write({ item, date }: PinsRead, { epoch, counts }: Pins): Promise<boolean> {
    const fields = { ...item.fields, pinEpoch: epoch, pins: JSON.stringify(Object.fromEntries(counts)) }
    const next = { ...item, version: this.#ports.random.id(), fields }
    const settled = await settlePut(this.#ports, "meta", next, {
      condition: { version: item.version },
      notAfter: date + WRITE_AFTER_READ_MS,
    })
    if (settled.outcome === "unknown") {
      throw new LogError("outcome_unknown", "the producer's partitions may or may not be settled; try again")
    }
    return settled.outcome === "committed"
  }

  #keep(name: string, pins: Pins, elapsed: number, count: number): number {
    if (this.#kept.size >= PRODUCERS_KEPT_MAX) this.#kept.clear()
    this.#kept.set(name, { pins, elapsed })
    return count
  }
}

function fencedBy(name: string, epoch: number, newer: number): LogError {
  return new LogError("fenced", `epoch ${epoch} of producer ${name} is over: epoch ${newer} has begun`)
}

function tooMany(name: string): LogError {
  return new LogError(
    "invalid_producer",
    `producer ${name}: expected at most ${PINNED_TOPICS_MAX} topics in an epoch where requests name no partition; name it, or take a new epoch`,
  )
}
