import fc from "fast-check"
import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import {
  createBatchBuilder,
  decodeRecords,
  filterBatch,
  readBatchHeader,
} from "../../../shared/log/records/index.ts"
import { compact } from "../../../shared/log/segments/compact.ts"
import { SegmentIndexes } from "../../../shared/log/segments/index-store.ts"
import { createKeyHash } from "../../../shared/log/segments/key-hash.ts"
import { KeyMap } from "../../../shared/log/segments/key-map.ts"
import { SegmentReader } from "../../../shared/log/segments/segment-reader.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { DAY_MS, everything, HOUR_MS, keep, keyed } from "./support.ts"

const encoder = new TextEncoder()

type Written = readonly [offset: number, key: string, value: string | null]

/** What compaction may and must leave: each key's newest record; a tombstone as long as it is young. */
function model(written: readonly Written[], tombstonesGoneBelow: number): Written[] {
  const newest = new Map(written.map(([offset, key]) => [key, offset]))
  return written.filter(
    ([offset, key, value]) => newest.get(key) === offset && (value !== null || offset >= tombstonesGoneBelow),
  )
}

const days = fc.array(
  fc.array(
    fc.array(fc.tuple(fc.constantFrom("a", "b", "c", "d", "e"), fc.boolean()), {
      minLength: 1,
      maxLength: 6,
    }),
    { minLength: 1, maxLength: 3 },
  ),
  { minLength: 1, maxLength: 5 },
)

test("whatever is written, in whatever runs of keys: each key's newest record stays, at its offset", async () => {
  await fc.assert(
    fc.asyncProperty(
      days,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 40 }),
      async (drawn, keysMax, stopAfter) => {
        const ports = memoryPorts()
        const log = openLog(ports)
        const config = { "cleanup.policy": "compact", "delete.retention.ms": String(100 * DAY_MS) }
        const { id } = await log.createTopic({ name: "events", partitions: 1, owner: "http", config })
        const at = { topicId: id, partition: 0 }
        const written: Written[] = []
        for (const [day, batches] of drawn.entries()) {
          for (const batch of batches) {
            const pairs = batch.map(
              ([key, isTombstone], index) => [key, isTombstone ? null : `${day}.${index}`] as const,
            )
            for (const [key, value] of pairs) written.push([written.length, key, value])
            await log.append({ topic: "events", parts: [{ partition: 0, records: keyed(pairs) }] })
          }
          ports.advance(DAY_MS + HOUR_MS)
          // Rolled up by a keeper that has no time for more; then compacted in runs, each by a process that is stopped.
          await keep(ports)
          const policy = { deleteRetentionMs: 100 * DAY_MS, minLagMs: 0 }
          for (let pass = 0; pass < 25; pass++) {
            const context = {
              ports,
              indexes: new SegmentIndexes(ports),
              segments: new SegmentReader(ports),
              breathe: async () => {},
            }
            let looks = 0
            const hasTime = () => ++looks <= stopAfter + 2 * pass
            await compact(context, at, policy, hasTime, keysMax)
            const found = await everything(openLog(ports), id)
            const offsets = new Set(found.map(([offset]) => offset))
            expect(found).toEqual(written.filter(([offset]) => offsets.has(offset)))
            for (const [offset] of model(written, 0)) expect(offsets.has(offset)).toBe(true)
          }
          expect(await everything(openLog(ports), id)).toEqual(model(written, 0))
        }
        expect((await openLog(ports).offsets(id, 0)).endOffset).toBe(written.length)
      },
    ),
    { numRuns: 8 },
  )
})

test.each(["none", "gzip", "snappy", "lz4", "zstd"] as const)(
  "a batch of which records are left out, %s, keeps the others' offsets and times",
  codec => {
    const builder = createBatchBuilder()
    const text = (value: string) => encoder.encode(value)
    for (let index = 0; index < 9; index++) {
      const bytes = text(`k${index}v${"x".repeat(50)}`)
      builder.add(bytes, 0, 2, 2, bytes.length, 1_000 + (index % 3) * 10, [
        { key: "h", value: text(`${index}`) },
      ])
    }
    const bytes = builder.finish({
      codec,
      producerId: 7,
      producerEpoch: 1,
      baseSequence: 40,
      baseOffset: 100,
    }).bytes
    const header = readBatchHeader(bytes)
    const whole = decodeRecords(bytes)
    const filtered = filterBatch(bytes, header, ({ offset }) => offset % 2 === 1)!
    expect(decodeRecords(filtered.bytes)).toEqual(whole.filter(({ offset }) => offset % 2 === 1))
    const after = readBatchHeader(filtered.bytes)
    const { crc: _crc, sizeBytes: _size, count: _count, ...same } = header
    expect(after).toMatchObject({ ...same, maxTimestamp: 1_020, count: 4 })
    expect(filterBatch(bytes, header, () => true)!.bytes).toBe(bytes)
    expect(filterBatch(bytes, header, () => false)).toBeUndefined()
  },
)

test("keys are told apart by 128 bits, as MurmurHash3's reference says", () => {
  const { of, words } = createKeyHash()
  const hash = (value: string) => {
    of(encoder.encode(value), 0, encoder.encode(value).length)
    return [...words].map(word => word.toString(16).padStart(8, "0")).join("")
  }
  expect(hash("")).toBe("0".repeat(32))
  expect(hash("The quick brown fox jumps over the lazy dog")).toBe("2f1583c3ecee2c675d7bf66ce5e91d2c")
})

test("a map of keys knows the newest offset of each, whatever they are", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 20 }), { maxLength: 2_000 }), drawn => {
      const map = new KeyMap()
      const known = new Map<string, number>()
      for (const [offset, key] of drawn.entries()) {
        const bytes = encoder.encode(`>${key}`)
        map.put(bytes, 1, bytes.length, offset)
        known.set(key, offset)
      }
      expect(map.size).toBe(known.size)
      for (const [key, offset] of known) {
        const bytes = encoder.encode(key)
        expect(map.newest(bytes, 0, bytes.length)).toBe(offset)
      }
      expect(map.newest(encoder.encode("x".repeat(30)), 0, 30)).toBe(-1)
    }),
    { numRuns: 20 },
  )
})
