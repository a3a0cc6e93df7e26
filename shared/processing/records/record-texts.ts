/** Strings of one record that are remembered: those beyond are encoded anew. */
const TEXTS_MAX = 16

/**
 * The strings that were read of the record at hand, and where their JSON lies: what is put into a result unchanged can be
 * copied from there. One for all readers of a task, since records are worked through one after the other.
 */
export class RecordTexts {
  buffer: Uint8Array = new Uint8Array(0)
  readonly starts = new Int32Array(TEXTS_MAX)
  readonly ends = new Int32Array(TEXTS_MAX)
  readonly #strings: string[] = new Array<string>(TEXTS_MAX).fill("")
  #count = 0

  /** Another record is at hand. */
  begin(buffer: Uint8Array): void {
    this.buffer = buffer
    this.#count = 0
  }

  /** @param start where the string's quotes begin @param end where they have ended */
  add(text: string, start: number, end: number): void {
    const at = this.#count
    if (at === TEXTS_MAX) return
    this.#strings[at] = text
    this.starts[at] = start
    this.ends[at] = end
    this.#count = at + 1
  }

  /** Where this text is among `starts` and `ends`; −1: nowhere. */
  find(text: string): number {
    for (let at = 0; at < this.#count; at++) if (this.#strings[at] === text) return at
    return -1
  }
}
