import fc from "fast-check"
import { expect, test } from "vitest"
import { avg, collect, count } from "../../shared/definition/index.ts"
import { NamedAccumulators } from "../../shared/processing/operators/named-accumulators.ts"
import { packState, unpackState } from "../../shared/processing/state/packing.ts"
import { ValueWriter } from "../../shared/processing/state/value-writer.ts"

const out = new ValueWriter()
const written = () => unpackState(Uint8Array.from(out.bytes.subarray(0, out.size)))

test("values are read back as they were written", () => {
  const number = fc.oneof(
    fc.double(),
    fc.maxSafeInteger(),
    fc.constantFrom(-0, 127, 128, 65_535, 65_536, 2 ** 32),
  )
  // As in JSON, −0 is 0 in what is packed as a whole.
  const list = fc.array(number.map(each => each + 0))
  const value = fc.oneof(number, fc.string({ unit: "binary" }), fc.constant(null), list)
  fc.assert(
    fc.property(
      fc.array(value, { maxLength: 40 }),
      fc.string({ unit: "binary", maxLength: 300 }),
      (all, text) => {
        out.clear()
        out.array(all.length + 2)
        for (const each of all) out.any(each)
        out.map(all.length)
        for (const [index, each] of all.entries()) {
          out.any(`name ${index}`)
          out.any(each)
        }
        const bytes = Buffer.from(text).toString("latin1")
        out.binary(bytes)
        const [map, binary] = (written() as unknown[]).slice(-2)
        expect((written() as unknown[]).slice(0, -2)).toEqual(all)
        expect(map).toEqual(new Map(all.map((each, index) => [`name ${index}`, each])))
        expect(Buffer.from(binary as Uint8Array).toString("latin1")).toBe(bytes)
      },
    ),
    { numRuns: 300 },
  )
})

test("accumulators are read by name, whether they were stored as a map or as an object", () => {
  const before = new NamedAccumulators({ n: count(), mean: avg((n: number) => n), gone: count() })
  const after = new NamedAccumulators({
    mean: avg((n: number) => n),
    all: collect((n: number) => n),
    n: count(),
  })
  out.clear()
  before.write([3, [6, 2], 9], out)
  for (const stored of [written(), unpackState(packState(before.pack([3, [6, 2], 9])))]) {
    expect(after.unpack(stored)).toEqual([[6, 2], [], 3])
  }
})
