import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { LogError } from "../../../shared/log/errors.ts"
import {
  CODECS,
  createBatchBuilder,
  DECODED_BYTES_MAX,
  decodeRecords,
  forEachRecord,
  patchBaseOffset,
  readBatchHeader,
  splitBatches,
  verifyBatch,
} from "../../../shared/log/records/index.ts"
import { crc32c } from "../../../shared/log/records/native.ts"
import { add, batchOf, faultOf, type PlainRecord, text, utf8, valuesBatch } from "./support.ts"

const bytes = fc.oneof(fc.uint8Array({ maxLength: 20 }), fc.uint8Array({ minLength: 200, maxLength: 400 }))
const header = fc.record({ key: fc.string({ unit: "grapheme", maxLength: 8 }), value: fc.option(bytes) })
const record: fc.Arbitrary<PlainRecord> = fc.record({
  // One below the largest, so that no two of a batch lie further apart than a delta can say.
  timestamp: fc.oneof(fc.integer({ min: -1, max: 2 ** 31 }), fc.integer({ min: 0, max: 2 ** 53 - 2 })),
  key: fc.option(bytes),
  value: fc.option(bytes),
  headers: fc.array(header, { maxLength: 3 }),
})
const records = fc.array(record, { minLength: 1, maxLength: 40 })

/** Changes bytes and makes the CRC right again, so that what lies behind it is reached. */
function forged(batch: Uint8Array, change: (view: DataView) => void): Uint8Array {
  const copy = batch.slice()
  const view = new DataView(copy.buffer)
  change(view)
  view.setUint32(17, crc32c(copy.subarray(21)))
  return copy
}

describe("a batch", () => {
  test.each(CODECS)("gives back what was written, %s", codec => {
    fc.assert(
      fc.property(records, fc.maxSafeNat(), (written, baseOffset) => {
        const batch = batchOf(written, { codec, producerId: 2 ** 40 + 1, producerEpoch: 3, baseSequence: 9 })
        const verified = verifyBatch(batch)
        const times = written.map(each => each.timestamp)
        expect(verified).toMatchObject({
          codec,
          count: written.length,
          lastOffsetDelta: written.length - 1,
          producerId: 2 ** 40 + 1,
          producerEpoch: 3,
          baseSequence: 9,
          minTimestamp: Math.min(...times),
          maxTimestamp: Math.max(...times),
          sizeBytes: batch.length,
        })
        patchBaseOffset(batch, Math.max(0, baseOffset - 100))
        const read = decodeRecords(batch)
        expect(read.map(({ offset: _, ...rest }) => rest)).toEqual(written)
        expect(read.map(each => each.offset)).toEqual(
          written.map((_, i) => Math.max(0, baseOffset - 100) + i),
        )
        expect(verifyBatch(batch)).toMatchObject({ baseOffset: Math.max(0, baseOffset - 100) })
      }),
      { numRuns: 60 },
    )
  })

  test("is refused when any one byte under its CRC changed", () => {
    const batch = valuesBatch(["a", "bc"], { codec: "lz4" })
    for (let at = 8; at < batch.length; at++) {
      // Leader epoch: it lies outside the CRC and is the log's to set.
      if (at >= 12 && at < 16) continue
      const copy = batch.slice()
      copy[at]! ^= 0x41
      expect(faultOf(() => verifyBatch(copy)).code, `byte ${at}`).toBe("corrupt_batch")
    }
    expect(verifyBatch(batch).count).toBe(2)
  })

  test.each(CODECS)("never fails other than as corrupt, whatever its bytes, %s", codec => {
    fc.assert(
      fc.property(
        records,
        fc.nat(),
        fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 255 })), { maxLength: 3 }),
        (written, cut, changes) => {
          const whole = batchOf(written, { codec })
          const batch = whole.slice(0, 61 + (cut % (whole.length - 60)))
          for (const [at, flip] of changes) batch[57 + (at % (batch.length - 57))]! ^= flip
          const right = forged(batch, view => view.setInt32(8, batch.length - 12))
          try {
            verifyBatch(right)
            forEachRecord(right, () => {})
          } catch (error) {
            expect(error).toBeInstanceOf(LogError)
            expect((error as LogError).code).toBe("corrupt_batch")
          }
        },
      ),
      { numRuns: 150 },
    )
  })

  test("that is cut anywhere is refused", () => {
    const batch = valuesBatch(["a", "bc"])
    for (let size = 0; size < batch.length; size++)
      expect(faultOf(() => verifyBatch(batch.subarray(0, size))).code).toBe("corrupt_batch")
  })

  const plain = valuesBatch(["a", "bc"], { producerId: 1, producerEpoch: 0, baseSequence: 0 })
  test.each<[string, (view: DataView) => void, string]>([
    ["an old magic", view => view.setInt8(16, 1), "batch magic: expected 2, found 1"],
    [
      "a length beyond the bytes",
      view => view.setInt32(8, 1000),
      "batch length: expected 49 to 66, found 1000",
    ],
    ["an unknown codec", view => view.setInt16(21, 5), "batch codec: expected 0 to 4, found 5"],
    [
      "unknown attributes",
      view => view.setInt16(21, 0x80),
      "batch attributes: expected bits 0 to 5, found 0x80",
    ],
    ["a control batch", view => view.setInt16(21, 0x20), "batch attributes: expected no control batch"],
    ["the append's time", view => view.setInt16(21, 8), "batch attributes: expected the records' own times"],
    [
      "a wrong count",
      view => view.setInt32(57, 3),
      "batch last offset delta: expected 2, one below the count, found 1",
    ],
    ["no records", view => view.setInt32(57, 0), "batch record count: expected 1 or more, found 0"],
    [
      "records that are missing",
      view => {
        view.setInt32(23, 2)
        view.setInt32(57, 3)
      },
      "record 2 of 3: expected a varint as length",
    ],
    [
      "records that are too many",
      view => {
        view.setInt32(23, 0)
        view.setInt32(57, 1)
      },
      "record 1 of 1: expected no bytes after the last record, found 9",
    ],
    [
      "a wrong max timestamp",
      view => view.setBigInt64(35, 5n),
      "batch max timestamp: expected 1700000000000",
    ],
    ["a producer id above 2^53", view => view.setBigInt64(43, 2n ** 53n), "found 9007199254740992"],
    [
      "a negative producer epoch",
      view => view.setInt16(51, -1),
      "batch producer epoch: expected 0 or more, found -1",
    ],
    [
      "a negative sequence",
      view => view.setInt32(53, -1),
      "batch base sequence: expected 0 or more, found -1",
    ],
    ["a wrong offset delta", view => view.setInt8(72, 4), "record 1 of 2: expected offset delta 1, found 2"],
    ["record attributes", view => view.setInt8(62, 1), "record 0 of 2: expected attributes 0, found 1"],
    [
      "a header that is not there",
      view => view.setInt8(68, 2),
      "record 0 of 2: expected a varint as header key length",
    ],
  ])("with %s is refused with what was expected", (_, change, message) => {
    const error = faultOf(() => verifyBatch(forged(plain, change)))
    expect(error.code).toBe("corrupt_batch")
    expect(error.message).toContain(message)
    expect(verifyBatch(plain).count).toBe(2)
  })

  test("says which CRC it has and which it should have", () => {
    const copy = plain.slice()
    copy[70]! ^= 1
    expect(faultOf(() => verifyBatch(copy)).message).toMatch(
      /^batch CRC32C: expected 0x[0-9a-f]+ as its header says, found 0x[0-9a-f]+$/,
    )
  })

  test("with a transaction but no producer is refused; a control batch is accepted where it may be", () => {
    expect(faultOf(() => verifyBatch(valuesBatch(["a"], { transactional: true }))).code).toBe("corrupt_batch")
    const marker = valuesBatch(["a"], { control: true, transactional: true, producerId: 5, producerEpoch: 1 })
    expect(verifyBatch(marker, { control: true })).toMatchObject({ control: true, transactional: true })
  })
})

describe("batches in a row", () => {
  test("are split where they end", () => {
    const batches = [valuesBatch(["a"]), valuesBatch(["b", "c"], { codec: "gzip" }), valuesBatch(["d"])]
    const joined = new Uint8Array(Buffer.concat(batches))
    expect(splitBatches(joined).map(batch => Array.from(batch))).toEqual(
      batches.map(batch => Array.from(batch)),
    )
    expect(splitBatches(new Uint8Array(0))).toEqual([])
    const second = batches[0]!.length
    expect(readBatchHeader(joined, second)).toMatchObject({ count: 2, codec: "gzip" })
    const error = faultOf(() => splitBatches(joined.subarray(0, joined.length - 1)))
    expect(error).toMatchObject({ code: "corrupt_batch" })
  })
})

describe("a builder", () => {
  test("grows, and makes one batch after the other", () => {
    const builder = createBatchBuilder({ capacityBytes: 1 })
    const values = Array.from({ length: 300 }, (_, i) => `value ${i} `.repeat(i % 50))
    const once = () => {
      for (const value of values) add(builder, { timestamp: 7, key: null, value: utf8(value), headers: [] })
      const { sizeBytes } = builder
      const finished = builder.finish()
      expect(finished).toMatchObject({ count: 300, minTimestamp: 7, maxTimestamp: 7 })
      expect(finished.bytes.length).toBe(sizeBytes)
      return finished.bytes
    }
    const first = once()
    builder.reset()
    expect(builder.count).toBe(0)
    const second = once()
    builder.reset(first)
    once()
    expect(decodeRecords(second).map(each => text(each.value!))).toEqual(values)
    expect(decodeRecords(first).map(each => text(each.value!))).toEqual(values)
  })

  test("refuses times further apart than a delta can say, and goes on", () => {
    const builder = createBatchBuilder()
    builder.add(utf8("x"), -1, -1, 0, 1, -1)
    const error = faultOf(() => builder.add(utf8("y"), -1, -1, 0, 1, Number.MAX_SAFE_INTEGER))
    expect(error).toMatchObject({ code: "invalid_record", detail: { path: "timestamp" } })
    builder.add(utf8("y"), -1, -1, 0, 1, Number.MAX_SAFE_INTEGER - 1)
    expect(decodeRecords(builder.finish().bytes).map(({ timestamp }) => timestamp)).toEqual([
      -1,
      Number.MAX_SAFE_INTEGER - 1,
    ])
  })

  test("refuses what no reader would decode, and goes on", () => {
    const builder = createBatchBuilder()
    const half = new Uint8Array(DECODED_BYTES_MAX / 2)
    builder.add(half, -1, -1, 0, half.length, 1)
    const error = faultOf(() => builder.add(half, -1, -1, 0, half.length, 1))
    expect(error.code).toBe("record_too_large")
    builder.add(utf8("x"), -1, -1, 0, 1, 1)
    expect(verifyBatch(builder.finish({ codec: "zstd" }).bytes).count).toBe(2)
  })
})
