import { StorageError } from "../../storage/errors.ts"
import {
  ARRAY_ROWS_MAX,
  CONTAINER_WORDS,
  type Container,
  containerOf,
  RowBitmap,
  rangesOf,
  setBits,
} from "./row-bitmap.ts"

// The portable format of Roaring bitmaps, so that other implementations read ours.
// https://github.com/RoaringBitmap/RoaringFormatSpec

const COOKIE = 12_346
const COOKIE_WITH_RUNS = 12_347
/** Below it a bitmap with runs does not say where its containers begin. */
const OFFSETS_FROM = 4
const BITS_BYTES = CONTAINER_WORDS * 4

interface Stored {
  readonly key: number
  readonly count: number
  readonly isRuns: boolean
  readonly body: Uint8Array
}

/** The bitmap's bytes, each container in the smallest of the three forms. */
export function encodeRoaring(bitmap: RowBitmap): Uint8Array {
  const keys = [...bitmap.containers.keys()].sort((a, b) => a - b)
  const stored = keys.map(key => store(key, bitmap.containers.get(key)!))
  const hasRuns = stored.some(({ isRuns }) => isRuns)
  const flags = hasRuns ? Math.ceil(stored.length / 8) : 0
  const hasOffsets = !hasRuns || stored.length >= OFFSETS_FROM
  const head = (hasRuns ? 4 : 8) + flags + stored.length * (hasOffsets ? 8 : 4)
  const bytes = new Uint8Array(stored.reduce((sum, { body }) => sum + body.length, head))
  const view = new DataView(bytes.buffer)
  let at = 4
  if (hasRuns) {
    view.setUint32(0, COOKIE_WITH_RUNS | ((stored.length - 1) << 16), true)
    for (const [index, { isRuns }] of stored.entries()) {
      if (isRuns) bytes[at + (index >>> 3)]! |= 1 << (index & 7)
    }
    at += flags
  } else {
    view.setUint32(0, COOKIE, true)
    view.setUint32(4, stored.length, true)
    at = 8
  }
  let place = head
  for (const [index, { key, count, body }] of stored.entries()) {
    view.setUint16(at + index * 4, key, true)
    view.setUint16(at + index * 4 + 2, count - 1, true)
    if (hasOffsets) view.setUint32(at + stored.length * 4 + index * 4, place, true)
    bytes.set(body, place)
    place += body.length
  }
  return bytes
}

function store(key: number, container: Container): Stored {
  const runs: number[] = []
  rangesOf(container, (first, end) => runs.push(first, end - first - 1))
  const count = container.kind === "array" ? container.values.length : container.count
  const plainBytes = count <= ARRAY_ROWS_MAX ? count * 2 : BITS_BYTES
  if (2 + runs.length * 2 < plainBytes) {
    const body = Uint16Array.of(runs.length / 2, ...runs)
    return { key, count, isRuns: true, body: new Uint8Array(body.buffer) }
  }
  const body = container.kind === "array" ? container.values : container.words
  return { key, count, isRuns: false, body: new Uint8Array(body.buffer, body.byteOffset, body.byteLength) }
}

const damaged = () => new StorageError("corrupt", "a damaged Roaring bitmap")

/** Reads a bitmap that any implementation wrote. Throws `StorageError` (`corrupt`). */
export function decodeRoaring(bytes: Uint8Array): RowBitmap {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const cookie = view.getUint32(0, true)
    const hasRuns = (cookie & 0xffff) === COOKIE_WITH_RUNS
    if (!hasRuns && cookie !== COOKIE) throw damaged()
    const count = hasRuns ? (cookie >>> 16) + 1 : view.getUint32(4, true)
    if (count > 0x10000) throw damaged()
    const flagsAt = hasRuns ? 4 : 8
    const head = flagsAt + (hasRuns ? Math.ceil(count / 8) : 0)
    let at = head + count * (!hasRuns || count >= OFFSETS_FROM ? 8 : 4)
    const containers = new Map<number, Container>()
    for (let index = 0; index < count; index++) {
      const key = view.getUint16(head + index * 4, true)
      const size = view.getUint16(head + index * 4 + 2, true) + 1
      const isRuns = hasRuns && ((bytes[flagsAt + (index >>> 3)]! >>> (index & 7)) & 1) === 1
      const length = isRuns
        ? 2 + view.getUint16(at, true) * 4
        : size <= ARRAY_ROWS_MAX
          ? size * 2
          : BITS_BYTES
      if (at + length > bytes.length) throw damaged()
      containers.set(key, load(bytes.slice(at, at + length), size, isRuns))
      at += length
    }
    return new RowBitmap(containers)
  } catch (error) {
    if (error instanceof RangeError) throw damaged()
    throw error
  }
}

/** @param body a copy: typed arrays begin at multiples of their width, containers anywhere */
function load(body: Uint8Array, size: number, isRuns: boolean): Container {
  if (!isRuns) {
    return size <= ARRAY_ROWS_MAX
      ? { kind: "array", values: new Uint16Array(body.buffer) }
      : { kind: "bits", words: new Uint32Array(body.buffer), count: size }
  }
  const runs = new Uint16Array(body.buffer)
  const words = new Uint32Array(CONTAINER_WORDS)
  for (let at = 1; at + 1 < runs.length; at += 2) setBits(words, runs[at]!, runs[at]! + runs[at + 1]! + 1)
  const container = containerOf(words)
  if (container === undefined) throw damaged()
  return container
}
