import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { openLog } from "../../../shared/log/open-log.ts"
import { packPoints, type Segment, segmentKey, unpackPoints } from "../../../shared/log/segments/segment.ts"
import { SegmentBuilder } from "../../../shared/log/segments/segment-builder.ts"
import {
  EMPTY_INDEX,
  findSegment,
  packIndex,
  type SegmentIndex,
  unpackIndex,
} from "../../../shared/log/segments/segment-index.ts"
import { planRange } from "../../../shared/log/segments/segment-reader.ts"
import { memoryPorts } from "../../support/memory-ports.ts"
import { everything } from "./support.ts"

// What version 1 of a segment, its index and its item look like, for as long as they may lie in somebody's bucket.
const path = join(import.meta.dirname, "../../golden/log/segments-v1.json")
const golden = JSON.parse(readFileSync(path, "utf8"))
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex")
const unhex = (text: string) => new Uint8Array(Buffer.from(text, "hex"))

const points = [
  { offset: 40, position: 0, maxTimestamp: 1_767_225_600_123 },
  { offset: 1_040, position: 600_000, maxTimestamp: -1 },
]
const segment: Segment = {
  base: 40,
  next: 2_000,
  id: "0123456789abcdef0123456789abcdef",
  sizeBytes: 700_000,
  records: 1_500,
  minTimestamp: -1,
  maxTimestamp: 1_767_225_600_123,
  tombstones: 3,
  points: packPoints(40, points),
}
const gap: Segment = { ...segment, base: 2_000, next: 2_001, id: "", sizeBytes: 0, points: new Uint8Array() }
const index: SegmentIndex = {
  start: 41,
  end: 2_001,
  segments: [segment, gap],
  rolled: [{ offset: 2_001, date: 1_767_225_600_999 }],
  cleaned: [{ offset: 1_000, date: 5 }],
  cleaning: { to: 1_900, at: 40 },
}

test("indexes of segments are written and read as version 1 says", () => {
  expect(hex(packIndex(index))).toBe(golden.index)
  expect(unpackIndex(unhex(golden.index), { start: 41, end: 2_001 }, "golden")).toEqual(index)
  expect(unpackPoints(segment)).toEqual(points)
  expect(segmentKey("t", 3, segment)).toBe("seg/t/3/40-2000-0123456789abcdef0123456789abcdef")
})

test("what version 1 stored is read: an item, its segment", async () => {
  const ports = memoryPorts()
  const { id } = await openLog(ports).createTopic({ name: "events", partitions: 1, owner: "http" })
  const { start, end, packed, key, body, records } = golden.stored
  await ports.objects.put(`seg/${id}/0/${key}`, unhex(body))
  const fields = { v: 1, s: start, e: end, b: unhex(packed) }
  await ports.meta.put("meta", { pk: `${id}#0`, sk: "segments", version: "1", fields })
  // The partition has no slots: what is read lies in the segment.
  const log = openLog(ports)
  const found = await everything(log, id)
  expect(found).toEqual(records)
})

test("an index that contradicts itself, or of a version to come, is refused loudly", () => {
  const read = (bytes: Uint8Array, bounds = { start: 41, end: 2_001 }) =>
    unpackIndex(bytes, bounds, "segment index t#0")
  const packed = packIndex(index)
  expect(() => read(packed.with(0, 2))).toThrow(/segment index t#0: format 2, expected 1/)
  expect(() => read(packed.slice(0, 30))).toThrow(/segment index t#0: the bytes end too early/)
  expect(() => read(packed, { start: 41, end: 2_005 })).toThrow(/segment 2000 ends at 2001, not at 2005/)
  expect(() => read(packed, { start: 39, end: 2_001 })).toThrow(/offsets 39 to 40 lie in no segment/)
  const overlapping = { ...index, segments: [{ ...segment, next: 1_999 }, gap] }
  expect(() => packIndex(overlapping)).toThrow(/segment 40 ends at 1999, not at 2000/)
  expect(unpackIndex(packIndex(EMPTY_INDEX), EMPTY_INDEX, "none")).toEqual(EMPTY_INDEX)
})

const batches = fc.array(
  fc.record({
    size: fc.integer({ min: 61, max: 700_000 }),
    hole: fc.nat(3),
    count: fc.integer({ min: 1, max: 5 }),
  }),
  { minLength: 1, maxLength: 12 },
)

test("whatever lies in a segment is found for every offset by one range", () => {
  fc.assert(
    fc.property(batches, fc.nat(1_000_000), (drawn, maxBytes) => {
      const builder = new SegmentBuilder(7)
      const placed: { base: number; next: number; position: number; size: number }[] = []
      let at = 7
      let position = 0
      for (const { size, hole, count } of drawn) {
        const base = at + hole
        at = base + count
        const common = { baseOffset: base, nextOffset: at, records: count, tombstones: 0 }
        builder.add({ ...common, bytes: new Uint8Array(size), minTimestamp: at, maxTimestamp: at })
        placed.push({ base, next: at, position, size })
        position += size
      }
      const built = builder.finish(at + 2, "some")
      const known = unpackPoints(built.segment)
      for (let offset = 7; offset < at; offset++) {
        const range = planRange(built.segment, known, offset, maxBytes)
        const wanted = placed.find(({ next }) => next > offset)!
        expect(range.start).toBeLessThanOrEqual(wanted.position)
        expect(range.end).toBeGreaterThanOrEqual(wanted.position + wanted.size)
        const place = { offset: wanted.base, position: wanted.position }
        const exact = planRange(built.segment, known, wanted.base, maxBytes, place)
        expect(exact.start).toBe(wanted.position)
        expect(exact.end).toBeGreaterThanOrEqual(wanted.position + wanted.size)
      }
      expect(findSegment({ segments: [built.segment] }, at + 1)).toBe(0)
      expect(findSegment({ segments: [built.segment] }, at + 2)).toBe(-1)
    }),
    { numRuns: 60 },
  )
})
