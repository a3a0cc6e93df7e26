import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { consumerSettings } from "../../client/consumer/options.ts"
import { producerSettings } from "../../client/producer/options.ts"

const text = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8")

/** What the page's tables say of options: names and defaults. */
const rows = [...text.matchAll(/^\| (`\w+`(?:, `\w+`)*) \| ([^|]+) \|/gm)].flatMap(
  ([, names = "", defaults = ""]) => {
    const values = defaults.includes(",") && names.includes(",") ? defaults.split(", ") : [defaults]
    return names
      .split(", ")
      .map((name, at) => [name.slice(1, -1), values[at]?.trim().replaceAll("`", "")] as const)
  },
)

test.each([
  ["producer", producerSettings({ url: "http://x" })],
  ["consumer", consumerSettings({ url: "http://x" })],
])("docs/client.md tells the defaults of the %s's options", (_, settings) => {
  const told = Object.entries(settings).map(([name]) => [name, rows.find(([row]) => row === name)?.[1]])
  const shown = (value: unknown) =>
    typeof value === "number" ? value.toLocaleString("en") : value === undefined ? "none" : String(value)
  expect(told).toEqual(Object.entries(settings).map(([name, value]) => [name, shown(value)]))
})

test("docs/client.md tells every error of the client's own", () => {
  const source = readFileSync(new URL("../../client/errors.ts", import.meta.url), "utf8")
  const union = source.slice(
    source.indexOf("export type ClientErrorCode"),
    source.indexOf("/**\n * A failure of the client"),
  )
  const codes = [...union.matchAll(/\| "(\w+)"/g)].map(([, code]) => code)
  expect(codes.length).toBeGreaterThan(8)
  for (const code of codes) expect(text, code).toContain(`| \`${code}\` |`)
})
