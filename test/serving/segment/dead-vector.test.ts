import { readFileSync } from "node:fs"
import { join } from "node:path"
import fc from "fast-check"
import { expect, test } from "vitest"
import { decodeDeadVector, encodeDeadVector } from "../../../shared/serving/segment/dead-vector.ts"

const offsets = fc
  .uniqueArray(fc.oneof(fc.nat(200), fc.maxSafeNat()), { maxLength: 300 })
  .map(list => Float64Array.from(list.sort((a, b) => a - b)))

test("what is encoded is decoded", () => {
  fc.assert(
    fc.property(offsets, list => {
      expect(decodeDeadVector(encodeDeadVector({ offsets: list })).offsets).toEqual(list)
    }),
  )
})

test("a thousand neighbours take a byte each", () => {
  const list = Float64Array.from({ length: 1_000 }, (_, index) => 1e12 + index)
  expect(encodeDeadVector({ offsets: list }).length).toBeLessThan(1_020)
})

test("other bytes are refused, and the right ones still read", () => {
  const bytes = encodeDeadVector({ offsets: Float64Array.of(1, 5, 900, 2 ** 50) })
  fc.assert(
    fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (at, change) => {
      const damaged = bytes.slice()
      damaged[at] = damaged[at]! ^ change
      expect(() => decodeDeadVector(damaged)).toThrow(/deletion vector/)
    }),
  )
  for (const length of [0, 1, 4, bytes.length - 1]) {
    expect(() => decodeDeadVector(bytes.slice(0, length))).toThrow(/deletion vector/)
  }
  expect(() => decodeDeadVector(Uint8Array.of(2, ...bytes.slice(1)))).toThrow("format 2; expected 1")
  expect([...decodeDeadVector(bytes).offsets]).toEqual([1, 5, 900, 2 ** 50])
})

test("the stored format stays what it is", () => {
  const golden = readFileSync(join(import.meta.dirname, "../../golden/serving/dead-vector-v1.bin"))
  expect([...decodeDeadVector(golden).offsets]).toEqual([0, 1, 7, 300, 2 ** 40])
  expect(Buffer.compare(encodeDeadVector(decodeDeadVector(golden)), golden)).toBe(0)
})
