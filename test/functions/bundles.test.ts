import { spawn } from "node:child_process"
import { once } from "node:events"
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { FUNCTION_NAMES, type FunctionName } from "../../functions/environment.ts"
import { checkElf } from "../../infra/bundling/elf.ts"
import { functionAsset, jobAssets, layerAsset } from "../../infra/bundling/index.ts"
import { ARCHITECTURES, type Layer } from "../../infra/bundling/native-packages.ts"
import { slotNames } from "../../shared/serving/duckdb/protocol.ts"
import { SETTINGS } from "./support.ts"

/**
 * What a function may have without DuckDB; more would be felt at its start. Of `query` a quarter of a megabyte, Arrow's
 * library, is loaded by the first request that asks for Arrow.
 */
const BUNDLE_BYTES_MAX = 2.25 * 1024 * 1024
/** What is parsed before the first request of an environment can be answered: some 4 ms for 100 KB. */
const START_BYTES_MAX = 1.25 * 1024 * 1024
/** Lambda's bound of a function with all its layers, unpacked. */
const UNPACKED_BYTES_MAX = 250 * 1024 * 1024

/** A few seconds, but for a machine that is busy otherwise. */
const BUNDLING_MS_MAX = 120_000

const own = process.arch === "arm64" ? "arm64" : "x86_64"
const modules = (layer: Layer) => join(layerAsset(layer, own), "nodejs", "node_modules")
let home: string

beforeAll(() => {
  // Elsewhere, so that nothing is found but what is deployed.
  home = mkdtempSync(join(tmpdir(), "millrace-bundles-"))
  for (const name of FUNCTION_NAMES) cpSync(functionAsset(name), join(home, name), { recursive: true })
  const app = join(import.meta.dirname, "fixtures/jobs/app.ts")
  const assets = jobAssets(app, ["shouting"], join(home, "jobs"))
  cpSync(assets.get("shouting") as string, join(home, "process"), { recursive: true })
}, BUNDLING_MS_MAX)
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** Loads a bundle as Lambda does, and says what it exports. */
async function load(name: FunctionName): Promise<string> {
  const layers: Layer[] = name === "dispatch" ? [] : name === "query" ? ["codecs", "duckdb"] : ["codecs"]
  const program = `const m = await import(${JSON.stringify(join(home, name, "index.mjs"))})
    process.stdout.write(Object.keys(m) + " " + typeof m.handler)
    process.exit(0)`
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    cwd: home,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...(SETTINGS as unknown as Record<string, string>),
      NODE_PATH: layers.map(modules).join(":"),
      AWS_LAMBDA_FUNCTION_NAME: name,
      AWS_REGION: "eu-west-1",
    },
  })
  const [said, cried] = await Promise.all([text(child.stdout), text(child.stderr)])
  return `${said}${cried}`
}

test("every bundle loads by itself, with its layers, and exports a handler", async () => {
  for (const said of await Promise.all(FUNCTION_NAMES.map(load)))
    expect(said).toMatch(/\bhandler\b.* function$/)
})

test("a job that cannot be bundled is told, with the file", () => {
  const entry = join(home, "broken.ts")
  writeFileSync(entry, `import { gone } from "./gone.ts"\nexport default gone\n`)
  expect(() => jobAssets(entry, ["any"], join(home, "broken"))).toThrow(
    /broken\.ts: the code of its jobs could not be bundled:[\s\S]*gone\.ts/,
  )
})

describe.each(FUNCTION_NAMES)("the bundle of %s", name => {
  const folder = () => join(home, name)
  const isCode = (file: string) => /\.[cm]js$/.test(file) && !file.startsWith("child.")

  test("is small, also with what it loads late", () => {
    const code = readdirSync(folder()).filter(isCode)
    const bytes = code.reduce((sum, file) => sum + statSync(join(folder(), file)).size, 0)
    expect(bytes).toBeLessThanOrEqual(BUNDLE_BYTES_MAX)
  })

  test("starts with a part of it", () => {
    const waiting = ["index.mjs"]
    const loaded = new Set<string>()
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      if (loaded.has(file)) continue
      loaded.add(file)
      const code = readFileSync(join(folder(), file), "utf8")
      // A call of `import()` loads later.
      for (const [, next] of code.matchAll(/\b(?:from|import)\s*"\.\/([^"]+)"/g)) waiting.push(next!)
    }
    const bytes = [...loaded].reduce((sum, file) => sum + statSync(join(folder(), file)).size, 0)
    expect(loaded.size).toBeGreaterThan(1)
    expect(bytes).toBeLessThanOrEqual(START_BYTES_MAX)
  })

  test("has maps to the sources, by relative paths", () => {
    const modules = readdirSync(folder()).filter(file => file.endsWith(".mjs"))
    const sources = modules.flatMap(
      file => JSON.parse(readFileSync(join(folder(), `${file}.map`), "utf8")).sources as string[],
    )
    expect(sources.join("\n")).toContain(`functions/${name}.ts`)
    expect(sources.filter(source => source.startsWith("/"))).toEqual([])
  })

  test("has DuckDB's code only where SQL runs, and there in the child alone", () => {
    for (const file of readdirSync(folder()).filter(isCode)) {
      const text = readFileSync(join(folder(), file), "utf8")
      expect(text, file).not.toMatch(/DuckDBInstance|@duckdb\/node-bindings/)
      if (name !== "query") expect(text, file).not.toContain("ulimit -d")
    }
    expect(readdirSync(folder()).includes("child.mjs")).toBe(name === "query")
  })
})

test("DuckDB's child runs from its bundle and the layer, in an environment of nothing else", async () => {
  const folder = join(home, "slots")
  mkdirSync(folder)
  const slots = [{ prefix: "s", count: 1 }]
  const settings = {
    slots,
    profileName: "profile.json",
    memoryBytesMax: 1e8,
    grownBytesMax: 1e9,
    residentBytesMax: 0,
  }
  const child = spawn(process.execPath, [join(home, "query", "child.mjs"), JSON.stringify(settings)], {
    cwd: folder,
    env: { NODE_PATH: modules("duckdb") },
    serialization: "advanced",
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  })
  const exited = once(child, "exit")
  expect(slotNames(slots[0]!)).toEqual(["s0000.parquet"])
  expect((await once(child, "message"))[0]).toEqual({ kind: "ready" })
  child.send({ id: 1, kind: "run", sql: "SELECT 6 * 7", views: [], rowsMax: 10, resultBytesMax: 1000 })
  expect((await once(child, "message"))[0]).toMatchObject({ id: 1, kind: "done", value: { rows: [[42]] } })
  child.disconnect()
  await exited
})

describe.each(ARCHITECTURES)("the layers of %s", architecture => {
  test("hold libraries for it alone, with their licences, and fit", () => {
    let bytes = 0
    for (const layer of ["codecs", "duckdb"] as const) {
      const folder = layerAsset(layer, architecture)
      const files = readdirSync(folder, { recursive: true, encoding: "utf8" })
      const libraries = files.filter(file => /\.(?:node|so)$/.test(file))
      expect(libraries.length).toBe(layer === "codecs" ? 3 : 2)
      for (const file of libraries) {
        checkElf(join(folder, file), architecture)
        const other = architecture === "arm64" ? "x86_64" : "arm64"
        expect(() => checkElf(join(folder, file), other)).toThrow(/: expected a library for \w+, got \w+$/)
      }
      expect(files.filter(file => /LICENSE$/.test(file)).length).toBeGreaterThan(0)
      expect(files.filter(file => /\.(?:ts|map|md)$/.test(file))).toEqual([])
      for (const file of files) bytes += statSync(join(folder, file)).size
    }
    expect(bytes).toBeLessThan(UNPACKED_BYTES_MAX / 2)
  })
})

test("the same sources are bundled once", () => {
  expect(functionAsset("api")).toBe(functionAsset("api"))
  expect(() => checkElf(import.meta.filename, "arm64")).toThrow(/got no ELF object$/)
})
