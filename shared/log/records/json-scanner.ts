// Finds where JSON texts begin and end, and whether they are valid (RFC 8259), without building anything of them, in
// one pass. Strings are not checked for UTF-8 here: a native check of the whole body does that.

/**
 * Objects and arrays may lie this deep in one another: far beyond what people write, and shallow enough for readers
 * that recurse.
 */
export const JSON_DEPTH_MAX = 512

export const LINE_FEED = 10
const SPACE = 32
export const QUOTE = 34
const COMMA = 44
const COLON = 58
export const BRACKET_OPEN = 91
const BACKSLASH = 92
export const BRACE_OPEN = 123
const BRACE_CLOSE = 125

/** A fault in a JSON text: at which byte, and what stands there in a valid text. */
export class JsonFault extends Error {
  override readonly name = "JsonFault"
  readonly at: number
  readonly expected: string

  constructor(at: number, expected: string) {
    super(expected)
    this.at = at
    this.expected = expected
  }
}

const table = (has: (byte: number) => boolean) =>
  Uint8Array.from({ length: 256 }, (_, byte) => (has(byte) ? 1 : 0))
const among = (chars: string) => table(byte => chars.includes(String.fromCharCode(byte)))
/** The bytes that end a run of plain string bytes. */
const STRING_STOPS = table(byte => byte < SPACE || byte === QUOTE || byte === BACKSLASH)
const DIGIT = among("0123456789")
const HEX = among("0123456789abcdefABCDEF")
const SIMPLE_ESCAPE = among('"\\/bfnrt')
const ascii = (text: string) => Uint8Array.from(text, char => char.charCodeAt(0))
const TRUE = ascii("true")
const FALSE = ascii("false")
const NULL = ascii("null")

// Four string bytes at a time: a byte below n makes (x - n in each byte) & ~x carry into its high bit.
const EACH_1 = 0x01010101
const EACH_SPACE = 0x20202020
const EACH_QUOTE = 0x22222222
const EACH_BACKSLASH = 0x5c5c5c5c
const EACH_HIGH_BIT = 0x80808080 | 0

/**
 * Scans the JSON texts in `bytes`. Where `linesEnd`, a line feed ends a text instead of being white space. All
 * methods take and return byte indexes and throw `JsonFault`.
 */
export class JsonScanner {
  readonly bytes: Uint8Array
  readonly end: number
  readonly #view: DataView
  /** The byte that is white space besides space, tab and CR; the space once more where a line feed is none. */
  readonly #lineFeed: number
  /** The closing brackets of what is open. */
  readonly #open = new Uint8Array(JSON_DEPTH_MAX)

  constructor(bytes: Uint8Array, linesEnd: boolean) {
    this.bytes = bytes
    this.end = bytes.length
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    this.#lineFeed = linesEnd ? SPACE : LINE_FEED
  }

  /** The index of the first byte from `at` on that is no white space. */
  space(at: number): number {
    const { bytes, end } = this
    const lineFeed = this.#lineFeed
    let i = at
    while (i < end) {
      const byte = bytes[i]!
      if (byte !== SPACE && byte !== 9 && byte !== 13 && byte !== lineFeed) break
      i++
    }
    return i
  }

  /** The index after the value that begins at `at`, nested at most `JSON_DEPTH_MAX` deep. */
  value(at: number): number {
    const { bytes, end } = this
    const open = this.#open
    let i = at
    let depth = 0
    for (;;) {
      const byte = i < end ? bytes[i]! : 0
      if (byte === BRACE_OPEN || byte === BRACKET_OPEN) {
        if (depth === JSON_DEPTH_MAX)
          throw new JsonFault(i, `at most ${JSON_DEPTH_MAX} nested objects and arrays`)
        // Both closing brackets come two after their opening ones.
        open[depth++] = byte + 2
        i++
        if (i < end && bytes[i]! <= SPACE) i = this.space(i)
        if (i >= end || bytes[i] !== byte + 2) {
          if (byte === BRACE_OPEN) i = this.name(i)
          continue
        }
        i++
        depth--
      } else if (byte === QUOTE) i = this.#string(i + 1)
      else i = this.#scalar(i, byte)
      for (;;) {
        if (depth === 0) return i
        let next = i < end ? bytes[i]! : 0
        if (next <= SPACE) {
          i = this.space(i)
          next = i < end ? bytes[i]! : 0
        }
        const close = open[depth - 1]!
        if (next === COMMA) {
          i++
          if (i < end && bytes[i]! <= SPACE) i = this.space(i)
          if (close === BRACE_CLOSE) i = this.name(i)
          break
        }
        if (next !== close) throw new JsonFault(i, close === BRACE_CLOSE ? '"," or "}"' : '"," or "]"')
        i++
        depth--
      }
    }
  }

  /** From a member's name to its value's first byte. */
  name(at: number): number {
    const { bytes, end } = this
    if (at >= end || bytes[at] !== QUOTE) throw new JsonFault(at, "a member name in quotes")
    let i = this.#string(at + 1)
    if (i < end && bytes[i]! <= SPACE) i = this.space(i)
    if (i >= end || bytes[i] !== COLON) throw new JsonFault(i, '":"')
    i++
    return i < end && bytes[i]! <= SPACE ? this.space(i) : i
  }

  /** From after the opening quote to after the closing one. */
  #string(at: number): number {
    const { bytes, end } = this
    const view = this.#view
    const lastWord = end - 4
    let i = at
    for (;;) {
      while (i <= lastWord) {
        const word = view.getInt32(i, true)
        const quote = word ^ EACH_QUOTE
        const slash = word ^ EACH_BACKSLASH
        const stops =
          ((quote - EACH_1) & ~quote) | ((slash - EACH_1) & ~slash) | ((word - EACH_SPACE) & ~word)
        if ((stops & EACH_HIGH_BIT) !== 0) break
        i += 4
      }
      while (i < end && STRING_STOPS[bytes[i]!] === 0) i++
      if (i >= end) throw new JsonFault(end, "a closing quote")
      const byte = bytes[i]!
      if (byte === QUOTE) return i + 1
      if (byte !== BACKSLASH)
        throw new JsonFault(i, byte === LINE_FEED ? "a closing quote" : "control characters escaped")
      i = this.#escape(i + 1)
    }
  }

  #escape(at: number): number {
    const { bytes, end } = this
    const byte = at < end ? bytes[at]! : 0
    if (SIMPLE_ESCAPE[byte] === 1) return at + 1
    if (byte !== 117) throw new JsonFault(at, 'one of "\\/bfnrtu after the backslash')
    for (let i = at + 1; i < at + 5; i++)
      if (i >= end || HEX[bytes[i]!] === 0) throw new JsonFault(Math.min(i, end), "four hexadecimal digits")
    return at + 5
  }

  #scalar(at: number, byte: number): number {
    if (byte === 45 || DIGIT[byte] === 1) return this.#number(at)
    if (byte === 116) return this.#literal(at, TRUE)
    if (byte === 102) return this.#literal(at, FALSE)
    if (byte === 110) return this.#literal(at, NULL)
    throw new JsonFault(at, "a JSON value")
  }

  #number(at: number): number {
    const { bytes, end } = this
    let i = bytes[at] === 45 ? at + 1 : at
    if (i < end && bytes[i] === 48) i++
    else i = this.#digits(i)
    if (i < end && bytes[i] === 46) i = this.#digits(i + 1)
    if (i < end && (bytes[i]! | 32) === 101) {
      i++
      if (i < end && (bytes[i] === 43 || bytes[i] === 45)) i++
      i = this.#digits(i)
    }
    return i
  }

  #digits(at: number): number {
    const { bytes, end } = this
    let i = at
    while (i < end && DIGIT[bytes[i]!] === 1) i++
    if (i === at) throw new JsonFault(at, "a digit")
    return i
  }

  #literal(at: number, literal: Uint8Array): number {
    const { bytes, end } = this
    for (let i = 0; i < literal.length; i++)
      if (at + i >= end || bytes[at + i] !== literal[i])
        throw new JsonFault(Math.min(at + i, end), String.fromCharCode(...literal))
    return at + literal.length
  }
}

/** Steps through an object's members or an array's elements, one level only. */
export class JsonStepper {
  /** After `next()`: the member's name, escapes and all, without its quotes. */
  nameStart = 0
  nameEnd = 0
  /**
   * After `next()`: where the value begins; the caller sets it to the value's end before the next step. After the
   * last step: the index behind the object or array.
   */
  at = 0
  readonly #scanner: JsonScanner
  #close = 0
  #first = true

  constructor(scanner: JsonScanner) {
    this.#scanner = scanner
  }

  /** Begins with the object or array whose opening bracket stands at `at`. */
  enter(at: number): void {
    this.#close = this.#scanner.bytes[at]! + 2
    this.#first = true
    this.at = at + 1
  }

  /** Goes to the next member or element; false at the end. Throws `JsonFault`. */
  next(): boolean {
    const scanner = this.#scanner
    const { bytes, end } = scanner
    let i = this.at
    if (i < end && bytes[i]! <= SPACE) i = scanner.space(i)
    const byte = i < end ? bytes[i]! : 0
    if (byte === this.#close) {
      this.at = i + 1
      return false
    }
    if (!this.#first) {
      if (byte !== COMMA) throw new JsonFault(i, `"," or "${String.fromCharCode(this.#close)}"`)
      i++
      if (i < end && bytes[i]! <= SPACE) i = scanner.space(i)
    }
    this.#first = false
    if (this.#close === BRACE_CLOSE) {
      this.nameStart = i + 1
      i = scanner.name(i)
      this.nameEnd = closingQuote(bytes, i)
    }
    this.at = i
    return true
  }
}

/** The quote that ends a name is the last one before its value. */
function closingQuote(bytes: Uint8Array, valueStart: number): number {
  let i = valueStart - 1
  while (bytes[i] !== QUOTE) i--
  return i
}
