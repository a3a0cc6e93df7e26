import { execFile } from "node:child_process"
import { readFileSync } from "node:fs"
import { availableParallelism, tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { describe, expect, test } from "vitest"
import { BREAK_SEEDS } from "./break-seeds.ts"
import { BREAKS, type Break } from "./breaks.ts"
import type { BreakReport } from "./breaks-child.ts"

/** Compiling is most of what a child does whose first seed notices. */
const NODE_COMPILE_CACHE = join(tmpdir(), "millrace-test-compile-cache")
const ROOT = resolve(import.meta.dirname, "..", "..")
/** Every break is noticed by then. */
const SEEDS_MAX = 200

/** Seeds over broken code, in a process of their own; rejects with what it said when it fails. */
function runChild(broken: Break): Promise<BreakReport> {
  const child = join(import.meta.dirname, "breaks-child.ts")
  return new Promise((resolveRun, reject) => {
    const args = [child, broken.name, String(SEEDS_MAX)]
    const options = { env: { ...process.env, NODE_COMPILE_CACHE } }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error !== null) reject(new Error(stderr))
      else resolveRun(JSON.parse(stdout))
    })
  })
}

/** All reports to come, as many at once as there are cores. */
function runAll(breaks: readonly Break[]): Map<string, Promise<BreakReport>> {
  const waiting = [...breaks]
  const reports = new Map<string, Promise<BreakReport>>()
  const settle = new Map<string, PromiseWithResolvers<BreakReport>>()
  for (const { name } of breaks) {
    const settled = Promise.withResolvers<BreakReport>()
    settled.promise.catch(() => {}) // its test says so
    settle.set(name, settled)
    reports.set(name, settled.promise)
  }
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { resolve: done, reject } = settle.get(next.name)!
      await runChild(next).then(done, reject)
    }
  }
  for (let core = 0; core < availableParallelism(); core++) void work()
  return reports
}

test("each broken line stands in its file once, and no two breaks share a name", () => {
  for (const { name, file, find } of BREAKS) {
    const text = readFileSync(join(ROOT, file), "utf8")
    expect(text.split(find).length - 1, `${name}: "${find}" in ${file}`).toBe(1)
  }
  expect(new Set(BREAKS.map(({ name }) => name)).size).toBe(BREAKS.length)
  expect(BREAKS.map(({ name }) => name)).toEqual(expect.arrayContaining(Object.keys(BREAK_SEEDS)))
})

describe(`noticed within ${SEEDS_MAX} seeds`, () => {
  const reports = runAll(BREAKS)
  test.each(BREAKS.map(broken => [broken.workload, broken.name]))("%s: %s", async (_, name) => {
    const { seed, violation } = await reports.get(name)!
    expect(seed, `no seed up to ${SEEDS_MAX} noticed`).toBeDefined()
    const remembered = BREAK_SEEDS[name] ?? 1
    const other = seed === remembered ? "" : ` (not ${remembered}, as break-seeds.ts has it)`
    process.stdout.write(`${name}: seed ${seed}${other}: ${violation!.split("\n")[0]!.slice(0, 160)}\n`)
  })
})
