import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { materialised, recordBytes } from "../../../shared/processing/record.ts"
import { RecordReader } from "../../../shared/processing/records/record-reader.ts"

const encode = (text: string) => Buffer.from(text)

/** The record as a job's functions see it, among other bytes as in a batch. */
function read(reader: RecordReader, text: string | Uint8Array): unknown {
  const bytes = typeof text === "string" ? encode(text) : text
  const buffer = Buffer.concat([Buffer.from('"],7'), bytes, Buffer.from('}"9')])
  return reader.read(buffer, 4, 4 + bytes.length)
}

const isLazy = (record: unknown) => recordBytes(record as object) !== undefined

/** Everything that tells a view from plain data, but for its accessors. */
function expectSame(record: unknown, plain: unknown): void {
  expect(JSON.stringify(record)).toBe(JSON.stringify(plain))
  expect(materialised(record)).toStrictEqual(plain)
  if (typeof plain !== "object" || plain === null || Array.isArray(plain)) return
  const fields = record as Record<string, unknown>
  expect(Object.keys(fields)).toEqual(Object.keys(plain))
  expect(JSON.stringify({ ...fields })).toBe(JSON.stringify({ ...plain }))
  for (const [name, value] of Object.entries(plain)) {
    expect(name in fields).toBe(true)
    if (typeof value === "object" && value !== null) expectSame(fields[name], value)
    else expect(fields[name]).toBe(value)
  }
  expect("absent" in fields).toBe(false)
}

/** JSON texts as people and machines write them: white space, escapes, numbers of all spellings, names that repeat. */
const space = fc.constantFrom("", "", "", " ", "\n  ", "\t")
const text = fc
  .oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "é", "😀", "\\", '"', "a\tb", "\u2028", "long enough for words \u0000"),
  )
  .map(value => JSON.stringify(value))
const escaped = fc.constantFrom('"\\u0041"', '"\\/"', '"a\\u00e9\\n"', '"\\ud83d\\ude00"', '"\\ud800"')
const number = fc.oneof(
  fc.constantFrom(
    "0",
    "-0",
    "1.0",
    "1e3",
    "-1.5E-7",
    "123456789012345678",
    "9007199254740993",
    "0.1",
    "1E400",
  ),
  fc.integer().map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
)
const scalar = fc.oneof(text, escaped, number, fc.constantFrom("true", "false", "null", "{}", "[]", "{ }"))
const name = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("a", "b", "value", "id", "é", "a b", "x".repeat(40)) },
  { weight: 1, arbitrary: fc.constantFrom("1", "10", "__proto__", "toString", "\ufeffa") },
)

const { value: json } = fc.letrec<{ value: string; object: string; array: string }>(tie => ({
  value: fc.oneof({ maxDepth: 4, withCrossShrink: true }, scalar, tie("object"), tie("array")),
  object: fc
    .tuple(fc.array(fc.tuple(name, space, tie("value"), space), { maxLength: 5 }), space)
    .map(
      ([members, before]) =>
        `{${before}${members.map(([key, gap, value, after]) => `${JSON.stringify(key)}${gap}:${gap}${value}${after}`).join(",")}}`,
    ),
  array: fc.array(tie("value"), { maxLength: 3 }).map(items => `[${items.join(",")}]`),
}))

describe("records as their readers see them", () => {
  test("are what JSON.parse makes, for any JSON", () => {
    fc.assert(
      fc.property(fc.array(json, { minLength: 1, maxLength: 12 }), texts => {
        const reader = new RecordReader()
        // Twice: shapes are learned from the first ones.
        for (const each of [...texts, ...texts]) expectSame(read(reader, each), JSON.parse(each))
      }),
      { numRuns: 300 },
    )
  })

  test("fail where JSON.parse fails, whatever was learned before", () => {
    const bytes = json.filter(each => each.length < 200)
    fc.assert(
      fc.property(bytes, fc.nat(), fc.nat(255), fc.boolean(), (each, place, byte, cuts) => {
        const reader = new RecordReader()
        read(reader, each)
        const broken = Uint8Array.from(encode(each))
        broken[place % broken.length] = byte
        const given = cuts ? broken.subarray(0, place % broken.length) : broken
        const outcome = (act: () => unknown) => {
          try {
            return JSON.stringify(materialised(act()))
          } catch (error) {
            return String(error)
          }
        }
        expect(outcome(() => read(reader, given))).toBe(
          outcome(() => JSON.parse(new TextDecoder().decode(given))),
        )
        expectSame(read(reader, each), JSON.parse(each))
      }),
      { numRuns: 1_000 },
    )
  })

  test("decode lazily once their shape is known, nested objects too", () => {
    const reader = new RecordReader()
    for (const n of [1, 2, 3]) {
      const record = read(reader, `{"kind":"bid","bid":{"price":${n}0,"tags":["x"]},"n":${n}}`) as {
        bid: { price: number; tags: string[] }
      }
      expect(isLazy(record)).toBe(true)
      expect(isLazy(record.bid)).toBe(true)
      expect(record.bid.price).toBe(n * 10)
      expect(record.bid.tags).toBe(record.bid.tags)
      const bytes = recordBytes(record.bid)
      expect(Buffer.from(bytes?.buffer ?? []).toString("utf8", bytes?.start, bytes?.end)).toBe(
        `{"price":${n}0,"tags":["x"]}`,
      )
    }
  })

  test("the last of several members of one name wins, as everywhere", () => {
    const reader = new RecordReader()
    for (const each of ['{"a":1,"a":2}', '{"a":1,"\\u0061":2}', '{"a":{"b":1},"a":{}}']) {
      expectSame(read(reader, each), JSON.parse(each))
    }
  })

  test("what was made around a record is kept without it", () => {
    const reader = new RecordReader()
    const around = { inner: [read(reader, '{"a":1}')], n: 1 }
    const kept = materialised(around)
    read(reader, '{"a":2}')
    expect(kept).toStrictEqual({ inner: [{ a: 1 }], n: 1 })
    const plain = { inner: [{ a: 1 }] }
    expect(materialised(plain)).toBe(plain)
  })

  test("are read-only: what writes to one is told what to do instead", () => {
    const reader = new RecordReader()
    const record = read(reader, '{"price":1}') as { price: number; other?: number }
    expect(() => {
      record.price = 2
    }).toThrow(/price: a record is read-only; expected a new one/)
    expect(() => {
      record.other = 2
    }).toThrow(TypeError)
    expect((read(reader, '{"price":3}') as { price: number }).price).toBe(3)
  })

  test("of ever new shapes are parsed as a whole, in the end without looking for one", () => {
    const reader = new RecordReader()
    for (let n = 0; n < 2_000; n++)
      expectSame(read(reader, `{"f${n}":1,"same":2}`), { [`f${n}`]: 1, same: 2 })
  })
})
