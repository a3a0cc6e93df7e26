import fc from "fast-check"
import { expect, test } from "vitest"
import {
  readInt64,
  VarintReader,
  varintSize,
  varlongSize,
  writeInt64,
  writeVarint,
  writeVarlong,
} from "../../../shared/log/records/varint.ts"

/** The encoding as Kafka's documentation gives it, over BigInt. */
function reference(value: bigint): number[] {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n))
  const bytes: number[] = []
  do {
    const low = Number(rest & 0x7fn)
    rest >>= 7n
    bytes.push(rest > 0n ? low | 0x80 : low)
  } while (rest > 0n)
  return bytes
}

const edges = [
  0,
  63,
  64,
  8191,
  8192,
  2 ** 20,
  2 ** 27,
  2 ** 28,
  2 ** 31,
  2 ** 34,
  2 ** 35,
  2 ** 42,
  2 ** 49,
  2 ** 53,
]
const whole = fc.oneof(
  fc.maxSafeInteger(),
  fc.integer(),
  fc.constantFrom(...edges.flatMap(edge => [edge - 1, -edge, 1 - edge])),
)

test("whole numbers are written and read as Kafka does", () => {
  const reader = new VarintReader()
  fc.assert(
    fc.property(
      whole.filter(value => Number.isSafeInteger(value) && !Object.is(value, -0)),
      value => {
        const bytes = new Uint8Array(12)
        const end = writeVarlong(bytes, 1, value)
        expect(Array.from(bytes.subarray(1, end))).toEqual(reference(BigInt(value)))
        expect(end - 1).toBe(varlongSize(value))
        expect(reader.int53(bytes, 1, end)).toBe(end)
        expect(reader.value).toBe(value)
        expect(reader.int53(bytes, 1, end - 1)).toBe(-1)
        const view = new DataView(new ArrayBuffer(8))
        writeInt64(view, 0, value)
        expect(view.getBigInt64(0)).toBe(BigInt(value))
        expect(readInt64(view, 0)).toBe(value)
      },
    ),
  )
})

test("32-bit numbers are written and read as Kafka does", () => {
  const reader = new VarintReader()
  fc.assert(
    fc.property(fc.integer(), value => {
      const bytes = new Uint8Array(5)
      const end = writeVarint(bytes, 0, value)
      expect(Array.from(bytes.subarray(0, end))).toEqual(reference(BigInt(value)))
      expect(end).toBe(varintSize(value))
      expect(reader.int32(bytes, 0, end)).toBe(end)
      expect(reader.value).toBe(value)
    }),
  )
})

test("numbers that do not fit are refused", () => {
  const reader = new VarintReader()
  for (const value of [2n ** 53n, -(2n ** 53n), 2n ** 63n - 1n, -(2n ** 63n)]) {
    const bytes = Uint8Array.from(reference(value))
    expect(reader.int53(bytes, 0, bytes.length)).toBe(-1)
    const view = new DataView(new ArrayBuffer(8))
    view.setBigInt64(0, value)
    expect(readInt64(view, 0)).toBeNaN()
  }
  const long = Uint8Array.from(reference(2n ** 31n))
  expect(reader.int32(long, 0, long.length)).toBe(-1)
  expect(reader.int53(new Uint8Array(11).fill(0x80), 0, 11)).toBe(-1)
})
