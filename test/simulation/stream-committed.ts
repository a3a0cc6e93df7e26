import type { Item } from "../../shared/storage/meta-store.ts"

/** Watches what groups commit: as long as nobody resets it, no partition's offset ever goes back. */
export class CommittedOffsets {
  readonly #violated: (text: string) => void
  readonly #last = new Map<string, number>()

  constructor(violated: (text: string) => void) {
    this.#violated = violated
  }

  item({ pk, sk, fields }: Item): void {
    if (!pk.startsWith("group#") || !sk.startsWith("o#")) return
    const key = `${pk} ${sk}`
    const { offset } = fields
    // A partition that nobody has committed yet, or whose offset has expired.
    if (typeof offset !== "number") return void this.#last.delete(key)
    const before = this.#last.get(key)
    if (before !== undefined && offset < before)
      this.#violated(`${key} goes back from ${before} to ${offset}`)
    this.#last.set(key, offset)
  }
}
