import { LogError } from "../../log/errors.ts"
import { murmur2 } from "../../log/records/index.ts"
import type { Item } from "../../storage/meta-store.ts"
import { notAfter } from "../../storage/not-after.ts"
import { queryItems } from "../../storage/query-items.ts"
import { Pause, readAgain, settlePut } from "../../storage/settle.ts"
import type { Ports } from "../../storage/time.ts"
import { ApiError } from "../errors.ts"
import {
  decodeInstance,
  encodeInstance,
  INSTANCE_FORMAT,
  type Instance,
  type InstanceId,
} from "./instance.ts"
import { CHANGE_TRIES_MAX, INSTANCE_IDLE_MS, INSTANCE_RENEW_MS } from "./limits.ts"

export type InstancePorts = Pick<Ports, "meta" | "clock" | "random">

/** Partition keys that instances share. */
const SHARDS = 16

/** What a change of an instance comes to; `instance` undefined: it is gone. */
export interface Changed<T> {
  readonly instance: Instance | undefined
  readonly value: T
}

function keyOf({ group, name }: InstanceId) {
  const sk = `${encodeURIComponent(group)}#${name}`
  const shard = (murmur2(Buffer.from(sk)) >>> 0) % SHARDS
  return { pk: `consumers#${shard.toString(16)}`, sk }
}

const unknownInstance = ({ group, name }: InstanceId) =>
  new ApiError(
    "unknown_instance",
    `Consumer instance not found: group ${group} has no ${JSON.stringify(name)}, or it was idle for too long`,
  )

/** Keeps consumer instances: each request reads one, and writes it if it changed. */
export class InstanceStore {
  readonly #ports: InstancePorts

  constructor(ports: InstancePorts) {
    this.#ports = ports
  }

  /** Throws ApiError `instance_exists`. */
  async create(instance: Instance): Promise<void> {
    const key = keyOf(instance)
    const { item: standing, date } = await this.#read(key)
    const isFree = standing === undefined || Number(standing.fields.deadline) <= date
    if (!isFree) throw exists(instance)
    const condition = standing === undefined ? ({ absent: true } as const) : { version: standing.version }
    const settled = await settlePut(this.#ports, "meta", this.#item(instance, date), {
      condition,
      notAfter: notAfter(date),
    })
    if (settled.outcome === "unknown") throw undecided(instance)
    if (settled.outcome === "refused") throw exists(instance)
  }

  /**
   * Changes an instance, made anew where another request changed it meanwhile: what `change` does besides may be done again.
   * @param change is told the store's date of the read, epoch ms
   * @throws ApiError `unknown_instance`; LogError `outcome_unknown`, `overloaded`
   */
  async change<T>(
    id: InstanceId,
    change: (instance: Instance, date: number) => Promise<Changed<T>>,
  ): Promise<T> {
    const pause = new Pause(this.#ports.clock)
    for (let tries = 1; tries <= CHANGE_TRIES_MAX; tries++) {
      const { item, date } = await this.#read(keyOf(id))
      if (item === undefined || Number(item.fields.deadline) <= date) throw unknownInstance(id)
      const before = decodeInstance(item)
      const { instance, value } = await change(before, date)
      if (instance === undefined) {
        await this.#remove(item, date)
        return value
      }
      const isFresh = Number(item.fields.deadline) - date > INSTANCE_IDLE_MS - INSTANCE_RENEW_MS
      if (isFresh && encodeInstance(instance) === item.fields.state) return value
      const settled = await settlePut(this.#ports, "meta", this.#item(instance, date), {
        condition: { version: item.version },
        notAfter: notAfter(date),
      })
      if (settled.outcome === "committed") return value
      if (settled.outcome === "unknown") throw undecided(id)
      await pause.wait()
    }
    throw new LogError("overloaded", `too many requests for the consumer instance ${id.name} at once`)
  }

  /** Deletes instances that have been idle for too long; the members that they were end with their sessions. */
  async collect(): Promise<number> {
    // A few at each tick: all are looked at once an hour or so.
    const pk = `consumers#${this.#ports.random.integer(SHARDS).toString(16)}`
    const { items, date } = await readAgain(this.#ports, () => queryItems(this.#ports.meta, "meta", { pk }))
    const idle = items.filter(({ fields }) => Number(fields.deadline) <= date)
    for (const item of idle) await this.#remove(item, date)
    return idle.length
  }

  #item(instance: Instance, date: number): Item {
    const fields = { v: INSTANCE_FORMAT, deadline: date + INSTANCE_IDLE_MS, state: encodeInstance(instance) }
    return { ...keyOf(instance), version: this.#ports.random.id(), fields }
  }

  #read(key: { pk: string; sk: string }) {
    return readAgain(this.#ports, () => this.#ports.meta.get("meta", key))
  }

  /** One that somebody changed or made anew meanwhile stays; what is left by an unknown outcome is collected. */
  async #remove({ pk, sk, version }: Item, date: number): Promise<void> {
    await this.#ports.meta.delete("meta", { pk, sk }, { condition: { version }, notAfter: notAfter(date) })
  }
}

const exists = ({ group, name }: InstanceId) =>
  new ApiError(
    "instance_exists",
    `Consumer instance ${JSON.stringify(name)} already exists in group ${group}`,
  )

const undecided = ({ name }: InstanceId) =>
  new LogError("outcome_unknown", `the consumer instance ${name} may or may not have changed; try again`)
