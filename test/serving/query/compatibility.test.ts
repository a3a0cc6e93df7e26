import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { routes } from "../../../shared/api/routes.ts"
import { allowedFunctions } from "../../../shared/serving/sql/allowed-functions.ts"
import { rewritingOf } from "../../../shared/serving/sql/pinot/rewrite.ts"

const page = readFileSync(new URL("../../../docs/compatibility.md", import.meta.url), "utf8")

/** The rows of a section's table: the first cell, split at its commas, and the claim. */
function claims(section: string): [string, string][] {
  const text = page.split(`\n## ${section}\n`)[1]?.split("\n## ")[0] ?? ""
  return [...text.matchAll(/^\| ([^|]+) \| (full|partial|refused|ignored|absent) \|/gm)].flatMap(
    ([, names = "", claim = ""]) =>
      names.split(", ").map((name): [string, string] => [name.replaceAll("`", ""), claim]),
  )
}

describe("docs/compatibility.md claims of functions what is so:", () => {
  const functions = claims("Functions")
  test("there are many", () => expect(functions.length).toBeGreaterThan(100))

  test.each(functions)("%s is %s", (name, claim) => {
    const isKnown = rewritingOf(name.toLowerCase()) !== undefined || allowedFunctions.has(name.toLowerCase())
    expect(isKnown).toBe(claim !== "refused")
  })
})

test("and of routes", () => {
  const claimed = claims("Routes").filter(([name, claim]) => claim !== "absent" && /^[A-Z]+ \//.test(name))
  expect(claimed.length).toBeGreaterThan(15)
  const known = routes.map(({ method, path }) => `${method} ${path.replace(/:\w+/g, "{}")}`)
  for (const [name] of claimed) expect(known).toContain(name.replace(/\{\w+\}/g, "{}"))
})
