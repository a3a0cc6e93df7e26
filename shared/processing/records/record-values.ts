import { ProcessingError } from "../errors.ts"
import { asTextBuffer, textBuffer } from "../text-buffer.ts"
import { ByteMarks } from "./byte-marks.ts"
import { SHAPE_VALUES_MAX } from "./record-shape.ts"
import type { RecordTexts } from "./record-texts.ts"

const QUOTE = 34
const MINUS = 45
const ZERO = 48
const NINE = 57
const LETTER_F = 102
const LETTER_N = 110
const LETTER_T = 116
/** Digits that a number may have and be made by adding up, exactly. */
const EXACT_DIGITS_MAX = 15

const decoder = new TextDecoder()
const EMPTY = textBuffer(0)

/** A string of ASCII without escapes. */
export const PLAIN = 1
/** A string of ASCII with escapes. */
export const ESCAPED = 2

/** The values of the record at hand: where they lie in its batch's bytes, and what they are. One for each reader. */
export class RecordValues {
  buffer: Uint8Array = EMPTY
  readonly starts = new Int32Array(SHAPE_VALUES_MAX)
  readonly ends = new Int32Array(SHAPE_VALUES_MAX)
  /** Of a string: `PLAIN` where its bytes are its text, `ESCAPED` where they are but for escapes, else 0. */
  readonly plain = new Uint8Array(SHAPE_VALUES_MAX)
  readonly marks = new ByteMarks()
  /** Counts records: what was made of one is not valid for the next. */
  epoch = 0
  #node = EMPTY
  readonly #texts: RecordTexts
  /** What was made of the values at hand that are not quickly made again. */
  readonly #made: unknown[] = new Array<unknown>(SHAPE_VALUES_MAX).fill(undefined)
  readonly #madeIn: number[] = new Array<number>(SHAPE_VALUES_MAX).fill(0)

  constructor(texts: RecordTexts) {
    this.#texts = texts
  }

  /** Another record is at hand. */
  begin(): void {
    this.epoch++
    this.#texts.begin(this.buffer)
  }

  use(buffer: Uint8Array): void {
    this.buffer = buffer
    this.#node = asTextBuffer(buffer)
    this.marks.mark(buffer)
  }

  /** The bytes from `start` to `end`, a character each. */
  text(start: number, end: number): string {
    return this.#node.latin1Slice(start, end)
  }

  /** What JSON.parse makes of the value. */
  value(index: number): unknown {
    const start = this.starts[index] as number
    const byte = this.buffer[start] as number
    if (byte <= NINE)
      return byte === QUOTE ? this.#string(index, start) : this.#number(start, this.ends[index] as number)
    if (byte === LETTER_T) return true
    if (byte === LETTER_F) return false
    if (byte === LETTER_N) return null
    return this.#parsed(index, start)
  }

  #number(start: number, end: number): number {
    const { buffer } = this
    if (end - start > EXACT_DIGITS_MAX) return Number(this.#node.latin1Slice(start, end))
    const isNegative = buffer[start] === MINUS
    let number = 0
    for (let at = isNegative ? start + 1 : start; at < end; at++) {
      const digit = (buffer[at] as number) - ZERO
      if (digit < 0 || digit > 9) return Number(this.#node.latin1Slice(start, end))
      number = number * 10 + digit
    }
    return isNegative ? -number : number
  }

  #string(index: number, start: number): string {
    if (this.#madeIn[index] === this.epoch) return this.#made[index] as string
    const end = this.ends[index] as number
    const text = this.#text(this.plain[index] as number, start, end)
    this.#made[index] = text
    this.#madeIn[index] = this.epoch
    this.#texts.add(text, start, end)
    return text
  }

  #text(plain: number, start: number, end: number): string {
    if (plain === PLAIN) return this.#node.latin1Slice(start + 1, end - 1)
    if (plain === ESCAPED) return unescaped(this.#node.latin1Slice(start + 1, end - 1))
    return JSON.parse(decoder.decode(this.buffer.subarray(start, end))) as string
  }

  /** Arrays and the like: the same one however often it is asked for. */
  #parsed(index: number, start: number): unknown {
    if (this.#madeIn[index] !== this.epoch) {
      this.#made[index] = JSON.parse(decoder.decode(this.buffer.subarray(start, this.ends[index] as number)))
      this.#madeIn[index] = this.epoch
    }
    return this.#made[index]
  }

  /** Whether the value's bytes are its text: a string's without escapes, a whole number's as JSON writes it. */
  isPlain(index: number): boolean {
    const start = this.starts[index] as number
    const end = this.ends[index] as number
    const { buffer } = this
    const byte = buffer[start] as number
    if (byte === QUOTE) return this.plain[index] === PLAIN
    if (byte < ZERO || byte > NINE || end - start > EXACT_DIGITS_MAX) return false
    for (let at = start; at < end; at++) {
      const digit = (buffer[at] as number) - ZERO
      if (digit < 0 || digit > 9) return false
    }
    return true
  }
}

const ESCAPES: Readonly<Record<string, string>> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" }

/** A valid JSON string's text, of what stands between its quotes. */
function unescaped(raw: string): string {
  let text = ""
  let from = 0
  for (let at = raw.indexOf("\\"); at >= 0; at = raw.indexOf("\\", from)) {
    const sign = raw[at + 1] as string
    text += raw.slice(from, at)
    if (sign === "u") text += String.fromCharCode(Number.parseInt(raw.slice(at + 2, at + 6), 16))
    else text += ESCAPES[sign] ?? sign
    from = at + (sign === "u" ? 6 : 2)
  }
  return text + raw.slice(from)
}

export function readOnly(name: string): never {
  throw new ProcessingError(
    "user_function",
    `${name}: a record is read-only; expected a new one, such as { ...record, ${name}: … }`,
  )
}
