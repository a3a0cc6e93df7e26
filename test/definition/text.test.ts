import fc from "fast-check"
import { expect, test } from "vitest"
import { canonicalJson } from "../../shared/definition/canonical.ts"
import { durationMs } from "../../shared/definition/duration.ts"
import { parseTimeFormat, type TimeFormat, timeReader } from "../../shared/definition/time-format.ts"

test.each([
  ["5s", 5_000],
  ["1m", 60_000],
  ["1h", 3_600_000],
  ["7d", 604_800_000],
  ["250ms", 250],
  ["0s", undefined],
  ["1.5h", undefined],
  ["-1d", undefined],
  ["7 d", undefined],
  ["7", undefined],
  ["999999999999999d", undefined],
  [7, undefined],
])("durations: %s", (text, ms) => {
  expect(durationMs(text)).toBe(ms)
})

function read(pattern: string, text: string): string | undefined {
  const ms = timeReader(parseTimeFormat(pattern) as TimeFormat)(text)
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

test.each([
  ["yyyy/MM/dd HH:mm", "2001/01/14 21:30", "2001-01-14T21:30:00.000Z"],
  ["yyyyMMdd'T'HHmmssSSS", "20010114T213059123", "2001-01-14T21:30:59.123Z"],
  ["dd.MM.yyyy 'at' HH 'o''clock'", "29.02.2024 at 07 o'clock", "2024-02-29T07:00:00.000Z"],
  ["yyyy", "0042", "0042-01-01T00:00:00.000Z"],
  ["yyyy-MM-dd HH:mm:ss.SSSSSS", "2001-01-14 21:30:59.999000", "2001-01-14T21:30:59.999Z"],
  ["yyyy-MM-dd HH:mm:ss.SSSSSS", "2001-01-14 21:30:59.999001", undefined],
  ["yyyy S", "2001 7", "2001-01-01T00:00:00.700Z"],
  ["yyyy/MM/dd", "2023/02/29", undefined],
  ["yyyy/MM/dd", "2023/2/9", undefined],
  ["yyyy/MM/dd", "2023-02-09", undefined],
  ["yyyy/MM/dd HH", "2023/02/09 24", undefined],
  ["yyyy/MM/dd", "2023/02/0x", undefined],
])("timestamps: %s reads %s", (pattern, text, iso) => {
  expect(read(pattern, text)).toBe(iso)
})

test.each([
  ["MM/dd", "names no year"],
  ["yyyy yyyy", "names yyyy twice"],
  ["yyyy-QQ", "has QQ; expected"],
  ["yyy", "has yyy; expected"],
  ["yyyy'T", "has a quote that is not closed"],
  [`yyyy${"-".repeat(80)}`, "is longer than 60 characters"],
])("a bad pattern: %s", (pattern, fault) => {
  expect(parseTimeFormat(pattern)).toContain(fault)
})

test("every moment of four-digit years is read back", () => {
  const reader = timeReader(parseTimeFormat("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") as TimeFormat)
  const moments = fc.date({
    min: new Date("0000-01-01T00:00:00Z"),
    max: new Date("9999-12-31T23:59:59.999Z"),
    noInvalidDate: true,
  })
  fc.assert(fc.property(moments, date => reader(date.toISOString()) === date.getTime()))
})

test("canonical JSON is one text for equal data", () => {
  expect(canonicalJson({ b: [1, { z: null, a: undefined }], a: "ü" })).toBe('{"a":"ü","b":[1,{"z":null}]}')
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), record => {
      const turned = Object.fromEntries(Object.entries(record).reverse())
      expect(canonicalJson(turned)).toBe(canonicalJson(record))
      expect(JSON.parse(canonicalJson(record))).toEqual(JSON.parse(JSON.stringify(record)))
    }),
  )
})
