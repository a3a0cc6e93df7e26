import { itemBytes } from "./item-size.ts"
import type { MetaStore } from "./meta-store.ts"
import { bodyPieces } from "./object-checks.ts"
import type { ObjectStore } from "./object-store.ts"

/** No calls at all. */
export const noCalls = {
  objectPut: 0,
  objectGet: 0,
  objectDelete: 0,
  objectList: 0,
  metaGet: 0,
  metaQuery: 0,
  metaPut: 0,
  metaDelete: 0,
  metaDeleteMany: 0,
  metaTransact: 0,
}

/** How often each operation was called. */
export type CallCounts = typeof noCalls

const noBytes = { objectsWritten: 0, objectsRead: 0, itemsWritten: 0, itemsRead: 0 }

/** Bytes of bodies and items that went through; items by DynamoDB's size rule. */
export type ByteCounts = typeof noBytes

export interface CountingStores {
  readonly objects: ObjectStore
  readonly meta: MetaStore
  readonly calls: CallCounts
  readonly bytes: ByteCounts
  /** Sets all counts to 0. */
  reset(): void
}

/** Wraps the stores of any backend; calls are counted when they are made, whatever becomes of them. */
export function countingStores(stores: { objects: ObjectStore; meta: MetaStore }): CountingStores {
  const calls = { ...noCalls }
  const bytes = { ...noBytes }
  return {
    objects: countObjects(stores.objects, calls, bytes),
    meta: countMeta(stores.meta, calls, bytes),
    calls,
    bytes,
    reset() {
      Object.assign(calls, noCalls)
      Object.assign(bytes, noBytes)
    },
  }
}

function countObjects(objects: ObjectStore, calls: CallCounts, bytes: ByteCounts): ObjectStore {
  return {
    put(key, body, options) {
      calls.objectPut++
      for (const piece of bodyPieces(body)) bytes.objectsWritten += piece.byteLength
      return objects.put(key, body, options)
    },
    async get(key, range) {
      calls.objectGet++
      const read = await objects.get(key, range)
      bytes.objectsRead += read?.body.byteLength ?? 0
      return read
    },
    deleteMany(keys) {
      calls.objectDelete++
      return objects.deleteMany(keys)
    },
    list(prefix, options) {
      calls.objectList++
      return objects.list(prefix, options)
    },
  }
}

function countMeta(meta: MetaStore, calls: CallCounts, bytes: ByteCounts): MetaStore {
  return {
    async get(table, key) {
      calls.metaGet++
      const read = await meta.get(table, key)
      if (read.item !== undefined) bytes.itemsRead += itemBytes(read.item)
      return read
    },
    async queryPage(table, query, after) {
      calls.metaQuery++
      const page = await meta.queryPage(table, query, after)
      for (const item of page.items) bytes.itemsRead += itemBytes(item)
      return page
    },
    put(table, item, options) {
      calls.metaPut++
      bytes.itemsWritten += itemBytes(item)
      return meta.put(table, item, options)
    },
    delete(table, key, options) {
      calls.metaDelete++
      return meta.delete(table, key, options)
    },
    deleteMany(table, keys) {
      calls.metaDeleteMany++
      return meta.deleteMany(table, keys)
    },
    transact(steps, options) {
      calls.metaTransact++
      for (const step of steps) if (step.kind === "put") bytes.itemsWritten += itemBytes(step.item)
      return meta.transact(steps, options)
    },
  }
}
