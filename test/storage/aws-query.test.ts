import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { keyCondition } from "../../shared/storage/aws/key-condition.ts"
import type { Query } from "../../shared/storage/meta-store.ts"
import { compareUtf8 } from "../../shared/storage/utf8.ts"

const KEYS = ["\0", "0", "a", "aa", "é", "漢", "\ufffd", "\u{1f600}"]
const bound = fc.option(fc.constantFrom("", ...KEYS, "b"), { nil: undefined })
const query = fc.record({ from: bound, to: bound, after: bound, descending: fc.boolean() })

/** What DynamoDB gives for a condition, and what it refuses. */
function read(condition: ReturnType<typeof keyCondition>, descending: boolean): string[] {
  if (condition === undefined) return []
  const { KeyConditionExpression, ExpressionAttributeValues: values, ExclusiveStartKey } = condition
  const from = values[":from"]?.S
  const to = values[":to"]?.S
  for (const value of [from, to, ExclusiveStartKey?.sk?.S]) expect(value).not.toBe("")
  if (from !== undefined && to !== undefined) expect(compareUtf8(from, to)).toBeLessThanOrEqual(0)
  for (const name in values) expect(KeyConditionExpression).toContain(name)
  const within = (sk: string) =>
    (from === undefined || compareUtf8(sk, from) >= 0) && (to === undefined || compareUtf8(sk, to) <= 0)
  const start = ExclusiveStartKey?.sk?.S
  if (start !== undefined) expect(within(start), "a start within the bounds").toBe(true)
  const keys = KEYS.filter(within)
  if (start === undefined) return keys
  return keys.filter(sk => (descending ? compareUtf8(sk, start) < 0 : compareUtf8(sk, start) > 0))
}

describe("a query's range for DynamoDB", () => {
  test("is one that DynamoDB takes, and holds what the port says", () => {
    fc.assert(
      fc.property(query, ({ from, to, after, descending }) => {
        const asked: Query = { pk: "p", from, to, descending }
        const expected = KEYS.filter(
          sk =>
            (from === undefined || compareUtf8(sk, from) >= 0) &&
            (to === undefined || compareUtf8(sk, to) <= 0) &&
            (after === undefined || (descending ? compareUtf8(sk, after) < 0 : compareUtf8(sk, after) > 0)),
        )
        expect(read(keyCondition(asked, after), descending)).toEqual(expected)
      }),
      { numRuns: 2_000 },
    )
  })
})
