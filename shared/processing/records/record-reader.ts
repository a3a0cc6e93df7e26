import { JsonFault, JsonScanner } from "../../log/records/json-scanner.ts"
import { type RecordShape, shapeOf } from "./record-shape.ts"
import { RecordTexts } from "./record-texts.ts"
import { ESCAPED, PLAIN, RecordValues } from "./record-values.ts"
import { recordView } from "./record-view.ts"

/** Shapes that a reader learns; beyond, records are parsed as a whole. */
const SHAPES_MAX = 64
/** Ways in which records may go on at one place. */
const BRANCHES_MAX = 8
/** Records without a shape after which no more are looked for: what comes then is parsed at once. */
const MISSES_MAX = 1_000

const SPACE = 32
const QUOTE = 34
const DOT = 46
const ZERO = 48
const ONE = 49
const NINE = 57
const BACKSLASH = 92
const BRACE_OPEN = 123
const LETTER_E = 101
const LETTER_F = 102

const decoder = new TextDecoder()

/** What may come at one place of a record: a literal, then a value; or the last literal, and the record has ended. */
interface Branch {
  readonly literal: Uint8Array
  readonly size: number
  /**
   * The literal's bytes by eights, the last eight overlapping those before; empty where it is shorter. As doubles, which are
   * compared at once: text is never NaN or 0, but for characters that make the comparison fail, and the record be parsed.
   */
  readonly words: Float64Array
  readonly next: Branch[]
  view: object | undefined
}

/**
 * Reads the records of a source as lazy views. It learns shapes from the records that it meets: a record of a shape that
 * it knows is checked against it in one pass that notes where the values lie, and nothing is made of them until somebody
 * asks. Everything else is left to JSON.parse, so what comes out is always what JSON.parse makes, its errors included.
 */
export class RecordReader {
  readonly #values: RecordValues
  readonly #first: Branch[] = []
  #scanner = new JsonScanner(new Uint8Array(0), false)
  #view: DataView = new DataView(new ArrayBuffer(0))
  #shapes = 0
  #misses = 0

  /** @param texts is told of the strings that are read of each record */
  constructor(texts = new RecordTexts()) {
    this.#values = new RecordValues(texts)
  }

  /**
   * The record whose JSON text lies in `buffer` from `start` to `end`. It is valid until the next call, and the bytes
   * of a buffer stay as they are. Throws what JSON.parse throws.
   */
  read(buffer: Uint8Array, start: number, end: number): unknown {
    const values = this.#values
    if (values.buffer !== buffer) this.#use(buffer)
    values.begin()
    return this.#match(start, end) ?? this.#learn(start, end)
  }

  #use(buffer: Uint8Array): void {
    this.#values.use(buffer)
    this.#scanner = new JsonScanner(buffer, false)
    this.#view = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength)
  }

  #match(start: number, end: number): object | undefined {
    const { buffer, starts, ends } = this.#values
    let branches = this.#first
    let at = start
    for (let index = 0; ; index++) {
      let taken: Branch | undefined
      for (let each = 0; each < branches.length; each++) {
        const branch = branches[each] as Branch
        const after = at + branch.size
        if (after > end || !this.#isAt(branch, at)) continue
        if (branch.view !== undefined) {
          if (after === end) return branch.view
        } else if (after < end && buffer[after] !== BRACE_OPEN) {
          taken = branch
          at = after
          break
        } else if (after < end && this.#isEmptyObject(after)) {
          taken = branch
          at = after
          break
        }
      }
      if (taken === undefined) return undefined
      starts[index] = at
      at = this.#valueEnd(index, at, end)
      if (at < 0) return undefined
      ends[index] = at
      branches = taken.next
    }
  }

  #isAt({ literal, size, words }: Branch, at: number): boolean {
    const count = words.length
    if (count === 0) {
      const { buffer } = this.#values
      for (let index = 0; index < size; index++) if (buffer[at + index] !== literal[index]) return false
      return true
    }
    const view = this.#view
    const last = count - 1
    for (let word = 0; word < last; word++)
      if (view.getFloat64(at + 8 * word, true) !== words[word]) return false
    return view.getFloat64(at + size - 8, true) === words[last]
  }

  #isEmptyObject(at: number): boolean {
    const { buffer } = this.#values
    return buffer[this.#scanner.space(at + 1)] === BRACE_OPEN + 2
  }

  /** The index after the value; −1: no valid one. */
  #valueEnd(index: number, start: number, end: number): number {
    const { buffer, marks } = this.#values
    const byte = buffer[start] as number
    if (byte === QUOTE) return this.#stringEnd(index, start + 1, end)
    if (byte >= ONE && byte <= NINE) {
      const at = marks.digitsEnd(start + 1)
      if (at < end && buffer[at] !== DOT && ((buffer[at] as number) | SPACE) !== LETTER_E) return at
    }
    try {
      const at = this.#scanner.value(start)
      return at <= end ? at : -1
    } catch (error) {
      if (error instanceof JsonFault) return -1
      throw error
    }
  }

  #stringEnd(index: number, start: number, end: number): number {
    const { buffer, marks } = this.#values
    let plain = PLAIN
    let at = marks.nextStop(start)
    for (;;) {
      if (at >= end) return -1
      const byte = buffer[at]
      if (byte === QUOTE) break
      if (byte !== BACKSLASH) return -1
      plain = ESCAPED
      const after = this.#escapeEnd(at + 1, end)
      if (after < 0) return -1
      at = marks.nextStop(after)
    }
    this.#values.plain[index] = marks.isAscii(start, at) ? plain : 0
    return at + 1
  }

  /** The index after an escape whose backslash stands before `at`; −1: no valid one. */
  #escapeEnd(at: number, end: number): number {
    const { buffer } = this.#values
    if (at >= end) return -1
    switch (buffer[at]) {
      case QUOTE:
      case BACKSLASH:
      case 47: // /
      case 98: // b
      case 102: // f
      case 110: // n
      case 114: // r
      case 116: // t
        return at + 1
      case 117: // u
        for (let digit = at + 1; digit < at + 5; digit++)
          if (digit >= end || !isHex(buffer[digit] as number)) return -1
        return at + 5
      default:
        return -1
    }
  }

  #learn(start: number, end: number): unknown {
    const bytes = this.#values.buffer.subarray(start, end)
    if (this.#shapes < SHAPES_MAX && this.#misses < MISSES_MAX) {
      const shape = shapeOf(bytes)
      if (shape !== undefined && this.#add(shape)) {
        const view = this.#match(start, end)
        if (view !== undefined) return view
      }
      this.#misses++
    }
    return JSON.parse(decoder.decode(bytes))
  }

  #add({ literals, root }: RecordShape): boolean {
    let branches = this.#first
    for (const [index, literal] of literals.entries()) {
      const isLast = index === literals.length - 1
      let branch = branches.find(
        each => (each.view !== undefined) === isLast && Buffer.compare(each.literal, literal) === 0,
      )
      if (branch === undefined) {
        if (branches.length === BRANCHES_MAX) return false
        branch = { literal, size: literal.length, words: wordsOf(literal), next: [], view: undefined }
        branches.push(branch)
        // One literal may begin with another one.
        branches.sort((left, right) => right.literal.length - left.literal.length)
      }
      if (isLast) {
        branch.view = recordView(root, this.#values)
        this.#shapes++
      }
      branches = branch.next
    }
    return true
  }
}

function wordsOf(literal: Uint8Array): Float64Array {
  const count = literal.length < 8 ? 0 : Math.ceil(literal.length / 8)
  const view = new DataView(literal.buffer, literal.byteOffset, literal.length)
  return Float64Array.from({ length: count }, (_, word) =>
    view.getFloat64(Math.min(8 * word, literal.length - 8), true),
  )
}

function isHex(byte: number): boolean {
  return (byte >= ZERO && byte <= NINE) || ((byte | SPACE) >= 97 && (byte | SPACE) <= LETTER_F)
}
