import { gzipSync } from "node:zlib"
import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { compress, DECODED_BYTES_MAX, decompress } from "../../../shared/log/records/compression.ts"
import { CODECS } from "../../../shared/log/records/index.ts"
import { faultOf, utf8 } from "./support.ts"

const compressed = CODECS.filter(codec => codec !== "none")
const GIB = 1024 * 1024 * 1024

function repeated(
  head: readonly number[],
  part: Uint8Array,
  times: number,
  end: readonly number[],
): Uint8Array {
  const bytes = new Uint8Array(head.length + times * part.length + end.length)
  bytes.set(head)
  for (let i = 0; i < times; i++) bytes.set(part, head.length + i * part.length)
  bytes.set(end, head.length + times * part.length)
  return bytes
}

/** An LZ4 frame of blocks of 4 MiB, each a literal, one match and five literals. */
function lz4Bomb(blocks: number): Uint8Array {
  const match = 4 * 1024 * 1024 - 1 - 5 - 19
  const more = new Array(Math.floor(match / 255)).fill(255)
  const block = [0x1f, 0, 1, 0, ...more, match % 255, 0x50, 1, 2, 3, 4, 5]
  const size = [block.length & 255, (block.length >> 8) & 255, block.length >> 16, 0]
  const header = [0x04, 0x22, 0x4d, 0x18, 0x60, 0x70, 0x73]
  return repeated(header, Uint8Array.from([...size, ...block]), blocks, [0, 0, 0, 0])
}

/** A zstd frame of blocks that say "128 KiB of zeros" in four bytes. */
const zstdBomb = () =>
  repeated(
    [0x28, 0xb5, 0x2f, 0xfd, 0, 7 << 3],
    Uint8Array.of(2, 0, 0x10, 0),
    GIB / (128 * 1024),
    [3, 0, 0x10, 0],
  )

const gzipBomb = () => repeated([], gzipSync(new Uint8Array(1024 * 1024)), GIB / (1024 * 1024), [])

describe.each(compressed)("%s", codec => {
  test("gives back what went in", () => {
    const texts = fc.array(fc.oneof(fc.constant("abcdefgh".repeat(500)), fc.string({ maxLength: 200 })), {
      maxLength: 30,
    })
    fc.assert(
      fc.property(
        fc.oneof(
          texts.map(parts => utf8(parts.join(""))),
          fc.uint8Array({ maxLength: 70_000 }),
        ),
        bytes => {
          expect(Buffer.compare(decompress(codec, compress(codec, bytes)), bytes)).toBe(0)
        },
      ),
      { numRuns: 40 },
    )
  })

  test("refuses what is longer than the limit, by a byte or by far", () => {
    const bytes = compress(codec, new Uint8Array(100_000))
    expect(decompress(codec, bytes, 100_000).length).toBe(100_000)
    const error = faultOf(() => decompress(codec, bytes, 99_999))
    expect(error.code).toBe("corrupt_batch")
    expect(error.message).toContain("expected at most 99999 bytes decoded")
  })

  test("fails as corrupt on anything else", () => {
    const bytes = compress(codec, utf8("some text, some more text, some text".repeat(20)))
    fc.assert(
      fc.property(fc.nat(), fc.nat(), fc.integer({ min: 1, max: 255 }), (cut, at, flip) => {
        const broken = bytes.slice(0, cut % 3 === 0 ? cut % bytes.length : bytes.length)
        broken[at % Math.max(1, broken.length)]! ^= flip
        try {
          decompress(codec, broken)
        } catch (error) {
          expect(error).toMatchObject({ name: "LogError", code: "corrupt_batch" })
        }
      }),
      { numRuns: 300 },
    )
    expect(faultOf(() => decompress(codec, new Uint8Array(0))).code).toBe("corrupt_batch")
  })
})

describe("a bomb is refused before it is decoded", () => {
  const bombs: Record<string, () => Uint8Array> = {
    gzip: gzipBomb,
    zstd: zstdBomb,
    // One raw block that declares 1 GiB.
    snappy: () => Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x04, 0, 65),
    lz4: () => lz4Bomb(GIB / (4 * 1024 * 1024)),
  }
  test.each(compressed)("%s", codec => {
    const bomb = bombs[codec]!()
    const before = process.memoryUsage().arrayBuffers
    const error = faultOf(() => decompress(codec, bomb))
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 * DECODED_BYTES_MAX)
    expect(error.message).toContain(`expected at most ${DECODED_BYTES_MAX} bytes decoded`)
  })

  test("snappy blocks add up", () => {
    const header = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0, 0, 0, 0, 1, 0, 0, 0, 1]
    // Each declares 16 MiB.
    const block = [0, 0, 0, 6, 0x80, 0x80, 0x80, 0x08, 0, 65]
    const error = faultOf(() =>
      decompress("snappy", Uint8Array.from([...header, ...block, ...block, ...block])),
    )
    expect(error.message).toContain("expected at most")
  })

  test("the largest lz4 frame that fits is decoded", () => {
    expect(decompress("lz4", lz4Bomb(DECODED_BYTES_MAX / (4 * 1024 * 1024))).length).toBe(DECODED_BYTES_MAX)
  })
})
