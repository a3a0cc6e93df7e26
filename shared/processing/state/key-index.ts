import type { KeyPart } from "./keys.ts"
import { SubMap } from "./sub-map.ts"

type Level<S> = SubMap<KeyPart, Level<S> | S>

/**
 * What belongs to keys of several parts, found by one part after the other: without the text that names the key, which
 * would have to be made for every record.
 */
export class KeyIndex<S extends object> {
  readonly #depth: number
  #root: Level<S> = new SubMap()

  /** @param depth parts of each key */
  constructor(depth: number) {
    this.#depth = depth
  }

  /** @param partOf gives the parts in their order */
  find(partOf: (record: unknown, index: number) => KeyPart, record: unknown): S | undefined {
    let level: Level<S> | S | undefined = this.#root
    for (let index = 0; index < this.#depth; index++) {
      level = (level as Level<S>).get(partOf(record, index))
      if (level === undefined) return undefined
    }
    return level as S
  }

  set(partOf: (record: unknown, index: number) => KeyPart, record: unknown, value: S): void {
    const last = this.#depth - 1
    let level = this.#root
    for (let index = 0; index < last; index++) {
      const part = partOf(record, index)
      let next = level.get(part) as Level<S> | undefined
      if (next === undefined) {
        next = new SubMap()
        level.set(part, next)
      }
      level = next
    }
    level.set(partOf(record, last), value)
  }

  clear(): void {
    this.#root = new SubMap()
  }
}
