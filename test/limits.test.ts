import { existsSync, readFileSync } from "node:fs"
import { resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, test } from "vitest"

// docs/limits.md says how much is allowed, and names the constant of each bound: both must be the same.

const UNITS: Readonly<Record<string, number>> = {
  KiB: 1024,
  MiB: 1024 ** 2,
  GiB: 1024 ** 3,
  s: 1_000,
  h: 3_600_000,
  bytes: 1,
  characters: 1,
}

interface Row {
  readonly bound: string
  readonly limit: number
  /** `NAME`, or `NAME.member`. */
  readonly constant: string
  readonly file: string
}

function rowOf(line: string): Row | undefined {
  const [bound = "", limit = "", , constant = "", name = ""] = line
    .split("|")
    .slice(1, -1)
    .map(cell => cell.trim())
  const [, digits, unit] = /^([\d,.]+)(?: (\w+))?$/.exec(limit) ?? []
  const named = /^`([\w.]+)`$/.exec(constant)?.[1]
  if (digits === undefined || named === undefined) return undefined
  const factor = unit === undefined ? 1 : UNITS[unit]
  if (factor === undefined) throw new Error(`${line}: an unknown unit`)
  const file = [`shared/${name}`, name].find(path => existsSync(path)) ?? name
  return { bound, limit: Number(digits.replaceAll(",", "")) * factor, constant: named, file }
}

const lines = readFileSync("docs/limits.md", "utf8")
  .split("\n")
  .filter(line => /^\| (?!bound|\*\*)/.test(line))
const rows = lines.map(rowOf)

/** The value of a constant, imported; of one that its file keeps to itself, as the file's text says. */
async function constantOf({ constant, file }: Row): Promise<unknown> {
  const [name = "", member] = constant.split(".")
  const module = (await import(pathToFileURL(resolve(file)).href)) as Record<string, unknown>
  if (name in module) {
    const value = module[name]
    return member === undefined ? value : (value as Record<string, unknown>)[member]
  }
  const text = new RegExp(`^const ${name} = ([\\d_ .*+-]+)$`, "m").exec(readFileSync(file, "utf8"))?.[1]
  return text === undefined ? undefined : product(text)
}

/** What an expression such as `8 * 1024 ** 3` comes to. */
function product(text: string): number {
  return text
    .replaceAll("_", "")
    .split(/ \* /)
    .map(factor => factor.split(" ** ").map(Number))
    .reduce((total, [base = Number.NaN, exponent = 1]) => total * base ** exponent, 1)
}

test("every row of the table names a limit, a constant and a file", () => {
  expect(rows.length).toBeGreaterThan(70)
  expect(lines.filter((_, index) => rows[index] === undefined)).toEqual([])
})

test.each(rows.filter(row => row !== undefined))("$bound: $constant is what the page says", async row => {
  const value = await constantOf(row)
  if (value instanceof RegExp) {
    expect(value.test("a".repeat(row.limit))).toBe(true)
    expect(value.test("a".repeat(row.limit + 1))).toBe(false)
  } else expect(value).toBe(row.limit)
})
