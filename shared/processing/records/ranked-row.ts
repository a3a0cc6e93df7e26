import { MATERIALISE, RECORD_BYTES, type RecordBytes } from "../record.ts"
import { textBuffer } from "../text-buffer.ts"

const RANK_FIELD = ',"rank":'
const CAPACITY_BYTES = 4 * 1024
/** What a rank and its name take at most. */
const RANK_BYTES_MAX = 32
/** Bytes of UTF-8 that a UTF-16 unit takes at most. */
const UTF8_PER_UNIT_MAX = 3

/** What JSON.parse makes of a record's text that is given as a character for each byte. */
export function parsedText(text: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(text, "latin1").toString()) as Record<string, unknown>
}

/**
 * A ranked row that is given as JSON: its record's text with the rank as a last field, and its key. One object for all
 * rows; it is valid until the next one.
 */
export class RankedRow implements RecordBytes {
  buffer = textBuffer(CAPACITY_BYTES)
  readonly start = 0
  end = 0
  keyStart = 0
  keyEnd = 0
  readonly fieldEnd = -1

  get [RECORD_BYTES](): RecordBytes {
    return this
  }

  /**
   * @param text of an object with one field at least, none of them `rank`, a character for each byte
   * @param key its parts as a JSON array
   */
  of(text: string, rank: number, key: string): this {
    const needed = text.length + RANK_BYTES_MAX + UTF8_PER_UNIT_MAX * (key.length + RANK_BYTES_MAX)
    if (needed > this.buffer.length) this.buffer = textBuffer(needed * 2)
    const { buffer } = this
    buffer.latin1Write(text, 0)
    // In place of the closing brace.
    const at = text.length - 1
    this.end = at + buffer.latin1Write(`${RANK_FIELD}${rank}}`, at)
    this.keyStart = this.end
    this.keyEnd = this.end + buffer.utf8Write(key, this.end) - 1
    this.keyEnd += buffer.latin1Write(`,${rank}]`, this.keyEnd)
    return this
  }

  has(name: string): boolean {
    return Object.hasOwn(this[MATERIALISE]() as object, name)
  }

  text(): string {
    return this.buffer.latin1Slice(this.start, this.end)
  }

  plainField(): number {
    return -1
  }

  [MATERIALISE](): unknown {
    return parsedText(this.text())
  }
}
