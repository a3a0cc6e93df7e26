import { crc32c } from "../../log/records/index.ts"
import { StorageError } from "../../storage/errors.ts"
import { addToBloom, newBloom } from "./bloom.ts"
import { ENTRY_LANES } from "./entry.ts"
import type { Run } from "./run.ts"

// A run's object, all numbers little-endian:
//
//   blocks      up to 128 entries of 32 bytes each; with images, then for each entry where its image ends, and the images
//   directory   for each block: the first two parts of its first entry's hash, where it starts, its CRC32C
//   bloom       absent above a million entries
//   footer      see `FOOTER_LANES`

export const RUN_FORMAT = 1
const MAGIC = 0x6b726e31
/** A look-up reads one: 4 KB. */
export const BLOCK_ENTRIES = 128
const BLOCK_LANES = 4
/** Magic, version, entries, blocks, whether there are images, bloom's words, CRC32C of directory, bloom and what is before it here. */
const FOOTER_LANES = 7
const LANE = 4
/** A larger run holds most keys: a filter would say no too seldom to be worth its bytes in every cold look-up. */
const BLOOM_ENTRIES_MAX = 1_000_000
/** A place within an object takes 32 bits. */
const RUN_BYTES_MAX = 2 ** 32

/** What finds an entry without reading all: the end of a run's object. */
export interface RunDirectory {
  readonly entries: number
  readonly hasImages: boolean
  /** `BLOCK_LANES` numbers for each block. */
  readonly blocks: Uint32Array
  readonly bloom: Uint32Array | undefined
  /** Where the last block ends. */
  readonly blocksEnd: number
}

export interface EncodedRun {
  readonly body: readonly Uint8Array[]
  readonly sizeBytes: number
  readonly directoryBytes: number
  /** Of the directory, which holds each block's. */
  readonly crc32c: number
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Uint32Array) =>
  new Uint8Array(buffer, byteOffset, byteLength)

/** Throws `StorageError` (`too_large`). */
export function encodeRun({ lanes, entries, images }: Run): EncodedRun {
  const count = Math.ceil(entries / BLOCK_ENTRIES)
  const blocks = new Uint32Array(count * BLOCK_LANES)
  const body: Uint8Array[] = images === undefined ? [bytesOf(lanes.subarray(0, entries * ENTRY_LANES))] : []
  let start = 0
  for (let block = 0; block < count; block++) {
    const first = block * BLOCK_ENTRIES
    const next = Math.min(first + BLOCK_ENTRIES, entries)
    const own = bytesOf(lanes.subarray(first * ENTRY_LANES, next * ENTRY_LANES))
    const bytes = images === undefined ? own : withImages(own, images.slice(first, next))
    const head = first * ENTRY_LANES
    blocks.set([lanes[head]!, lanes[head + 1]!, start, crc32c(bytes)], block * BLOCK_LANES)
    if (images !== undefined) body.push(bytes)
    start += bytes.length
  }
  if (start > RUN_BYTES_MAX) {
    throw new StorageError("too_large", `a run of the key index: expected at most 4 GB, got ${start} bytes`)
  }
  const bloom = entries > BLOOM_ENTRIES_MAX ? new Uint32Array(0) : newBloom(entries)
  if (bloom.length > 0) for (let at = 0; at < entries; at++) addToBloom(bloom, lanes, at * ENTRY_LANES)
  const end = new Uint32Array(blocks.length + bloom.length + FOOTER_LANES)
  end.set(blocks)
  end.set(bloom, blocks.length)
  end.set(
    [MAGIC, RUN_FORMAT, entries, count, images === undefined ? 0 : 1, bloom.length],
    blocks.length + bloom.length,
  )
  end[end.length - 1] = crc32c(bytesOf(end.subarray(0, -1)))
  const directory = bytesOf(end)
  return {
    body: [...body, directory],
    sizeBytes: start + directory.length,
    directoryBytes: directory.length,
    crc32c: crc32c(directory),
  }
}

function withImages(entries: Uint8Array, images: readonly (Uint8Array | undefined)[]): Uint8Array {
  const ends = new Uint32Array(images.length)
  let end = 0
  for (const [at, image] of images.entries()) {
    end += image?.length ?? 0
    ends[at] = end
  }
  // Blocks begin at multiples of four, so that numbers can be read where they lie.
  return Buffer.concat(
    [entries, bytesOf(ends), ...images.map(image => image ?? NOTHING)],
    entries.length + ends.byteLength + padded(end),
  )
}

const NOTHING = new Uint8Array(0)
const padded = (bytes: number) => Math.ceil(bytes / LANE) * LANE

const corrupt = (what: string) => new StorageError("corrupt", `a run of the key index ${what}`)

/** A Buffer's own `slice` would be a view. */
const copied = (bytes: Uint8Array): Uint8Array => Uint8Array.from(bytes)

/** The numbers of some bytes, where they lie if they lie at a multiple of four. */
function lanesOf(bytes: Uint8Array): Uint32Array {
  const aligned = bytes.byteOffset % LANE === 0 ? bytes : copied(bytes)
  return new Uint32Array(aligned.buffer, aligned.byteOffset, Math.floor(bytes.length / LANE))
}

/**
 * Reads the end of a run's object. Throws `StorageError` (`unknown_format`, `corrupt`).
 * @param sizeBytes of the whole object
 */
export function decodeDirectory(bytes: Uint8Array, sizeBytes: number): RunDirectory {
  const end = lanesOf(bytes)
  const [magic, version, entries = 0, count = 0, hasImages, bloomLanes = 0, crc] = end.subarray(-FOOTER_LANES)
  if (bytes.length % LANE !== 0 || magic !== MAGIC) throw corrupt("has no footer")
  if (version !== RUN_FORMAT) {
    throw new StorageError(
      "unknown_format",
      `a run of the key index has format ${version}; expected ${RUN_FORMAT}`,
    )
  }
  if (crc !== crc32c(bytesOf(end.subarray(0, -1)))) throw corrupt("has a damaged directory")
  const blockLanes = count * BLOCK_LANES
  if (end.length !== blockLanes + bloomLanes + FOOTER_LANES)
    throw corrupt("has a directory of another length")
  return {
    entries,
    hasImages: hasImages === 1,
    blocks: end.subarray(0, blockLanes),
    bloom: bloomLanes === 0 ? undefined : end.subarray(blockLanes, blockLanes + bloomLanes),
    blocksEnd: sizeBytes - bytes.length,
  }
}

export const blockStart = ({ blocks, blocksEnd }: RunDirectory, block: number): number =>
  block * BLOCK_LANES < blocks.length ? blocks[block * BLOCK_LANES + 2]! : blocksEnd

/** The only block that may hold a hash, or −1. */
export function blockOf({ blocks }: RunDirectory, hashes: Uint32Array, at: number): number {
  const h0 = hashes[at]!
  const h1 = hashes[at + 1]!
  let low = 0
  let high = blocks.length / BLOCK_LANES
  while (low < high) {
    const middle = (low + high) >>> 1
    const first = blocks[middle * BLOCK_LANES]!
    if (first < h0 || (first === h0 && blocks[middle * BLOCK_LANES + 1]! <= h1)) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** A block's entries. Throws `StorageError` (`corrupt`). */
export function decodeBlock(directory: RunDirectory, block: number, bytes: Uint8Array): Run {
  const entries = Math.min(BLOCK_ENTRIES, directory.entries - block * BLOCK_ENTRIES)
  if (crc32c(bytes) !== directory.blocks[block * BLOCK_LANES + 3])
    throw corrupt(`has a damaged block ${block}`)
  const lanes = lanesOf(bytes)
  const own = lanes.subarray(0, entries * ENTRY_LANES)
  if (!directory.hasImages) return { lanes: own, entries }
  const imagesStart = entries * (ENTRY_LANES + 1) * LANE
  const ends = lanes.subarray(entries * ENTRY_LANES, entries * (ENTRY_LANES + 1))
  const images = Array.from(ends, (end, at) => {
    const from = at === 0 ? 0 : ends[at - 1]!
    return end === from ? undefined : copied(bytes.subarray(imagesStart + from, imagesStart + end))
  })
  return { lanes: own, entries, images }
}

/** A whole run. Throws `StorageError` (`unknown_format`, `corrupt`). */
export function decodeRun(body: Uint8Array, directoryBytes: number): Run {
  const directory = decodeDirectory(body.subarray(-directoryBytes), body.length)
  const { entries, hasImages, blocksEnd } = directory
  const part = (block: number) =>
    decodeBlock(
      directory,
      block,
      body.subarray(blockStart(directory, block), blockStart(directory, block + 1)),
    )
  const count = Math.ceil(entries / BLOCK_ENTRIES)
  if (!hasImages) {
    if (blocksEnd !== entries * ENTRY_LANES * LANE) throw corrupt("has blocks of another length")
    for (let block = 0; block < count; block++) part(block)
    return { lanes: lanesOf(body.subarray(0, blocksEnd)), entries }
  }
  const lanes = new Uint32Array(entries * ENTRY_LANES)
  const images: (Uint8Array | undefined)[] = []
  for (let block = 0; block < count; block++) {
    const { lanes: own, images: ownImages = [] } = part(block)
    lanes.set(own, block * BLOCK_ENTRIES * ENTRY_LANES)
    images.push(...ownImages)
  }
  return { lanes, entries, images }
}
