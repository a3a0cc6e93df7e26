import type { Item } from "../../shared/storage/meta-store.ts"

/**
 * Watches what groups commit: as long as nobody resets it, no partition's offset ever goes back. Of topics that are deleted
 * offsets are forgotten: who has not heard of it yet begins anew there.
 */
export class CommittedOffsets {
  readonly #violated: (text: string) => void
  readonly #isDeleted: (topicId: string) => boolean
  readonly #last = new Map<string, number>()

  constructor(violated: (text: string) => void, isDeleted: (topicId: string) => boolean) {
    this.#isDeleted = isDeleted
    this.#violated = violated
  }

  item({ pk, sk, fields }: Item): void {
    if (!pk.startsWith("group#") || !sk.startsWith("o#")) return
    const key = `${pk} ${sk}`
    const { offset } = fields
    // A partition that nobody has committed yet, or whose offset has expired.
    if (typeof offset !== "number") return void this.#last.delete(key)
    const before = this.#last.get(key)
    const isDeleted = this.#isDeleted(sk.slice("o#".length).split("#", 1)[0] as string)
    if (before !== undefined && offset < before && !isDeleted)
      this.#violated(`${key} goes back from ${before} to ${offset}`)
    this.#last.set(key, offset)
  }
}
