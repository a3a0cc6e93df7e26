import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, expect, test } from "vitest"
import { readAppFile, withPureCalls } from "../../infra/bundling/jobs/app-file.ts"
import { bundleJobs } from "../../infra/bundling/jobs/bundle-jobs.ts"
import type { Job } from "../../shared/definition/job/job.ts"

const home = mkdtempSync(join(tmpdir(), "millrace-jobs-"))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const fixture = (name: string) => join(import.meta.dirname, "fixtures/jobs", name)
/** A job's own code is small: zod is most of it. */
const JOB_BYTES_MAX = 200 * 1024

function write(name: string, text: string): string {
  const path = join(home, name)
  writeFileSync(path, text)
  return path
}

/** Bundles jobs of an app, and loads what came of each. */
async function bundled(app: string, ...names: string[]) {
  const jobs = names.map(name => ({ name, folder: join(home, app, name) }))
  await bundleJobs({ entry: fixture(app), jobs })
  return Promise.all(jobs.map(({ folder }) => load(folder)))
}

async function load(folder: string): Promise<{ job: Job; text: string; bytes: number }> {
  const file = join(folder, "job.mjs")
  const { job } = (await import(file)) as { job: Job }
  return { job, text: readFileSync(file, "utf8"), bytes: statSync(file).size }
}

test("a job's bundle has its own code, and no other job's", async () => {
  const [shouting, whispering] = await bundled("app.ts", "shouting", "whispering")
  expect(shouting?.job).toMatchObject({ kind: "job", name: "shouting" })
  expect(whispering?.job).toMatchObject({ kind: "job", name: "whispering" })
  expect(shouting?.text).toContain("marker-of-shouting")
  expect(shouting?.text).not.toContain("marker-of-whispering")
  expect(whispering?.text).toContain("marker-of-whispering")
  expect(whispering?.text).not.toContain("marker-of-shouting")
  for (const { bytes = 0 } of [shouting, whispering].filter(it => it !== undefined)) {
    expect(bytes).toBeLessThan(JOB_BYTES_MAX)
  }
})

test("a job that no variable has is looked up in its app", async () => {
  const [made] = await bundled("made.ts", "made")
  expect(made?.job.name).toBe("made")
  expect(made?.text).toContain("marker-of-made")
})

test("only definitions at a file's top are marked, and places stay on their lines", () => {
  const path = write(
    "marks.ts",
    `import { topic as t, defineJob, from, type Topic } from "millrace"
import * as m from "millrace"
import { table } from "elsewhere"
const a: Topic = t("a")
export const b = m.defineJob(\`b\`, () => defineJob("inner", () => []))
const c = table("c")
function local(t: (name: string) => void) {
  t("not ours")
}
export const d = [defineJob("d", () => []), m["topic"]("e")]
`,
  )
  const file = readAppFile(path)
  const lines = withPureCalls(file).split("\n")
  expect(lines[3]).toMatch(/^const a *= \/\* @__PURE__ \*\/ t\("a"\)$/)
  expect(lines[4]).toMatch(/^export const b = \/\* @__PURE__ \*\/ m\.defineJob\(`b`, \(\) => defineJob/)
  expect(lines[5]).toBe(`const c = table("c")`)
  expect(lines[7]).toBe(`  t("not ours")`)
  expect(lines[9]).toBe(`export const d = [/* @__PURE__ */ defineJob("d", () => []), m["topic"]("e")]`)
  expect([...file.jobs]).toEqual([["b", "b"]])
})
