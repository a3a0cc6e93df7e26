import fc from "fast-check"
import { expect, test } from "vitest"
import { topicPattern } from "../../../shared/log/groups/topic-pattern.ts"

const names = [
  "",
  "a",
  "ab",
  "abc",
  "aab",
  "orders-1",
  "orders-12",
  "x.y",
  "A_b",
  "-",
  "orders",
  "a{2}",
  "a-b",
]

const patterns = [
  "a",
  "ab?c?",
  ".*",
  "a+b",
  "(a|ab)(c|)",
  "orders-\\d{1,2}",
  "^orders-\\d$",
  "[a-c]*",
  "[^a-c.]+",
  "x\\.y",
  "\\w+",
  "[\\w.-]*",
  "(?:a{2})b",
  "a{1,}b?",
  "[-a]b?",
  "(a*)*b",
  "((a|b)+c?)*?",
]

test.each(patterns)("%s matches whole names as JavaScript does", text => {
  const [mine, theirs] = [topicPattern(text), new RegExp(`^(?:${text})$`)]
  for (const name of names) expect([name, mine(name)]).toEqual([name, theirs.test(name)])
})

test("random patterns match as JavaScript's do", () => {
  const atom = fc.constantFrom("a", "b", ".", "[ab]", "[^a]", "\\w", "-", "\\.")
  const suffix = fc.constantFrom("", "", "*", "+", "?", "{2}", "{0,2}", "{1,}", "*?")
  const { row } = fc.letrec(tie => ({
    row: fc.array(tie("piece"), { minLength: 1, maxLength: 4 }).map(pieces => pieces.join("")),
    piece: fc.oneof(
      { depthSize: "small" },
      fc.tuple(atom, suffix).map(parts => parts.join("")),
      fc.tuple(tie("row"), tie("row"), suffix).map(([a, b, end]) => `(${a}|${b})${end}`),
    ),
  }))
  const name = fc.string({ unit: fc.constantFrom("a", "b", "-", "."), maxLength: 7 })
  fc.assert(
    fc.property(row as fc.Arbitrary<string>, fc.array(name, { maxLength: 10 }), (text, tried) => {
      fc.pre(text.length <= 50)
      const [mine, theirs] = [topicPattern(text), new RegExp(`^(?:${text})$`)]
      for (const each of tried) expect(mine(each)).toBe(theirs.test(each))
    }),
    { numRuns: 100 },
  )
})

test("a pattern that would take others for ever takes no longer than any", () => {
  const evil = topicPattern("(a*)*(a+)+(a|aa)+b")
  expect(evil("a".repeat(100))).toBe(false)
  expect(evil(`${"a".repeat(99)}b`)).toBe(true)
})

test.each([
  ["", "expected 1 to 256 characters"],
  ["a".repeat(257), "expected 1 to 256 characters, got 257"],
  ["(a", "at character 3: expected )"],
  ["a)", "at character 2: unexpected )"],
  ["*a", "at character 1: unexpected *"],
  ["a**", "nothing to repeat"],
  ["[a", "expected ]"],
  ["[b-a]", "a range's end is below its start"],
  ["a{2,1}", "the lower bound first"],
  ["a{x}", "expected {n}, {n,} or {n,m}"],
  ["(?=a)", "look-around"],
  ["\\1", "expected \\d"],
  ["(((a{100}){100}){100})", "steps"],
  // No steps, and yet 100^8 times the work.
  [`${"(".repeat(8)}()${"{100})".repeat(8)}`, "steps"],
])("%s is refused: %s", (text, message) => {
  expect(() => topicPattern(text)).toThrow(expect.objectContaining({ code: "invalid_group" }))
  expect(() => topicPattern(text)).toThrow(message)
  expect(topicPattern("a")("a")).toBe(true)
})
