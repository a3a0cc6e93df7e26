import { spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { manifestSwap } from "../../pack/swap.ts"

const REPOSITORY = `{ "name": "millrace", "scripts": {} }\n`
const SHIPPED = `{ "name": "millrace" }\n`

let root = ""
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "millrace-swap-"))
  writeFileSync(join(root, "package.json"), REPOSITORY)
})
afterEach(() => rmSync(root, { recursive: true }))

const manifest = () => readFileSync(join(root, "package.json"), "utf8")
const folder = () => join(root, ".cache/pack")
const left = () => (existsSync(folder()) ? readdirSync(folder()) : [])

test("the manifest is replaced, and put back to the byte", () => {
  manifestSwap(root).replace(SHIPPED)
  expect(manifest()).toBe(SHIPPED)
  // Another process: `postpack`.
  manifestSwap(root).restore()
  expect(manifest()).toBe(REPOSITORY)
  expect(left()).toEqual([])
  expect(readdirSync(root).sort()).toEqual([".cache", "package.json"])
})

test("where nothing was replaced, nothing is put back", () => {
  manifestSwap(root).restore()
  expect(manifest()).toBe(REPOSITORY)
  manifestSwap(root).replace(SHIPPED)
  manifestSwap(root).restore()
  writeFileSync(join(root, "package.json"), "{}\n")
  manifestSwap(root).restore()
  expect(manifest()).toBe("{}\n")
})

// What is left by a process that ends right before it writes the manifest, and right after it has put it back.
test("a swap that was cut short before or after the manifest is finished", () => {
  manifestSwap(root).replace(SHIPPED)
  writeFileSync(join(root, "package.json"), REPOSITORY)
  manifestSwap(root).restore()
  expect(manifest()).toBe(REPOSITORY)
  expect(left()).toEqual([])
})

test("an edit of the replacement is not lost", () => {
  manifestSwap(root).replace(SHIPPED)
  writeFileSync(join(root, "package.json"), `{ "name": "edited" }\n`)
  expect(() => manifestSwap(root).restore()).toThrow(
    /package\.json was edited while .* Expected: your edit made in .*repository\.json/,
  )
  expect(manifest()).toBe(`{ "name": "edited" }\n`)
  writeFileSync(join(root, "package.json"), SHIPPED)
  manifestSwap(root).restore()
  expect(manifest()).toBe(REPOSITORY)
})

test("the manifest is put back when npm is killed", async () => {
  manifestSwap(root).replace(SHIPPED)
  const npm = spawn(process.execPath, ["--eval", "setInterval(() => {}, 1000)"])
  const guard = spawn(process.execPath, [resolve("pack/guard.ts"), String(npm.pid), root], {
    stdio: "inherit",
  })
  const ended = once(guard, "exit")
  await once(npm, "spawn")
  expect(manifest()).toBe(SHIPPED)
  npm.kill("SIGKILL")
  expect(await ended).toEqual([0, null])
  expect(manifest()).toBe(REPOSITORY)
  expect(left()).toEqual([])
})

test("two at once are refused", () => {
  manifestSwap(root).replace(SHIPPED)
  expect(() => manifestSwap(root).replace(SHIPPED)).toThrow(/another `npm pack` is under way/)
  manifestSwap(root).restore()
  expect(manifest()).toBe(REPOSITORY)
})
