import { spawnSync } from "node:child_process"
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { DefinitionError } from "../../shared/definition/faults.ts"
import { replayFault } from "../../shared/definition/replay.ts"
import { loadApp } from "../../shared/definition/resolve.ts"
import { evaluateApp } from "../../shared/embedded/evaluate/evaluate.ts"
import { checkExpression } from "../../shared/serving/expression/check.ts"

const page = readFileSync("docs/definitions.md", "utf8")
const blocks = [...page.matchAll(/```ts\n\/\/ (\S+)\n([\s\S]*?)```/g)].map(([, name = "", code = ""]) => ({
  name,
  // The name's line stays, so that places are those of the page's blocks.
  code: `// ${name}\n${code}`,
}))

let folder = ""
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-docs-")))
  for (const { name, code } of blocks) writeFileSync(join(folder, name), code)
})
afterAll(() => rmSync(folder, { recursive: true }))

test("the page's code compiles", () => {
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"))
  writeFileSync(join(folder, "package.json"), `{ "type": "module" }`)
  const config = {
    extends: resolve("tsconfig.json"),
    compilerOptions: { paths: { millrace: [resolve("shared/definition/index.ts")] } },
    include: ["*.ts"],
  }
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config))
  const { status, stdout } = spawnSync(process.execPath, [
    resolve("node_modules/typescript/bin/tsc"),
    "-p",
    folder,
  ])
  expect({ status, stdout: stdout.toString() }).toEqual({ status: 0, stdout: "" })
  expect(blocks.map(block => block.name)).toContain("mistakes.ts")
})

test("the page's apps load", async () => {
  const apps = blocks.filter(({ name, code }) => name !== "mistakes.ts" && code.includes("export default"))
  expect(apps.length).toBeGreaterThan(2)
  for (const { name } of apps) {
    const module = (await import(join(folder, name))) as { default: unknown }
    await loadApp(module.default, { checkExpression })
  }
})

test("the page's mistakes are reported as the page says", async () => {
  const said = /```text\n([\s\S]*?)```/.exec(page)?.[1] ?? ""
  const outcome = await evaluateApp(join(folder, "mistakes.ts"), { checkExpression })
  const error = "error" in outcome ? outcome.error : undefined
  expect(error).toBeInstanceOf(DefinitionError)
  expect(error?.message.replaceAll(`${folder}/`, "")).toBe(said.trimEnd())
})

test("the page's replay gives what it says", async () => {
  const { replay } = (await import(join(folder, "replay.ts"))) as {
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
