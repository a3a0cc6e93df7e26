import fc from "fast-check"
import { describe, expect, test } from "vitest"
import {
  createBatchBuilder,
  decodeRecords,
  ndjsonRecords,
  partitionForKey,
} from "../../../shared/log/records/index.ts"
import { faultOf, readable, text, utf8 } from "./support.ts"

const values = (body: string) =>
  readable(ndjsonRecords(utf8(body), { partitions: 3 })).flatMap(group =>
    group.records.map(record => record.value),
  )
const keyed = (body: string, keyField = "k", partitions = 1) =>
  readable(ndjsonRecords(utf8(body), { partitions, keyField })).flatMap(group =>
    group.records.map(record => [record.key, record.value]),
  )

describe("NDJSON without keys", () => {
  test("is a value a line, byte for byte", () => {
    const body = '{"a":1}\r\n\n  {"b" : "\\u00e9é",\t"c":1e3} \n\t\n"x"\n-0.50\r\n[ ]\n\nnull'
    expect(values(body)).toEqual(['{"a":1}', '{"b" : "\\u00e9é",\t"c":1e3}', '"x"', "-0.50", "[ ]", "null"])
  })

  test("goes to any partition, or to the path's", () => {
    const parsed = ndjsonRecords(utf8("1\n2"), { partitions: 3 })
    expect(parsed).toMatchObject({ count: 2, keyed: false, groupOf: null, groups: [{ partition: "any" }] })
    expect(ndjsonRecords(utf8("1\n2"), { partitions: 3, partition: 2 }).groups[0]?.partition).toBe(2)
  })

  test("is written in parts, with the time it is given", () => {
    const { records } = ndjsonRecords(utf8("1\n2\n3\n4"), { partitions: 1 }).groups[0]!
    const builder = createBatchBuilder()
    records.write(builder, 1, 3, 77)
    const written = decodeRecords(builder.finish().bytes)
    expect(written.map(each => [text(each.value!), each.timestamp])).toEqual([
      ["2", 77],
      ["3", 77],
    ])
  })

  test("keeps what any client's JSON.stringify wrote", () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue(), { minLength: 1, maxLength: 200 }),
        fc.constantFrom("\n", "\r\n", "\n\n"),
        (all, eol) => {
          const lines = all.map(each => JSON.stringify(each))
          expect(values(lines.join(eol))).toEqual(lines)
          expect(values(lines.join(eol) + eol)).toEqual(lines)
        },
      ),
      { numRuns: 50 },
    )
  })

  test("has as many lines as it likes", () => {
    const parsed = ndjsonRecords(utf8("1\n".repeat(100_000)), { partitions: 1 })
    expect(parsed.count).toBe(100_000)
  })
})

describe("a fault names line, column and what was expected", () => {
  test.each([
    ['1\n2\n\n3\n4\n5\n{"a":1 "b"}\n', 7, 8, 'expected "," or "}", found a quote'],
    ['{"a":1}\n{"a":\n1}', 2, 6, "expected a JSON value, found the end of the line"],
    ['{"a":1', 1, 7, 'expected "," or "}", found the end of the body'],
    ['"abc\n', 1, 5, "expected a closing quote, found the end of the line"],
    ['{"a":1}{"a":2}', 1, 8, 'expected the end of the line, found "{"'],
    ["1\r\n01", 2, 2, 'expected the end of the line, found "1"'],
    ['"\u0001"', 1, 2, "expected control characters escaped, found byte 0x01"],
    ['"é\\x"', 1, 5, 'expected one of "\\/bfnrtu after the backslash, found "x"'],
    ['"\\u12"', 1, 6, "expected four hexadecimal digits, found a quote"],
    ["tru", 1, 4, "expected true, found the end of the body"],
    ["-", 1, 2, "expected a digit, found the end of the body"],
    ["{1:2}", 1, 2, 'expected a member name in quotes, found "1"'],
    ["\ufeff1", 1, 1, "expected a JSON value, found byte 0xef"],
  ])("%j", (body, line, column, message) => {
    const error = faultOf(() => ndjsonRecords(utf8(body), { partitions: 1 }))
    expect(error.code).toBe("malformed_json")
    expect(error.message).toBe(`line ${line}, column ${column}: ${message}`)
    expect(error.detail).toEqual({ line, column })
    expect(values("1")).toEqual(["1"])
  })

  test.each<[string, number[], number]>([
    ["a stray continuation", [0x80], 1],
    ["an overlong slash", [0xc0, 0xaf], 1],
    ["half a surrogate pair", [0xed, 0xa0, 0x80], 1],
    ["beyond Unicode", [0xf4, 0x90, 0x80, 0x80], 1],
    ["a sequence cut short", [0xc3, 0xa9, 0xe2, 0x82], 3],
  ])("bytes that are no UTF-8: %s", (_, bytes, column) => {
    const body = Uint8Array.from([49, 10, 34, ...bytes, 34, 10, 123])
    const error = faultOf(() => ndjsonRecords(body, { partitions: 1 }))
    expect(error.message).toMatch(new RegExp(`^line 2, column ${column + 1}: expected UTF-8, found byte 0x`))
  })

  test("the first fault is the one that is named", () => {
    const body = Uint8Array.from([123, 10, 34, 0xff, 34])
    expect(faultOf(() => ndjsonRecords(body, { partitions: 1 })).message).toContain("line 1, column 2")
  })

  test("a body without records", () => {
    for (const body of ["", "\n\r\n  \n"]) {
      const error = faultOf(() => ndjsonRecords(utf8(body), { partitions: 1 }))
      expect(error.code).toBe("invalid_record")
      expect(error.message).toBe("body: expected at least one record, found none")
    }
  })
})

describe("NDJSON with keys", () => {
  test("takes a string key as its text, any other as JSON", () => {
    const lines = [
      '{"k":"a"}',
      '{"x":{"k":1},"k" : "\\u00e9\\ud83d\\ude00\\n\\/"}',
      '{"k":1.50}',
      '{"k":{"z": [1]},"l":2}',
      '{"k":true}',
      '{"\\u006b":"escaped name"}',
      '{"k":""}',
    ]
    expect(keyed(lines.join("\n"))).toEqual(
      ["a", "é😀\n/", "1.50", '{"z": [1]}', "true", "escaped name", ""].map((key, i) => [key, lines[i]]),
    )
  })

  test("takes the last of duplicate members", () => {
    expect(keyed('{"k":"a","k":"b"}')[0]![0]).toBe("b")
  })

  test("gives each key the partition that it hashes to, in order", () => {
    const lines = Array.from({ length: 500 }, (_, i) => `{"k":"key-${i % 37}","n":${i}}`)
    const parsed = ndjsonRecords(utf8(lines.join("\n")), { partitions: 5, keyField: "k" })
    const groups = readable(parsed)
    expect(parsed.count).toBe(500)
    expect(new Set(groups.map(group => group.partition)).size).toBe(groups.length)
    const next = groups.map(() => 0)
    lines.forEach((line, i) => {
      const group = parsed.groupOf![i]!
      const record = groups[group]!.records[next[group]!++]!
      expect(record.value).toBe(line)
      expect(groups[group]!.partition).toBe(partitionForKey(utf8(record.key!), 5))
    })
  })

  test.each([
    ['{"k":1}\n\n{"j":1}', 3, '{"j":1}'],
    ['{"k":1}\n{"k":null}', 2, '{"k":null}'],
    ["[1]", 1, "[1]"],
  ])("a line without its key is named: %j", (body, line, found) => {
    const error = faultOf(() => keyed(body))
    expect(error.code).toBe("invalid_record")
    expect(error.message).toBe(`line ${line}: expected an object with the key field "k", found ${found}`)
    expect(error.detail).toEqual({ line, path: "k" })
  })

  test("a line that is no JSON is named before its missing key", () => {
    expect(faultOf(() => keyed('{"j":1')).code).toBe("malformed_json")
    expect(faultOf(() => keyed('{"k":"\\ud800"}')).message).toContain("both halves of a surrogate pair")
  })
})
