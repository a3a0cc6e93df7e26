// Which bytes of a batch end a plain stretch of a JSON string or a row of digits, found for all of it at once, 16 bytes a
// step: the first stage of simdjson (Langdale and Lemire, "Parsing gigabytes of JSON per second"). JavaScript has no such instructions but through
// WebAssembly; the loop is short enough to be written down here.

/** Bytes that are marked in one call: one page of WebAssembly's memory. */
const CHUNK_BYTES = 64 * 1024
const BLOCK_BYTES = 16
const WORD_BITS = 32

const QUOTE = 0x22
const BACKSLASH = 0x5c
const SPACE = 0x20
const ZERO = 0x30
const DIGITS = 10

// Where the chunk's marks lie, in the memory's second page: a bit a byte, two bytes a block.
const STOPS_AT = CHUNK_BYTES
const HIGHS_AT = STOPS_AT + CHUNK_BYTES / 8
const OTHERS_AT = HIGHS_AT + CHUNK_BYTES / 8

const I32 = 0x7f
const V128 = 0x7b

/** Unsigned LEB128. */
function unsigned(value: number): number[] {
  const bytes: number[] = []
  let rest = value
  while (rest >= 0x80) {
    bytes.push((rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  return [...bytes, rest]
}

const counted = (bytes: readonly number[]) => [...unsigned(bytes.length), ...bytes]
const section = (id: number, bytes: readonly number[]) => [id, ...counted(bytes)]
const named = (name: string) => counted([...Buffer.from(name)])

// Locals: the number of blocks, the block at hand, all high bits; its bytes, then what they are compared with.
const [BLOCKS, BLOCK, ANY, BYTES, QUOTES, BACKSLASHES, SPACES, ZEROS, TENS] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
] as const
const get = (local: number) => [0x20, local]
const set = (local: number) => [0x21, local]
const constant = (value: number) => [0x41, ...signed(value)]
const each = (byte: number, local: number) => [...constant(byte), 0xfd, 0x0f, ...set(local)] // i8x16.splat
const bitmask = [0xfd, 0x64] // i8x16.bitmask
const or = [0xfd, 0x50] // v128.or
const placeOf = (bytes: number) => [...get(BLOCK), ...constant(bytes), 0x6c] // i32.mul
const store16 = (at: number) => [0x3b, 0, ...unsigned(at)] // i32.store16

/** Signed LEB128 of a small number that is not negative. */
function signed(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, value >>> 7]
}

const body = [
  ...each(QUOTE, QUOTES),
  ...each(BACKSLASH, BACKSLASHES),
  ...each(SPACE, SPACES),
  ...each(ZERO, ZEROS),
  ...each(DIGITS, TENS),
  ...[0x03, 0x40], // loop
  ...placeOf(BLOCK_BYTES),
  ...[0xfd, 0x00, 0, 0], // v128.load
  ...set(BYTES),
  ...placeOf(2),
  ...[...get(BYTES), ...get(QUOTES), 0xfd, 0x23], // i8x16.eq
  ...[...get(BYTES), ...get(BACKSLASHES), 0xfd, 0x23, ...or],
  ...[...get(BYTES), ...get(SPACES), 0xfd, 0x26, ...or], // i8x16.lt_u
  ...[...bitmask, ...store16(STOPS_AT)],
  ...placeOf(2),
  ...[...get(BYTES), ...bitmask, ...store16(HIGHS_AT)],
  ...placeOf(2),
  ...[...get(BYTES), ...get(ZEROS), 0xfd, 0x71], // i8x16.sub
  ...[...get(TENS), 0xfd, 0x2c], // i8x16.ge_u
  ...[...bitmask, ...store16(OTHERS_AT)],
  ...[...get(ANY), ...get(BYTES), ...bitmask, 0x72, ...set(ANY)], // i32.or
  ...[...get(BLOCK), ...constant(1), 0x6a, 0x22, BLOCK], // i32.add, local.tee
  ...[...get(BLOCKS), 0x49, 0x0d, 0], // i32.lt_u, br_if
  0x0b, // end of the loop
  ...get(ANY),
  0x0b,
]

const wasm = new Uint8Array([
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...section(1, [1, 0x60, 1, I32, 1, I32]), // the type of `mark`: of a number a number
  ...section(3, [1, 0]),
  ...section(5, [1, 1, 2, 2]), // a memory of two pages
  ...section(7, [2, ...named("memory"), 2, 0, ...named("mark"), 0, 0]),
  ...section(10, [1, ...counted([2, 2, I32, 6, V128, ...body])]),
])

interface Marker {
  readonly memory: { readonly buffer: ArrayBuffer }
  /** Marks the first so many blocks of the memory; whether a byte of them is no ASCII. */
  mark(blocks: number): number
}

/** The part of the standard's interface that is used here; Node's types leave it out. */
interface Engine {
  readonly Module: new (bytes: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: Marker }
}

const { Module, Instance } = (globalThis as unknown as { readonly WebAssembly: Engine }).WebAssembly
const marker = new Instance(new Module(wasm)).exports
const chunk = new Uint8Array(marker.memory.buffer, 0, CHUNK_BYTES)
const chunkStops = new Int32Array(marker.memory.buffer, STOPS_AT, CHUNK_BYTES / WORD_BITS)
const chunkHighs = new Int32Array(marker.memory.buffer, HIGHS_AT, CHUNK_BYTES / WORD_BITS)

const chunkOthers = new Int32Array(marker.memory.buffer, OTHERS_AT, CHUNK_BYTES / WORD_BITS)

/** Marks of a buffer's bytes, a bit each, the first byte's the lowest of the first number. */
export class ByteMarks {
  /** Quotes, backslashes and control characters; at the end, one that is none. */
  stops = new Int32Array(0)
  /** What is no digit; at the end, one more. */
  others = new Int32Array(0)
  /** What is no ASCII; not filled in where `allAscii`. */
  highs = new Int32Array(0)
  allAscii = true

  mark(buffer: Uint8Array): void {
    const words = Math.ceil(buffer.length / WORD_BITS)
    if (this.stops.length <= words) {
      const length = words + (words >>> 2) + 1
      this.stops = new Int32Array(length)
      this.highs = new Int32Array(length)
      this.others = new Int32Array(length)
    }
    this.allAscii = true
    for (let from = 0; from < buffer.length; from += CHUNK_BYTES) {
      const to = Math.min(buffer.length, from + CHUNK_BYTES)
      chunk.set(buffer.subarray(from, to))
      // Of the last bytes of the last block nobody asks.
      if (marker.mark(Math.ceil((to - from) / BLOCK_BYTES)) !== 0) this.allAscii = false
      const count = Math.ceil((to - from) / WORD_BITS)
      this.stops.set(chunkStops.subarray(0, count), from / WORD_BITS)
      this.others.set(chunkOthers.subarray(0, count), from / WORD_BITS)
      this.highs.set(chunkHighs.subarray(0, count), from / WORD_BITS)
    }
    // Whoever looks for the next one finds one.
    this.stops[words] = -1
    this.others[words] = -1
  }

  /** The first stop at `at` or after it; at the buffer's end or behind it where there is none. */
  nextStop(at: number): number {
    return nextMark(this.stops, at)
  }

  /** The first byte at `at` or after it that is no digit; at the buffer's end or behind it where there is none. */
  digitsEnd(at: number): number {
    return nextMark(this.others, at)
  }

  /** Whether the bytes from `start` to `end` are ASCII. */
  isAscii(start: number, end: number): boolean {
    if (this.allAscii) return true
    const { highs } = this
    const last = end >>> 5
    let bits = -1 << (start & 31)
    for (let word = start >>> 5; word < last; word++) {
      if (((highs[word] as number) & bits) !== 0) return false
      bits = -1
    }
    return ((highs[last] as number) & bits & ~(-1 << (end & 31))) === 0
  }
}

function nextMark(marks: Int32Array, at: number): number {
  let word = at >>> 5
  let bits = (marks[word] as number) & (-1 << (at & 31))
  while (bits === 0) bits = marks[++word] as number
  return (word << 5) + 31 - Math.clz32(bits & -bits)
}
