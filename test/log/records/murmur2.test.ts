import { expect, test } from "vitest"
import { murmur2, partitionForKey } from "../../../shared/log/records/index.ts"
import { utf8 } from "./support.ts"

// The vectors of Kafka's own UtilsTest, and lengths around the four-byte word.
test.each([
  ["21", -973932308],
  ["foobar", -790332482],
  ["a-little-bit-long-string", -985981536],
  ["a-little-bit-longer-string", -1486304829],
  ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
  ["abc", 479470107],
  ["1", -1993445489],
  ["12", 126087238],
  ["123", -267702483],
  ["1234", -1614185708],
  ["12345", -1188365604],
])("murmur2 of %s is Kafka's", (key, hash) => {
  expect(murmur2(utf8(key))).toBe(hash)
  expect(murmur2(utf8(`<${key}>`), 1, key.length + 1)).toBe(hash)
  expect(partitionForKey(utf8(key), 7)).toBe((hash & 0x7fffffff) % 7)
})
