import { StorageError } from "../storage/errors.ts"
import type { Item } from "../storage/meta-store.ts"
import { readAgain, settlePut, settleTransaction } from "../storage/settle.ts"
import type { Ports } from "../storage/time.ts"
import { LogError } from "./errors.ts"
import { RESERVED_PRODUCER_IDS, WRITE_AFTER_READ_MS } from "./limits.ts"

const PRODUCER_FORMAT = 1
const PRODUCER_SK = "producer"
/** Names that a process remembers the ids of: a restart of that many clients costs it no reads. */
const NAMES_KEPT_MAX = 100_000

/** A producer whose id was given out. */
export interface GivenProducer {
  readonly id: number
  /** The transactional id that it belongs to. */
  readonly transactional?: string
}

/**
 * Producers' names and the int64 ids that batches carry. An id that was given out stands for itself: its digits are
 * its name, so that `Producer-Id` headers and encoded batches speak of the same producer.
 */
export class Producers {
  readonly #ports: Ports
  readonly #ids = new Map<string, GivenProducer>()
  /** Reads under way, by name: batches that come together ask once. */
  readonly #reading = new Map<string, Promise<GivenProducer | undefined>>()

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** Gives out a new id. Throws `outcome_unknown`. */
  async create(): Promise<number> {
    for (;;) {
      const { id, item } = this.#fresh()
      const { date } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", item))
      const settled = await settlePut(this.#ports, "meta", item, {
        condition: { absent: true },
        notAfter: date + WRITE_AFTER_READ_MS,
      })
      if (settled.outcome === "committed") {
        this.#keep(String(id), { id })
        return id
      }
      if (settled.outcome === "unknown" || settled.reason !== "exists") {
        throw new LogError(
          "outcome_unknown",
          "the producer may or may not have been created; ask for another",
        )
      }
    }
  }

  /**
   * The id of the producer that a client calls `name`; made at its first use. Throws `invalid_producer` for a
   * transactional id's: it appends only inside transactions, in encoded batches.
   */
  async id(name: string): Promise<number> {
    const { id, transactional } = await this.#named(name)
    if (transactional !== undefined) throw onlyInTransactions(id, transactional)
    return id
  }

  async #named(name: string): Promise<GivenProducer> {
    const kept = this.#ids.get(name)
    if (kept !== undefined) return kept
    const key = { pk: `producer#${name}`, sk: PRODUCER_SK }
    const read = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    if (read.item !== undefined) return this.#found(name, read.item)
    for (;;) {
      // The digits of the new id are taken too, so that no other producer is ever given the same id.
      const { id, item: digits } = this.#fresh()
      const item: Item = { ...key, version: this.#ports.random.id(), fields: digits.fields }
      const absent = { absent: true } as const
      const steps = [item, digits].map(put => {
        return { kind: "put", table: "meta", item: put, condition: absent } as const
      })
      const options = { notAfter: read.date + WRITE_AFTER_READ_MS, token: this.#ports.random.id() }
      const settled = await settleTransaction(this.#ports, steps, { table: "meta", item }, options)
      if (settled.outcome === "committed") return this.#keep(name, { id })
      const standing = settled.outcome === "refused" ? settled.standing?.item : undefined
      if (standing?.pk === key.pk) return this.#found(name, standing)
      if (standing === undefined)
        throw new StorageError("unavailable", `producer ${name} could not be registered`)
    }
  }

  /** The producer that a batch may carry the id of: one that was given out, or that stands for a client's name. */
  async given(id: number): Promise<GivenProducer | undefined> {
    const name = String(id)
    const kept = this.#ids.get(name)
    if (kept !== undefined) return kept.id === id ? kept : undefined
    let reading = this.#reading.get(name)
    if (reading === undefined) {
      reading = this.#look(name).finally(() => this.#reading.delete(name))
      this.#reading.set(name, reading)
    }
    const found = await reading
    return found?.id === id ? found : undefined
  }

  async #look(name: string): Promise<GivenProducer | undefined> {
    const key = { pk: `producer#${name}`, sk: PRODUCER_SK }
    const { item } = await readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
    return item && this.#found(name, item)
  }

  /** A new id for a transactional id, and the item by which it is given out, to be put where none stands. */
  fresh(transactional: string): { id: number; item: Item } {
    return this.#fresh({ transactional })
  }

  #fresh(more: { transactional?: string } = {}): { id: number; item: Item } {
    const id = 1 + this.#ports.random.integer(RESERVED_PRODUCER_IDS - 1)
    const fields = { v: PRODUCER_FORMAT, id, epoch: 0, ...more }
    return { id, item: { pk: `producer#${id}`, sk: PRODUCER_SK, version: this.#ports.random.id(), fields } }
  }

  #found(name: string, item: Item): GivenProducer {
    const { v, id, transactional } = item.fields
    if (v !== PRODUCER_FORMAT) {
      throw new StorageError(
        "unknown_format",
        `producer ${name}: format ${String(v)}, expected ${PRODUCER_FORMAT}`,
      )
    }
    const given = {
      id: id as number,
      ...(transactional === undefined ? {} : { transactional: String(transactional) }),
    }
    return this.#keep(name, given)
  }

  #keep(name: string, given: GivenProducer): GivenProducer {
    if (this.#ids.size >= NAMES_KEPT_MAX) this.#ids.clear()
    this.#ids.set(name, given)
    return given
  }
}

/** The error of an append outside a transaction by a transactional id's producer. */
export function onlyInTransactions(id: number, transactional: string): LogError {
  return new LogError(
    "invalid_producer",
    `producer id ${id} belongs to the transactional id ${transactional}: expected encoded batches with the transactional flag`,
  )
}
