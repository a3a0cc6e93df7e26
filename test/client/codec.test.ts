import fc from "fast-check"
import { describe, expect, test } from "vitest"
import "../../client/edge/node.ts"
import { browserNatives } from "../../client/edge/browser.ts"
import { crc32cPlain } from "../../client/edge/crc32c.ts"
import { CODECS, provide } from "../../client/edge/natives.ts"
import { nodeNatives } from "../../client/edge/node.ts"
import { BatchEncoder, compressed, recordBytesMax } from "../../client/records/batch-encoder.ts"
import { writeHeader } from "../../client/records/batch-format.ts"
import { fetchedBatch } from "../../client/records/fetched-batch.ts"
import type { Bytes, RecordHeaders } from "../../client/types.ts"
import {
  crc32c,
  createBatchBuilder,
  decodeRecords,
  patchBaseOffset,
  verifyBatch,
} from "../../shared/log/records/index.ts"

provide(nodeNatives)

interface Plain {
  readonly key: Bytes | null
  readonly value: Bytes | null
  readonly timestamp: number
  readonly headers: RecordHeaders | undefined
}

const bytes = fc.uint8Array({ maxLength: 40 })
const texts = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ maxLength: 12, unit: "grapheme" }))
const content = fc.oneof(fc.constant(null), bytes, texts)
const headers = fc.option(
  fc.oneof(
    fc.dictionary(fc.string({ maxLength: 5 }), content, { maxKeys: 3 }),
    fc.array(fc.tuple(fc.string({ maxLength: 5, unit: "grapheme" }), content), { maxLength: 3 }),
  ),
  { nil: undefined },
)
const record: fc.Arbitrary<Plain> = fc.record({
  key: content,
  value: content,
  timestamp: fc.integer({ min: 0, max: 4e12 }),
  headers,
})
const records = fc.array(record, { minLength: 1, maxLength: 30 })

async function encoded(plain: readonly Plain[], codec: (typeof CODECS)[number], producerId = 7) {
  const encoder = new BatchEncoder()
  for (const { key, value, timestamp, headers } of plain) {
    const before = encoder.sizeBytes
    encoder.add(key, value, timestamp, headers)
    expect(encoder.sizeBytes - before).toBeLessThanOrEqual(recordBytesMax(key, value, headers))
  }
  const { bytes, facts } = encoder.finish(codec)
  const batch = await compressed(codec, bytes)
  writeHeader(batch, facts, { producerId, epoch: 3, sequence: 11, transactional: false })
  return batch
}

const asBytes = (text: Bytes | null) => (text === null ? null : Buffer.from(text as string).toString("hex"))

const shown = ({ key, value, timestamp, headers = [] }: Plain) => ({
  key: asBytes(key),
  value: asBytes(value),
  timestamp,
  headers: (Array.isArray(headers) ? headers : Object.entries(headers)).map(([name, each]) => [
    name.toWellFormed(),
    asBytes(each),
  ]),
})

describe("the client's codec", () => {
  test("writes what the log's reads, and reads what it wrote, under every compression", async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.constantFrom(...CODECS), fc.nat(1_000), async (plain, codec, offset) => {
        const batch = await encoded(plain, codec)
        expect(verifyBatch(batch)).toMatchObject({
          codec,
          count: plain.length,
          producerId: 7,
          producerEpoch: 3,
          baseSequence: 11,
        })
        const stored = decodeRecords(batch).map(({ key, value, timestamp, headers }) =>
          shown({ key, value, timestamp, headers: headers.map(each => [each.key, each.value] as const) }),
        )
        expect(stored).toEqual(plain.map(shown))
        patchBaseOffset(batch, offset)
        const from = offset + Math.floor(plain.length / 2)
        const read = await fetchedBatch({ topic: "t", partition: 2 }, batch, from)
        expect([...read].map(shown)).toEqual(plain.slice(from - offset).map(shown))
        expect(read.records().map(each => each.offset)).toEqual(
          plain.map((_, at) => offset + at).slice(from - offset),
        )
        expect(read.nextOffset).toBe(offset + plain.length)
        for (const each of read) {
          expect([each.topic, each.partition]).toEqual(["t", 2])
          if (each.key !== null)
            expect(each.keyText).toBe(new TextDecoder("utf-8", { ignoreBOM: true }).decode(each.key))
        }
      }),
    )
  })

  test("skips what compaction took: offsets are the records' own", async () => {
    const builder = createBatchBuilder()
    const value = Buffer.from("v")
    for (let at = 0; at < 3; at++) builder.add(value, -1, -1, 0, 1, 5)
    const { bytes: whole } = builder.finish()
    // Records of 8 bytes each, of which the middle one is taken out.
    const cut = new Uint8Array([...whole.subarray(0, 61 + 8), ...whole.subarray(61 + 16)])
    const view = new DataView(cut.buffer)
    view.setInt32(8, cut.length - 12)
    view.setInt32(57, 2)
    view.setUint32(17, crc32c(cut.subarray(21)))
    const read = await fetchedBatch({ topic: "t", partition: 0 }, cut, 0)
    expect(read.records().map(({ offset }) => offset)).toEqual([0, 2])
    expect(read.nextOffset).toBe(3)
  })

  test("a damaged batch is told of, whatever is damaged", async () => {
    const batch = await encoded([{ key: "k", value: "v", timestamp: 1, headers: undefined }], "none")
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 8, max: batch.length - 1 }),
        fc.integer({ min: 1, max: 255 }),
        async (at, by) => {
          // The leader's epoch is nobody's business.
          fc.pre(at < 12 || at >= 16)
          const broken = batch.slice()
          broken[at] ^= by
          await expect(fetchedBatch({ topic: "t", partition: 0 }, broken, 0)).rejects.toMatchObject({
            code: "corrupt_reply",
          })
        },
      ),
    )
  })

  test("JSON, texts and tombstones are taken out when they are asked for", async () => {
    const plain = [
      { key: "ü", value: '{"a":[1]}', timestamp: 5, headers: { h: "1", n: null } },
      { key: null, value: null, timestamp: 6, headers: undefined },
    ]
    const [first, second] = (
      await fetchedBatch({ topic: "t", partition: 0 }, await encoded(plain, "none"), 0)
    ).records()
    expect([first.keyText, first.text, first.json(), first.timestamp]).toEqual([
      "ü",
      '{"a":[1]}',
      { a: [1] },
      5,
    ])
    expect(first.headers).toEqual([
      ["h", Buffer.from("1")],
      ["n", null],
    ])
    expect([second.key, second.keyText, second.value, second.text, second.json(), second.headers]).toEqual([
      null,
      null,
      null,
      null,
      null,
      [],
    ])
  })
})

describe("the browser's edge", () => {
  test("its checksum is the native one", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.nat(20), (given, from) => {
        expect(crc32cPlain(given, Math.min(from, given.length))).toBe(crc32c(given.subarray(from)))
      }),
    )
  })

  test("writes and reads the same batches, with gzip and without", async () => {
    const plain = [{ key: "ä", value: "x".repeat(200), timestamp: 5, headers: undefined }]
    provide(browserNatives)
    try {
      for (const codec of ["none", "gzip"] as const) {
        const batch = await encoded(plain, codec)
        expect(decodeRecords(batch).map(({ value }) => value?.length)).toEqual([200])
        const [read] = (await fetchedBatch({ topic: "t", partition: 0 }, batch, 0)).records()
        expect(read.keyText).toBe("ä")
      }
      await expect(encoded(plain, "zstd")).rejects.toMatchObject({ code: "unsupported_codec" })
    } finally {
      provide(nodeNatives)
    }
  })
})
