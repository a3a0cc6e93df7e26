/** A Map that holds its first entry itself: most keys have one, and a Map for each would take more than their content. */
export class SubMap<K, V> {
  #size = 0
  #key: K | undefined
  #value: V | undefined
  /** Once there was a second entry. */
  #map: Map<K, V> | undefined

  get size(): number {
    return this.#map === undefined ? this.#size : this.#map.size
  }

  /** The value of the only entry, where there never was another one; else undefined. */
  get only(): V | undefined {
    return this.#value
  }

  get(key: K): V | undefined {
    if (this.#map !== undefined) return this.#map.get(key)
    return this.#size === 1 && this.#key === key ? this.#value : undefined
  }

  has(key: K): boolean {
    return this.#map === undefined ? this.#size === 1 && this.#key === key : this.#map.has(key)
  }

  set(key: K, value: V): this {
    if (this.#map !== undefined) this.#map.set(key, value)
    else if (this.#size === 0 || this.#key === key) {
      this.#size = 1
      this.#key = key
      this.#value = value
    } else {
      this.#map = new Map([
        [this.#key as K, this.#value as V],
        [key, value],
      ])
      this.#key = undefined
      this.#value = undefined
    }
    return this
  }

  delete(key: K): boolean {
    if (this.#map !== undefined) return this.#map.delete(key)
    if (this.#size === 0 || this.#key !== key) return false
    this.#size = 0
    this.#key = undefined
    this.#value = undefined
    return true
  }

  keys(): IterableIterator<K> {
    return this.#map === undefined ? this.#alone(this.#key as K) : this.#map.keys()
  }

  values(): IterableIterator<V> {
    return this.#map === undefined ? this.#alone(this.#value as V) : this.#map.values()
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.#map === undefined
      ? this.#alone<[K, V]>([this.#key as K, this.#value as V])
      : this.#map[Symbol.iterator]()
  }

  #alone<T>(item: T): IterableIterator<T> {
    return (this.#size === 1 ? [item] : []).values()
  }
}
