import { readdirSync, readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { decodeRecords, verifyBatch } from "../../../shared/log/records/index.ts"
import { text } from "./support.ts"

// The same 63 records as other clients encode them, one file a client and codec: kafka-python 3.0 (with liblz4,
// snappy's and zstd's own libraries), kafkajs 2.2 (which leaves out the null header), @platformatic/kafka (whose
// snappy is one raw block).
const folder = new URL("../../golden/records/", import.meta.url)
const files = readdirSync(folder).filter(name => name.endsWith(".hex"))

test.each(files)("%s is read as it was meant", name => {
  const batch = new Uint8Array(Buffer.from(readFileSync(new URL(name, folder), "latin1").trim(), "hex"))
  const header = verifyBatch(batch)
  expect(header).toMatchObject({
    codec: name.slice(name.lastIndexOf("-") + 1, -4),
    count: 63,
    baseTimestamp: 1_700_000_000_000,
    minTimestamp: 1_699_999_999_000,
    maxTimestamp: 1_700_000_000_500,
  })
  if (name.startsWith("kafka-python"))
    expect(header).toMatchObject({ producerId: 4711, producerEpoch: 3, baseSequence: 42 })

  const records = decodeRecords(batch)
  const readable = records.map(({ key, value, headers, ...rest }) => ({
    ...rest,
    key: key && text(key),
    value: value && text(value),
    headers: headers.map(header => [header.key, header.value && text(header.value)]),
  }))
  const headers = name.startsWith("kafkajs")
    ? [["h1", "x"]]
    : [
        ["h1", "x"],
        ["h2", null],
      ]
  expect(readable.slice(0, 3)).toEqual([
    { offset: 0, timestamp: 1_700_000_000_000, key: "k1", value: "v1", headers: [] },
    { offset: 1, timestamp: 1_700_000_000_500, key: null, value: "héllo", headers },
    { offset: 2, timestamp: 1_699_999_999_000, key: "k2", value: null, headers: [] },
  ])
  expect(readable.slice(3)).toEqual(
    Array.from({ length: 60 }, (_, i) => ({
      offset: i + 3,
      timestamp: 1_700_000_000_000 + i,
      key: `key-${i}`,
      value: `{"n":${i},"pad":"${"x".repeat(i)}"}`,
      headers: [],
    })),
  )
})

test("every codec has a file", () => {
  expect(new Set(files.map(name => name.slice(name.lastIndexOf("-") + 1, -4)))).toEqual(
    new Set(["none", "gzip", "snappy", "lz4", "zstd"]),
  )
})
