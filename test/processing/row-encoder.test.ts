import fc from "fast-check"
import { expect, test } from "vitest"
import { RowEncoder } from "../../shared/processing/engine/row-encoder.ts"
import { RecordReader } from "../../shared/processing/records/record-reader.ts"
import { RecordTexts } from "../../shared/processing/records/record-texts.ts"

// A result is written as JSON.stringify writes it, but for strings of the record at hand, which go as they came.

function encoded(encoder: RowEncoder, record: unknown): string | undefined {
  encoder.end = 0
  if (!encoder.record(record)) return undefined
  return Buffer.from(encoder.buffer.subarray(0, encoder.end)).toString()
}

const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.maxSafeInteger(),
  fc.tuple(fc.maxSafeInteger(), fc.integer({ min: 0, max: 8 })).map(([n, digits]) => n / 10 ** digits),
  fc.integer({ min: 1, max: 100_000_000 }).map(price => price * 0.908),
)
const text = fc.oneof(
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.constantFrom("\ud800", "\u007f", '"', "\\"),
)
class Own {
  readonly a = 1
}
const value = fc.oneof(
  { weight: 4, arbitrary: number },
  { weight: 4, arbitrary: text },
  fc.anything({ withDate: true, withNullPrototype: true, withTypedArray: true }),
  fc.constantFrom<unknown>(undefined, null, true, () => 1, Symbol("s"), new Own(), new Map([[1, 2]])),
  fc.constant({ toJSON: (name: string) => `named ${name}` }),
)

test("plain data is written as JSON.stringify writes it", () => {
  const encoder = new RowEncoder(new RecordTexts())
  const rows = fc.oneof(fc.dictionary(text, value, { maxKeys: 6, noNullPrototype: false }), value)
  fc.assert(
    fc.property(fc.array(rows, { maxLength: 4 }), all => {
      for (const row of all) expect(encoded(encoder, row)).toBe(JSON.stringify(row))
    }),
    { numRuns: 1_000 },
  )
})

test("numbers are written as JavaScript writes them", () => {
  const encoder = new RowEncoder(new RecordTexts())
  fc.assert(
    fc.property(number, n => {
      expect(encoded(encoder, { n })).toBe(JSON.stringify({ n }))
    }),
    { numRuns: 20_000 },
  )
})

test("strings of the record at hand go as they came", () => {
  const texts = new RecordTexts()
  const reader = new RecordReader(texts)
  const encoder = new RowEncoder(texts)
  const bytes = new TextEncoder().encode(
    '{"long":"\\u0061\\\\ and more than twenty-four characters","more":{"x":"ü \\/ and more than twenty-four"},"n":1.0}',
  )
  for (let round = 0; round < 3; round++) {
    const record = reader.read(bytes, 0, bytes.length) as { long: string; more: { x: string }; n: number }
    const row = {
      again: record.long,
      is: record.more.x,
      other: `${record.long}!`,
      more: record.more,
      n: record.n,
    }
    const given = encoded(encoder, row) as string
    expect(JSON.parse(given)).toEqual(JSON.parse(JSON.stringify(row)))
    expect(given).toContain('"again":"\\u0061\\\\ and more')
    expect(given).toContain('"more":{"x":"ü \\/ and more')
  }
  // Another record is at hand: the same string is written anew.
  const { long } = { ...(reader.read(bytes, 0, bytes.length) as { long: string }) }
  reader.read(bytes, 0, bytes.length)
  expect(encoded(encoder, { long })).toBe(JSON.stringify({ long }))
})

test("what JSON cannot say is no row, and throws as JSON.stringify does", () => {
  const encoder = new RowEncoder(new RecordTexts())
  expect(encoded(encoder, undefined)).toBeUndefined()
  expect(() => encoded(encoder, { big: 1n })).toThrow(TypeError)
  const round: Record<string, unknown> = {}
  round.self = round
  expect(() => encoded(encoder, round)).toThrow(TypeError)
  expect(encoded(encoder, {})).toBe("{}")
  expect(encoded(encoder, { a: 1 })).toBe('{"a":1}')
})
