import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { kafkaRecords, partitionForKey } from "../../../shared/log/records/index.ts"
import { faultOf, readable, utf8 } from "./support.ts"

const json = (body: string, partition?: number) =>
  kafkaRecords(utf8(body), {
    format: "json",
    partitions: 4,
    ...(partition === undefined ? {} : { partition }),
  })
const binary = (body: string) => kafkaRecords(utf8(body), { format: "binary", partitions: 4 })
const record = (key: string | null, value: string | null, headers: unknown[] = [], timestamp = 5) => ({
  key,
  value,
  headers,
  timestamp,
})

describe("format json", () => {
  test("keeps values byte for byte; a string key is its text", () => {
    const parsed = json(
      ' { "records" : [ {"key":"a\\u00e9","value": {"x" : "\\u00e9", "y": 1.0 } }, {"value":"s","key":{"k": 1}},\n{"value":null,"key":null} ] } \n',
      1,
    )
    expect(readable(parsed)).toEqual([
      {
        partition: 1,
        records: [
          record("aé", '{"x" : "\\u00e9", "y": 1.0 }'),
          record('{"k": 1}', '"s"'),
          record(null, null),
        ],
      },
    ])
    expect(parsed).toMatchObject({ count: 3, keyed: true, groupOf: null })
  })

  test("takes timestamps and headers", () => {
    const headers =
      '[{"name":"a","value":"x\\ty"},{"value":{"z": 1},"key":"\\u00e9"},{"name":"n","value":null}]'
    const parsed = json(
      `{"records":[{"value":0},{"value":1,"timestamp":1700000000000,"headers":${headers}},{"value":2,"headers":[]}]}`,
    )
    expect(readable(parsed)[0]!.records).toEqual([
      record(null, "0"),
      record(
        null,
        "1",
        [
          ["a", "x\ty"],
          ["é", '{"z": 1}'],
          ["n", null],
        ],
        1_700_000_000_000,
      ),
      record(null, "2"),
    ])
  })

  test("groups by the record's partition, else its key's, else any", () => {
    const parsed = json(
      '{"records":[{"value":0},{"value":1,"partition":3},{"value":2,"key":"k"},{"value":3},{"value":4,"key":"k","partition":3},{"value":5,"partition":null}]}',
    )
    const byKey = partitionForKey(utf8("k"), 4)
    const groups = readable(parsed).map(group => [group.partition, group.records.map(each => each.value)])
    expect(groups).toEqual([
      ["any", ["0", "3", "5"]],
      [3, ["1", "4"]],
      [byKey, ["2"]],
    ])
    expect(Array.from(parsed.groupOf!)).toEqual([0, 1, 2, 0, 1, 0])
  })

  test("takes the last of duplicate members", () => {
    const parsed = json('{"records":[{"value":9}],"records":[{"value":1,"value":2,"key":"a","key":null}]}')
    expect(readable(parsed)).toEqual([{ partition: "any", records: [record(null, "2")] }])
  })

  test("reads what JSON.stringify writes", () => {
    const each = fc.record(
      { key: fc.option(fc.string({ unit: "grapheme" })), value: fc.jsonValue(), timestamp: fc.maxSafeNat() },
      { requiredKeys: ["value"] },
    )
    fc.assert(
      fc.property(fc.array(each, { minLength: 1, maxLength: 30 }), records => {
        const parsed = json(JSON.stringify({ records }), 0)
        expect(readable(parsed)[0]!.records).toEqual(
          records.map(({ key = null, value, timestamp = 5 }) =>
            record(key, value === null ? null : JSON.stringify(value), [], timestamp),
          ),
        )
      }),
      { numRuns: 50 },
    )
  })
})

describe("format binary", () => {
  test("decodes base64, padded or not, escaped or not", () => {
    const body =
      '{"records":[{"key":"aGVsbG8=","value":"d29ybGQ"},{"value":null},{"value":"","headers":[{"name":"h","value":"aGk="}]},{"value":"\\/\\u002b8=","key":null}]}'
    const parsed = binary(body)
    const all = readable(parsed).flatMap(group => group.records)
    expect(all.slice(0, 3)).toEqual([
      record("hello", "world"),
      record(null, null),
      record(null, "", [["h", "hi"]]),
    ])
    expect(all).toHaveLength(4)
  })

  test("gives back any bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { minLength: 1, maxLength: 10 }), values => {
        const records = values.map(value => ({ value: Buffer.from(value).toString("base64") }))
        const { records: source } = binary(JSON.stringify({ records })).groups[0]!
        const seen: Uint8Array[] = []
        const builder = {
          count: 0,
          sizeBytes: 0,
          add: (bytes: Uint8Array, _k: number, _e: number, start: number, end: number) => {
            seen.push(bytes.slice(start, end))
          },
        }
        source.write(builder, 0, source.count, 0)
        expect(seen).toEqual(values)
      }),
    )
  })
})

describe("a fault names its path and what was expected", () => {
  const partition = "expected an integer from 0 to 2147483647"
  const timestamp = "expected an integer from 0 to 9007199254740991"
  const members = "unknown member, expected only key, value, partition, timestamp, headers"
  test.each([
    [
      '{"records":[{"value":1},{"value":1},{"value":1},{"value":1,"partition":"x"}]}',
      `records[3].partition: ${partition}, found "x"`,
    ],
    [
      '{"records":[{"value":1,"partition":2147483648}]}',
      `records[0].partition: ${partition}, found 2147483648`,
    ],
    ['{"records":[{"value":1,"partition":-1}]}', `records[0].partition: ${partition}, found -1`],
    ['{"records":[{"value":1,"timestamp":1.5}]}', `records[0].timestamp: ${timestamp}, found 1.5`],
    [
      '{"records":[{"value":1,"timestamp":9007199254740992}]}',
      `records[0].timestamp: ${timestamp}, found 9007199254740992`,
    ],
    [
      '{"records":[{"value":1,"timestamp":12345678901234567890}]}',
      `records[0].timestamp: ${timestamp}, found 12345678901234567890`,
    ],
    ['{"records":[{"value":1},{"key":2}]}', 'records[1].value: expected a value, or null, found {"key":2}'],
    ['{"records":[{"value":1,"part":2}]}', `records[0].part: ${members}`],
    ['{"records":[1]}', "records[0]: expected an object, found 1"],
    ['{"records":{}}', "records: expected an array, found {}"],
    ['{"record":[]}', 'record: unknown member, expected only "records"'],
    ["{}", "records: expected an array, found {}"],
    ["[]", 'body: expected an object with "records", found []'],
    ['{"records":[]}', "records: expected at least one record, found none"],
    ['{"records":[{"value":1,"headers":{}}]}', "records[0].headers: expected an array, found {}"],
    ['{"records":[{"value":1,"headers":[1]}]}', "records[0].headers[0]: expected an object, found 1"],
    [
      '{"records":[{"value":1,"headers":[{"name":"a","value":1},{"name":2,"value":1}]}]}',
      "records[0].headers[1].name: expected a string, found 2",
    ],
    [
      '{"records":[{"value":1,"headers":[{"name":"a"}]}]}',
      'records[0].headers[0].value: expected a value, or null, found {"name":"a"}',
    ],
    [
      '{"records":[{"value":1,"headers":[{"value":"a"}]}]}',
      'records[0].headers[0].name: expected a string, found {"value":"a"}',
    ],
    [
      '{"records":[{"value":1,"headers":[{"x":"a"}]}]}',
      "records[0].headers[0].x: unknown member, expected only name, value",
    ],
  ])("%s", (body, message) => {
    const error = faultOf(() => json(body))
    expect(error.code).toBe("invalid_record")
    expect(error.message).toBe(message)
    expect(message.startsWith(`${error.detail.path}: `)).toBe(true)
    expect(json('{"records":[{"value":1}]}').count).toBe(1)
  })

  test.each([
    ['{"records":[{"value":"a$b="}]}', 'records[0].value: expected a base64 string, or null, found "a$b="'],
    ['{"records":[{"value":"aaaaa"}]}', 'records[0].value: expected a base64 string, or null, found "aaaaa"'],
    ['{"records":[{"value":"YQ==","key":1}]}', "records[0].key: expected a base64 string, or null, found 1"],
    [
      '{"records":[{"value":"YQ==","headers":[{"name":"a","value":2}]}]}',
      "records[0].headers[0].value: expected a base64 string, or null, found 2",
    ],
  ])("binary: %s", (body, message) => {
    const error = faultOf(() => binary(body))
    expect(error.code).toBe("invalid_record")
    expect(error.message).toBe(message)
  })

  test("a partition that differs from the path's", () => {
    expect(faultOf(() => json('{"records":[{"value":1,"partition":3}]}', 2)).message).toBe(
      "records[0].partition: expected 2, the path's, found 3",
    )
    expect(json('{"records":[{"value":1,"partition":2}]}', 2).groups[0]?.partition).toBe(2)
  })

  test.each([
    ["", "line 1, column 1: expected a JSON value, found the end of the body"],
    ['{"records":[{"value":1}', 'line 1, column 24: expected "," or "]", found the end of the body'],
    ['{"records":[{"value":1}]} x', 'line 1, column 27: expected the end of the body, found "x"'],
    ['{"records":[\n{"value":1,}]}', 'line 2, column 12: expected a member name in quotes, found "}"'],
    ['{"records":[{"value":1},]}', 'line 1, column 25: expected a JSON value, found "]"'],
    ['{"records":[{"value":tru}]}', 'line 1, column 25: expected true, found "}"'],
  ])("JSON that is none: %j", (body, message) => {
    const error = faultOf(() => json(body))
    expect(error.code).toBe("malformed_json")
    expect(error.message).toBe(message)
  })
})

test("any bytes whatsoever give records or a LogError", () => {
  const body = utf8(
    '{"records":[{"key":"a\\n","value":{"x":[1,"é"]},"partition":1,"timestamp":5,"headers":[{"name":"n","value":"v"}]}]}',
  )
  fc.assert(
    fc.property(
      fc.constantFrom("json" as const, "binary" as const),
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
      (format, cut, changes) => {
        const broken = body.slice(0, cut % 2 === 0 ? body.length : cut % body.length)
        for (const [at, byte] of changes) broken[at % Math.max(1, broken.length)] = byte
        try {
          kafkaRecords(broken, { format, partitions: 2 })
        } catch (error) {
          expect(error).toMatchObject({ name: "LogError" })
        }
      },
    ),
    { numRuns: 500 },
  )
})
