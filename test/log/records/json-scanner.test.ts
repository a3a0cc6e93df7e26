import fc from "fast-check"
import { describe, expect, test } from "vitest"
import { JSON_DEPTH_MAX } from "../../../shared/log/records/index.ts"
import { JsonFault, JsonScanner } from "../../../shared/log/records/json-scanner.ts"
import { utf8 } from "./support.ts"

/** Whether `text` is one JSON text with nothing but white space around it. */
function scans(text: string): boolean {
  const bytes = utf8(text)
  const scanner = new JsonScanner(bytes, false)
  try {
    return scanner.space(scanner.value(scanner.space(0))) === bytes.length
  } catch (error) {
    expect(error).toBeInstanceOf(JsonFault)
    const { at } = error as JsonFault
    expect(at).toBeGreaterThanOrEqual(0)
    expect(at).toBeLessThanOrEqual(bytes.length)
    return false
  }
}

function parses(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}

const number = fc
  .tuple(
    fc.constantFrom("", "-", "+"),
    fc.constantFrom("0", "7", "10", "01", "", "123456789012345678901234567890"),
    fc.constantFrom("", ".5", ".", ".05"),
    fc.constantFrom("", "e5", "E-7", "e+", "e", "e00"),
  )
  .map(parts => parts.join(""))
const string = fc
  .array(
    fc.oneof(
      fc.string({ unit: "binary", maxLength: 12 }).map(text => text.replace(/\p{Cc}|["\\]/gu, "")),
      fc.constantFrom(
        "\\n",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\ud800",
        "\\/",
        "\\x",
        "\\u12g4",
        "\\u12",
        "\t",
        "\u007f",
      ),
    ),
    { maxLength: 4 },
  )
  .map(parts => `"${parts.join("")}"`)
const space = fc.constantFrom("", "", "", " ", "\n", "\r\n\t", "\u00a0")
const { value } = fc.letrec<{ value: string }>(tie => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.oneof(number, string, fc.constantFrom("true", "false", "null", "nul", "True")),
    fc
      .tuple(
        fc.array(
          fc.tuple(space, tie("value"), space).map(parts => parts.join("")),
          { maxLength: 3 },
        ),
        space,
      )
      .map(([parts, inner]) => `[${parts.join(",") || inner}]`),
    fc
      .array(
        fc
          .tuple(space, string, space, tie("value"), space)
          .map(([a, name, b, each, c]) => `${a}${name}${b}:${each}${c}`),
        { maxLength: 3 },
      )
      .map(parts => `{${parts.join(",")}}`),
  ),
}))

describe("the scanner agrees with JSON.parse", () => {
  test("on valid texts", () => {
    fc.assert(
      fc.property(fc.json(), fc.constantFrom(undefined, 1, "\t"), (json, indent) => {
        expect(scans(JSON.stringify(JSON.parse(json), null, indent))).toBe(true)
      }),
    )
  })

  test("on texts that are valid or nearly so", () => {
    let valid = 0
    fc.assert(
      fc.property(value, space, (json, after) => {
        const text = json + after
        if (parses(text)) valid++
        expect(scans(text)).toBe(parses(text))
      }),
      { numRuns: 1500 },
    )
    expect(valid).toBeGreaterThan(100)
  })

  test("on texts with a few characters changed", () => {
    const odd = fc.constantFrom(...'{}[]:,"\\0-+.eEtfnu19 \n\t\u0000\u001f\u0080é')
    fc.assert(
      fc.property(
        fc.json(),
        fc.array(fc.tuple(fc.nat(), odd, fc.nat(2)), { maxLength: 3 }),
        (json, changes) => {
          let text = json
          for (const [at, char, removed] of changes) {
            const index = at % (text.length + 1)
            text = text.slice(0, index) + char + text.slice(index + removed)
          }
          expect(scans(text)).toBe(parses(text))
        },
      ),
      { numRuns: 1500 },
    )
  })

  test.each([
    "",
    " ",
    "-",
    "1 2",
    '{"a":1,}',
    "[1,]",
    "[,1]",
    '{,"a":1}',
    "{]",
    "[}",
    '{"a"}',
    "nulll",
    '"\u2028"',
    "\ufeff1",
  ])("on %j", text => expect(scans(text)).toBe(parses(text)))
})

test("nesting is bounded", () => {
  const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth)
  expect(scans(nested(JSON_DEPTH_MAX))).toBe(true)
  expect(scans(nested(JSON_DEPTH_MAX + 1))).toBe(false)
  expect(scans(`${'{"a":'.repeat(JSON_DEPTH_MAX)}1${"}".repeat(JSON_DEPTH_MAX)}`)).toBe(true)
  expect(scans(`[${"[],".repeat(5000)}[]]`)).toBe(true)
})
