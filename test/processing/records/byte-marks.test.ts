import fc from "fast-check"
import { expect, test } from "vitest"
import { ByteMarks } from "../../../shared/processing/records/byte-marks.ts"

const isStop = (byte: number) => byte === 0x22 || byte === 0x5c || byte < 0x20
const isDigit = (byte: number) => byte >= 0x30 && byte <= 0x39
const byte = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(0x61, 0x30, 0x35, 0x39) },
  fc.constantFrom(0x2f, 0x3a, 0xb0),
  fc.constantFrom(0, 0x1f, 0x20, 0x21, 0x22, 0x23, 0x5b, 0x5c, 0x5d, 0x7f, 0x80, 0xa2, 0xdc, 0xff),
)

test("quotes, backslashes, control characters, ends of digits and what is no ASCII are found, whatever was marked before", () => {
  const marks = new ByteMarks()
  const bytes = fc.array(byte, { maxLength: 200 })
  // Behind a stretch of plain bytes, so that chunks end in the midst of them.
  const lead = fc.constantFrom(0, 0, 1, 31, 65_400, 65_536, 131_000)
  fc.assert(
    fc.property(lead, bytes, fc.nat(), fc.nat(), (plain, rest, first, second) => {
      const buffer = new Uint8Array(plain + rest.length).fill(plain % 2 === 0 ? 0x61 : 0x31)
      buffer.set(rest, plain)
      marks.mark(buffer)
      const from = first % (buffer.length + 1)
      const expectFound = (given: number, wanted: (byte: number) => boolean) => {
        const found = buffer.findIndex((each, at) => at >= from && wanted(each))
        if (found < 0) expect(given).toBeGreaterThanOrEqual(buffer.length)
        else expect(given).toBe(found)
      }
      expectFound(marks.nextStop(from), isStop)
      expectFound(marks.digitsEnd(from), each => !isDigit(each))
      if (buffer.length === 0) return
      const to = second % buffer.length
      if (from <= to)
        expect(marks.isAscii(from, to)).toBe(buffer.subarray(from, to).every(each => each < 0x80))
    }),
    { numRuns: 500 },
  )
})
