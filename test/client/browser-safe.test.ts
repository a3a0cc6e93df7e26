import { readFileSync } from "node:fs"
import { dirname, relative, resolve } from "node:path"
import { expect, test } from "vitest"
import { specifiersOf } from "../../pack/imported-packages.ts"

const root = resolve(import.meta.dirname, "../..")

function reach(file: string, reached: Map<string, string[]>): void {
  if (reached.has(file)) return
  const specifiers = specifiersOf(readFileSync(file, "utf8"))
  reached.set(file, specifiers)
  for (const specifier of specifiers)
    if (specifier.startsWith(".")) reach(resolve(dirname(file), specifier), reached)
}

test("what browsers load is plain TypeScript: nothing of Node, no package, nothing native", () => {
  const reached = new Map<string, string[]>()
  reach(resolve(root, "client/browser.ts"), reached)
  const foreign = [...reached.values()].flat().filter(specifier => !specifier.startsWith("."))
  expect(foreign).toEqual([])
  const shared = [...reached.keys()]
    .map(file => relative(root, file))
    .filter(file => !file.startsWith("client/"))
  expect(shared.sort()).toEqual([
    "shared/log/errors.ts",
    "shared/log/records/frames.ts",
    "shared/log/records/murmur2.ts",
    "shared/log/records/varint.ts",
  ])
})

test("Node's edge is loaded by the entry alone", () => {
  const reached = new Map<string, string[]>()
  reach(resolve(root, "client/public.ts"), reached)
  expect(
    [...reached.keys()]
      .filter(file => file.includes("client/edge/"))
      .map(file => relative(root, file))
      .sort(),
  ).toEqual(["client/edge/fetch-transport.ts", "client/edge/natives.ts"])
})
