import type { Aggregator } from "../../definition/job/aggregators.ts"
import type {
  AppendingState,
  ListState,
  MapState,
  StateDescriptor,
  ValueState,
} from "../../definition/job/state.ts"
import { materialised } from "../record.ts"
import type { KeyedStore, KeySlot } from "../state/keyed-store.ts"
import { type Stamped, TimeToLive } from "../state/time-to-live.ts"

/** The entry of a key's state by its name; of a map by name and map key. */
type Entry = Stamped<unknown> | Stamped<unknown>[]

/** Where the states of a process function are just now: the key at hand. */
export interface StateScope {
  readonly store: KeyedStore<Entry>
  /** The slot of the key at hand. */
  slot: KeySlot<Entry>
  now(): number
  /** Says that an entry is to be looked at when that time has come, epoch ms. */
  expires(sub: string, at: number): void
}

export type { Entry as StateEntry }

export function makeState(name: string, descriptor: StateDescriptor, scope: StateScope): unknown {
  switch (descriptor.kind) {
    case "value":
      return new StoredValue(name, descriptor, scope)
    case "list":
      return new StoredList(name, descriptor, scope)
    case "map":
      return new StoredMap(name, descriptor, scope)
    case "reducing":
    case "aggregating":
      return new StoredAppending(name, descriptor, scope)
  }
}

/** A single stamped value under one name: what all but lists and maps are made of. */
class Cell {
  readonly ttl: TimeToLive
  readonly #sub: string
  readonly #scope: StateScope

  constructor(sub: string, descriptor: StateDescriptor, scope: StateScope) {
    this.#sub = sub
    this.#scope = scope
    this.ttl = new TimeToLive(descriptor.ttl, () => scope.now())
  }

  read(): unknown {
    const { store, slot } = this.#scope
    const stamped = slot.entries.get(this.#sub) as Stamped<unknown> | undefined
    if (stamped === undefined) return undefined
    // What has expired is cleaned up by the look at it, which may be the last to see it.
    if (this.ttl.isExpired(stamped)) {
      store.delete(slot, this.#sub)
      return this.ttl.isVisible(stamped) ? stamped[0] : undefined
    }
    if (this.ttl.looked(stamped)) store.touch(slot, this.#sub)
    return stamped[0]
  }

  write(value: unknown): void {
    if (value === undefined) {
      this.clear()
      return
    }
    const { store, slot } = this.#scope
    store.set(slot, this.#sub, this.ttl.stamp(materialised(value)))
    const { expiry } = this.ttl
    if (expiry !== undefined) this.#scope.expires(this.#sub, expiry)
  }

  clear(): void {
    this.#scope.store.delete(this.#scope.slot, this.#sub)
  }
}

class StoredValue implements ValueState<unknown> {
  readonly #cell: Cell
  readonly #initial: unknown

  constructor(name: string, descriptor: StateDescriptor, scope: StateScope) {
    this.#cell = new Cell(name, descriptor, scope)
    this.#initial = descriptor.initial
  }

  get(): unknown {
    const value = this.#cell.read()
    if (value !== undefined) return value
    // Each key has one of its own, which it may change.
    return typeof this.#initial === "object" ? structuredClone(this.#initial) : this.#initial
  }

  set(value: unknown): void {
    this.#cell.write(value)
  }

  clear(): void {
    this.#cell.clear()
  }
}

class StoredAppending implements AppendingState<unknown, unknown> {
  readonly #cell: Cell
  readonly #add: (kept: unknown, value: unknown) => unknown
  readonly #result: (kept: unknown) => unknown

  constructor(name: string, descriptor: StateDescriptor, scope: StateScope) {
    this.#cell = new Cell(name, descriptor, scope)
    const aggregator = descriptor.aggregator as Aggregator<unknown, unknown> | undefined
    const reduce = descriptor.reduce as ((left: unknown, right: unknown) => unknown) | undefined
    if (aggregator !== undefined) {
      this.#add = (kept, value) => aggregator.add(kept ?? aggregator.create(), value)
      this.#result = kept => aggregator.result(kept)
    } else {
      this.#add = (kept, value) => (kept === undefined ? value : reduce?.(kept, value))
      this.#result = kept => kept
    }
  }

  get(): unknown {
    const kept = this.#cell.read()
    return kept === undefined ? undefined : this.#result(kept)
  }

  add(value: unknown): void {
    this.#cell.write(this.#add(this.#cell.read(), value))
  }

  clear(): void {
    this.#cell.clear()
  }
}

/** A list; each of its values has a time of its own. */
class StoredList implements ListState<unknown> {
  readonly #name: string
  readonly #scope: StateScope
  readonly #ttl: TimeToLive

  constructor(name: string, descriptor: StateDescriptor, scope: StateScope) {
    this.#name = name
    this.#scope = scope
    this.#ttl = new TimeToLive(descriptor.ttl, () => scope.now())
  }

  #values(): Stamped<unknown>[] {
    return (this.#scope.slot.entries.get(this.#name) as Stamped<unknown>[] | undefined) ?? []
  }

  get(): readonly unknown[] {
    const values = this.#values()
    if (!this.#ttl.isSet) return values.map(([value]) => value)
    const { store, slot } = this.#scope
    const visible = values.filter(stamped => this.#ttl.isVisible(stamped))
    const standing = values.filter(stamped => !this.#ttl.isExpired(stamped))
    if (standing.length < values.length) this.#keep(standing)
    if (visible.map(stamped => this.#ttl.looked(stamped)).includes(true)) store.touch(slot, this.#name)
    return visible.map(([value]) => value)
  }

  add(value: unknown): void {
    const values = this.#values()
    values.push(this.#ttl.stamp(materialised(value)))
    this.#keep(values)
  }

  update(values: readonly unknown[]): void {
    this.#keep(values.map(value => this.#ttl.stamp(materialised(value))))
  }

  clear(): void {
    this.#scope.store.delete(this.#scope.slot, this.#name)
  }

  #keep(values: Stamped<unknown>[]): void {
    if (values.length === 0) {
      this.clear()
      return
    }
    this.#scope.store.set(this.#scope.slot, this.#name, values)
    const { expiry } = this.#ttl
    if (expiry !== undefined) this.#scope.expires(this.#name, expiry)
  }
}

type MapKey = string | number

/** A map; each of its entries is stored alone. */
class StoredMap implements MapState<MapKey, unknown> {
  readonly #prefix: string
  readonly #descriptor: StateDescriptor
  readonly #scope: StateScope

  constructor(name: string, descriptor: StateDescriptor, scope: StateScope) {
    this.#prefix = `${name}/`
    this.#descriptor = descriptor
    this.#scope = scope
  }

  #cell(key: MapKey): Cell {
    return new Cell(
      `${this.#prefix}${typeof key === "number" ? "n" : "s"}${key}`,
      this.#descriptor,
      this.#scope,
    )
  }

  get(key: MapKey): unknown {
    return this.#cell(key).read()
  }

  has(key: MapKey): boolean {
    return this.#cell(key).read() !== undefined
  }

  set(key: MapKey, value: unknown): void {
    this.#cell(key).write(value)
  }

  delete(key: MapKey): void {
    this.#cell(key).clear()
  }

  *entries(): Iterable<readonly [MapKey, unknown]> {
    for (const key of this.#keys()) {
      const value = this.get(key)
      if (value !== undefined) yield [key, value]
    }
  }

  get size(): number {
    let size = 0
    for (const _entry of this.entries()) size++
    return size
  }

  clear(): void {
    for (const key of this.#keys()) this.delete(key)
  }

  #keys(): MapKey[] {
    const keys: MapKey[] = []
    for (const sub of this.#scope.slot.entries.keys()) {
      if (typeof sub !== "string" || !sub.startsWith(this.#prefix)) continue
      const text = sub.slice(this.#prefix.length + 1)
      keys.push(sub[this.#prefix.length] === "n" ? Number(text) : text)
    }
    return keys
  }
}
