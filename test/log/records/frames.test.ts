import fc from "fast-check"
import { expect, test } from "vitest"
import { LogError } from "../../../shared/log/errors.ts"
import { cutPayload, framePieces, readFrame, writeFrame } from "../../../shared/log/records/index.ts"

const batches = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 20 })

test("a frame gives back its head and its batches", () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), batches, (extra, given) => {
      const head = JSON.parse(JSON.stringify({ ...extra, lengths: given.map(batch => batch.length) }))
      const body = writeFrame(head, given)
      expect(Buffer.concat(framePieces(head, given)).equals(body)).toBe(true)
      // A body rarely begins where its buffer does.
      const shifted = new Uint8Array(body.length + 3)
      shifted.set(body, 3)
      const frame = readFrame(shifted.subarray(3))
      expect(frame.head).toEqual(head)
      expect(cutPayload(frame.payload, head.lengths)).toEqual(given)
    }),
  )
})

test("a frame that is cut or longer than its head says is refused", () => {
  fc.assert(
    fc.property(batches, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 9 }), (given, cut, more) => {
      const lengths = given.map(batch => batch.length)
      const body = writeFrame({ lengths }, given)
      const read = (bytes: Uint8Array) => cutPayload(readFrame(bytes).payload, lengths)
      const faultOf = (bytes: Uint8Array) => {
        try {
          return read(bytes)
        } catch (error) {
          return error instanceof LogError ? error.code : error
        }
      }
      expect(faultOf(body.subarray(0, cut % body.length))).toBe("corrupt_batch")
      expect(faultOf(new Uint8Array([...body, ...more]))).toBe("corrupt_batch")
      expect(read(body)).toEqual(given)
    }),
  )
})

test("any bytes are read, or refused by a code", () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => {
      try {
        readFrame(bytes)
      } catch (error) {
        expect(["corrupt_batch", "malformed_json"]).toContain((error as LogError).code)
      }
    }),
  )
  const headOf = (text: Uint8Array) => new Uint8Array([0, 0, 0, text.length, ...text])
  expect(() => readFrame(headOf(Uint8Array.of(0x7b)))).toThrow(/^body\.head: expected JSON, but /)
  expect(() => readFrame(headOf(Uint8Array.of(0x22, 0xff, 0x22)))).toThrow("it is not UTF-8")
  expect(readFrame(headOf(Uint8Array.of(0x31))).head).toBe(1)
})
