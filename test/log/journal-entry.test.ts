import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeEntry, encodeEntry } from "../../shared/log/journal/entry.ts"
import { batch } from "./support.ts"

// What version 1 of an entry looks like, for as long as a journal may hold one.
const golden = readFileSync(join(import.meta.dirname, "../golden/log/journal-entry-v1.hex"), "utf8").trim()
const goldenEntry = {
  topicId: "0123456789abcdef0123456789abcdef",
  partition: 300,
  batch: batch(["x", "y"], 1_767_225_600_123),
}

test("entries are written and read as version 1 says", () => {
  expect(Buffer.from(encodeEntry(goldenEntry)).toString("hex")).toBe(golden)
  const decoded = decodeEntry(new Uint8Array(Buffer.from(golden, "hex")))
  expect(decoded).toMatchObject({ entry: goldenEntry, verified: { count: 2, producerId: -1 } })
})

test("what is encoded is decoded again", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary", maxLength: 40 }),
      fc.nat({ max: 9_999 }),
      fc.array(fc.string(), { minLength: 1, maxLength: 5 }),
      (topicId, partition, values) => {
        const entry = { topicId, partition, batch: batch(values) }
        const decoded = decodeEntry(encodeEntry(entry))
        expect(decoded).toMatchObject({ entry, verified: { count: values.length } })
      },
    ),
    { numRuns: 50 },
  )
})

test("any other bytes are a fault that says what it is, never an exception", () => {
  const whole = encodeEntry(goldenEntry)
  const faultOf = (data: Uint8Array) => {
    const decoded = decodeEntry(data)
    return "fault" in decoded ? decoded : undefined
  }
  expect(faultOf(new Uint8Array())).toMatchObject({ fault: "not_an_entry" })
  expect(faultOf(Buffer.from('{"a":1}'))).toMatchObject({ fault: "not_an_entry" })
  expect(faultOf(whole.with(1, 2))).toEqual({
    fault: "unknown_format",
    message: "the entry has format 2, expected 1",
  })
  expect(faultOf(whole.with(whole.length - 2, 0))).toMatchObject({
    fault: "corrupt_batch",
    message: expect.stringMatching(/crc/i),
  })
  expect(faultOf(encodeEntry({ ...goldenEntry, batch: batch(["x"], 1, 7) }))).toMatchObject({
    fault: "corrupt_batch",
    message: expect.stringContaining("producer"),
  })
  for (let length = 0; length < whole.length; length++) {
    expect(faultOf(whole.subarray(0, length)), `${length} bytes`).toBeDefined()
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), data => {
      expect(faultOf(data)).toBeDefined()
      expect(faultOf(new Uint8Array([0x4a, 1, ...data]))).toBeDefined()
    }),
  )
})
