import type { Item, MetaStore, MetaTable } from "../meta-store.ts"
import type { ObjectStore } from "../object-store.ts"
import type { Faults } from "./faults.ts"
import { MemoryMetaStore, MetaState } from "./meta-store.ts"
import { MemoryObjectStore, ObjectState } from "./object-store.ts"

export interface MemoryStoresOptions {
  /** The stores' own time, epoch ms; a step back is held at the maximum seen. Default: an instant that never moves. */
  readonly date?: () => number
  /** The object store's time where it differs from the meta store's. Default: `date`. */
  readonly objectDate?: () => number
  readonly faults?: Faults
  readonly watch?: StoreWatch
}

/** Told of every write at the moment when it is applied, late ones included; may not throw. */
export interface StoreWatch {
  /** @param date the meta store's, epoch ms */
  item?(table: MetaTable, item: Item, date: number): void
  /** @param date the object store's, epoch ms */
  object?(key: string, body: Uint8Array, date: number): void
}

export interface StoreClient {
  readonly objects: ObjectStore
  readonly meta: MetaStore
}

export interface MemoryStores extends StoreClient {
  /** Another client of the same data, with faults of its own. */
  connect(faults?: Faults): StoreClient
  /** All items of a table, past every fault: for a test's own eyes. */
  items(table: MetaTable): Iterable<Item>
  /** All objects' keys in order, past every fault. */
  objectKeys(): readonly string[]
  /** An object's bytes, past every fault. */
  objectBody(key: string): Uint8Array | undefined
}

/** 2026-01-01T00:00:00Z. */
const START = Date.UTC(2026, 0, 1)

/** The strictest backend: every limit enforced, nothing shared with callers, every fault at a test's command. */
export function memoryStores(options: MemoryStoresOptions = {}): MemoryStores {
  const date = neverBack(options.date ?? (() => START))
  const objectDate = options.objectDate === undefined ? date : neverBack(options.objectDate)
  const metaState = new MetaState(date, options.watch)
  const objectState = new ObjectState(objectDate, options.watch)
  const connect = (faults?: Faults): StoreClient => ({
    objects: new MemoryObjectStore(objectState, faults),
    meta: new MemoryMetaStore(metaState, faults),
  })
  return {
    ...connect(options.faults),
    connect,
    items: table => metaState.tables[table].all(),
    objectKeys: () => [...objectState.keys],
    objectBody: key => objectState.objects.get(key)?.body.slice(),
  }
}

function neverBack(date: () => number): () => number {
  let latest = Number.NEGATIVE_INFINITY
  return () => {
    latest = Math.max(latest, date())
    return latest
  }
}
