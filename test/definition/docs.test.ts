import { spawnSync } from "node:child_process"
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { pathToFileURL } from "node:url"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DefinitionError } from "../../shared/definition/faults.ts"
import { replayFault } from "../../shared/definition/replay.ts"
import { evaluateApp } from "../../shared/evaluation/evaluate.ts"
import { checkExpression } from "../../shared/serving/expression/check.ts"

/** A page of the documentation with TypeScript in it: each block is a file, named by its first line. */
function readPage(file: string) {
  const text = readFileSync(file, "utf8")
  const blocks = [...text.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = ""], index) => ({
    // The name's line stays in the code, so that places are those of the page's blocks.
    name: /^\/\/ (\S+\.ts)\n/.exec(code)?.[1] ?? `block-${index}.ts`,
    code,
  }))
  return { file, text, blocks, folder: file.replaceAll("/", "-") }
}

const definitions = readPage("docs/definitions.md")
const processing = readPage("docs/processing.md")
const pages = [definitions, processing, readPage("README.md")]

let folder = ""
const placeOf = (page: { folder: string }, name: string) => join(folder, page.folder, name)
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-docs-")))
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
  for (const page of pages) {
    mkdirSync(join(folder, page.folder))
    for (const { name, code } of page.blocks) writeFileSync(placeOf(page, name), code)
  }
})
afterAll(() => rmSync(folder, { recursive: true }))

test("the pages' code compiles", () => {
  const config = {
    extends: resolve("tsconfig.json"),
    compilerOptions: {
      paths: {
        millrace: [resolve("shared/definition/index.ts")],
        "millrace/cdk": [resolve("infra/index.ts")],
        "millrace/testing": [resolve("shared/processing/test-driver/index.ts")],
      },
    },
    include: ["*/*.ts"],
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  const { status, stdout } = spawnSync(process.execPath, [
    resolve("node_modules/typescript/bin/tsc"),
    "-p",
    folder,
  ])
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: "" })
  expect(definitions.blocks.map(block => block.name)).toContain("mistakes.ts")
})

describe.each(pages)("$file", page => {
  test("its apps load, evaluated as `start` does it", async () => {
    const apps = page.blocks.filter(
      ({ name, code }) => name !== "mistakes.ts" && code.includes("export default"),
    )
    expect(apps.length).toBeGreaterThan(0)
    for (const { name } of apps) {
      const outcome = await evaluateApp(placeOf(page, name), { checkExpression })
      expect("error" in outcome ? outcome.error.message : undefined, name).toBeUndefined()
    }
  })
})

/** Resolves the package's names to the repository's files, for a program of the pages' own. */
const HOOKS = `import { registerHooks } from "node:module"
const files = {
  millrace: ${JSON.stringify(pathToFileURL(resolve("shared/definition/index.ts")).href)},
  "millrace/testing": ${JSON.stringify(pathToFileURL(resolve("shared/processing/test-driver/index.ts")).href)},
}
registerHooks({ resolve: (name, context, next) => next(files[name] ?? name, context) })
`

test("the page's tests of jobs pass", () => {
  const hooks = join(folder, "hooks.mjs")
  writeFileSync(hooks, HOOKS)
  const file = placeOf(processing, "app.test.ts")
  const { status, stdout } = spawnSync(process.execPath, ["--import", hooks, "--test", file])
  expect({ status, stdout: stdout.toString() }).toMatchObject({ status: 0 })
  expect(stdout.toString()).toMatch(/pass 5/)
})

test("the page's mistakes are reported as the page says", async () => {
  const said = /```text\n([\s\S]*?)```/.exec(definitions.text)?.[1] ?? ""
  const outcome = await evaluateApp(placeOf(definitions, "mistakes.ts"), { checkExpression })
  const error = "error" in outcome ? outcome.error : undefined
  expect(error).toBeInstanceOf(DefinitionError)
  expect(error?.message.replaceAll(`${placeOf(definitions, "")}/`, "")).toBe(said.trimEnd())
})

test("the page's replay gives what it says", async () => {
  const { replay } = (await import(placeOf(definitions, "replay.ts"))) as {
    replay: import("../../shared/definition/replay.ts").Replay
  }
  expect(replayFault(replay)).toBeUndefined()
  const values = await Array.fromAsync(replay.values(2_990))
  expect(values.map(value => JSON.parse(Buffer.from(value).toString("utf8")).at)).toHaveLength(
    replay.count - 2_990,
  )
  expect(replayFault({ ...replay, count: -1 })).toBe("replay.count: expected the number of records")
  expect(replayFault(undefined)).toBe("replay: expected { topic, count, durationMs, values }")
})
