import type { FieldValue, Item, ItemKey, Query } from "../meta-store.ts"
import { META_PAGE_BYTES } from "../meta-store.ts"
import { compareUtf8 } from "../utf8.ts"

/** An item as it is kept: nobody else holds its fields or bytes. */
export interface KeptItem {
  readonly item: Item
  readonly bytes: number
  readonly hasBinary: boolean
}

interface Partition {
  /** In ascending UTF-8 order. */
  readonly sortKeys: string[]
  readonly items: Map<string, KeptItem>
}

/** Copies an item that came from outside, so that nothing the caller does later can reach it. */
export function keepItem(item: Item, bytes: number): KeptItem {
  const { pk, sk, version } = item
  return { item: { pk, sk, version, fields: copyFields(item) }, bytes, hasBinary: hasBinary(item) }
}

/** The item as it goes out: frozen, its binaries copied. */
export function showItem(kept: KeptItem | undefined): Item | undefined {
  if (kept === undefined) return undefined
  const { pk, sk, version } = kept.item
  const fields = kept.hasBinary ? copyFields(kept.item) : { ...kept.item.fields }
  return Object.freeze({ pk, sk, version, fields: Object.freeze(fields) })
}

function hasBinary(item: Item): boolean {
  for (const name in item.fields) if (item.fields[name] instanceof Uint8Array) return true
  return false
}

function copyFields(item: Item): Record<string, FieldValue> {
  const fields: Record<string, FieldValue> = {}
  for (const name in item.fields) fields[name] = copyValue(item.fields[name]!)
  return fields
}

function copyValue(value: FieldValue): FieldValue {
  if (value instanceof Uint8Array) return new Uint8Array(value)
  // No store keeps the sign of a zero.
  return value === 0 ? 0 : value
}

/** One table: partitions of items in the order of their sort keys. */
export class ItemTable {
  readonly #partitions = new Map<string, Partition>()

  get(key: ItemKey): KeptItem | undefined {
    return this.#partitions.get(key.pk)?.items.get(key.sk)
  }

  set(kept: KeptItem): void {
    const { pk, sk } = kept.item
    let partition = this.#partitions.get(pk)
    if (partition === undefined) {
      partition = { sortKeys: [], items: new Map() }
      this.#partitions.set(pk, partition)
    }
    if (!partition.items.has(sk)) {
      partition.sortKeys.splice(lowerBound(partition.sortKeys, sk), 0, sk)
    }
    partition.items.set(sk, kept)
  }

  delete(key: ItemKey): void {
    const partition = this.#partitions.get(key.pk)
    if (!partition?.items.delete(key.sk)) return
    partition.sortKeys.splice(lowerBound(partition.sortKeys, key.sk), 1)
    if (partition.items.size === 0) this.#partitions.delete(key.pk)
  }

  /** One page, and the sort key to go on after when the limit or the page's bytes ended it. */
  page(query: Query, after: string | undefined): { items: Item[]; next?: string } {
    const partition = this.#partitions.get(query.pk)
    if (partition === undefined) return { items: [] }
    const { sortKeys } = partition
    let [first, end] = bounds(sortKeys, query)
    if (after !== undefined) {
      if (query.descending) end = Math.min(end, lowerBound(sortKeys, after))
      else first = Math.max(first, upperBound(sortKeys, after))
    }
    const items: Item[] = []
    let bytes = 0
    for (let done = 0; done < end - first; done++) {
      const sk = sortKeys[query.descending ? end - 1 - done : first + done]!
      const kept = partition.items.get(sk)!
      bytes += kept.bytes
      if (items.length > 0 && bytes > META_PAGE_BYTES) return { items, next: items.at(-1)!.sk }
      items.push(showItem(kept)!)
      // As DynamoDB: a page that its limit ended has a `next` even if nothing follows.
      if (items.length === query.limit) return { items, next: sk }
    }
    return { items }
  }

  *all(): Generator<Item> {
    for (const partition of this.#partitions.values()) {
      for (const sk of partition.sortKeys) yield showItem(partition.items.get(sk))!
    }
  }
}

function bounds(sortKeys: readonly string[], query: Query): [first: number, end: number] {
  const first = query.from === undefined ? 0 : lowerBound(sortKeys, query.from)
  const end = query.to === undefined ? sortKeys.length : upperBound(sortKeys, query.to)
  return [first, end]
}

/** The index of the first key at or above `key`. */
export function lowerBound(keys: readonly string[], key: string): number {
  // Most writes go to the end.
  if (keys.length === 0 || compareUtf8(keys[keys.length - 1]!, key) < 0) return keys.length
  let low = 0
  let high = keys.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    if (compareUtf8(keys[middle]!, key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** The index of the first key above `key`. */
export function upperBound(keys: readonly string[], key: string): number {
  const at = lowerBound(keys, key)
  return keys[at] === key ? at + 1 : at
}
