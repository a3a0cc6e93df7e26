import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { DefinitionError } from "../../shared/definition/faults.ts"
import { EvaluationError } from "../../shared/evaluation/errors.ts"
import { type EvaluateOptions, evaluateApp, stripsTypes } from "../../shared/evaluation/evaluate.ts"
import type { LoadFailure } from "../../shared/evaluation/report.ts"
import { EVALUATION_MS_MAX, runChild } from "../../shared/evaluation/run-child.ts"

let folder = ""
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-apps-")))
})
afterAll(() => rmSync(folder, { recursive: true }))

let count = 0
/** Writes an app file outside the repository, in a folder of its own. */
function appFile(source: string, others: Record<string, string> = {}): string {
  const home = join(folder, String(count++))
  mkdirSync(home)
  for (const [name, text] of Object.entries({ ...others, "app.ts": source }))
    writeFileSync(join(home, name), text)
  return join(home, "app.ts")
}

async function errorOf(file: string, options?: EvaluateOptions) {
  const outcome = await evaluateApp(file, options)
  if (!("error" in outcome)) throw new Error("the app was accepted")
  const { error } = outcome
  return { code: error.code, message: error.message.replaceAll(file, "app.ts"), imports: outcome.imports }
}

/** What is said of files that cannot be loaded, by one restricted process that tries them all. */
async function failuresOf(sources: readonly string[]): Promise<string[]> {
  const files = sources.map(source => appFile(source))
  const driver = appFile(`import { failureOf } from ${JSON.stringify(resolve("shared/evaluation/failure.ts"))}
for (const file of ${JSON.stringify(files)}) {
  try { await import(file) } catch (error) { console.log(JSON.stringify(failureOf(error))) }
}`)
  const run = await runChild({ file: driver, stage: "dev" }, EVALUATION_MS_MAX)
  if (run instanceof EvaluationError) throw run
  return run.printed
    .trim()
    .split("\n")
    .map((line, index) => {
      const { at, message } = JSON.parse(line) as LoadFailure
      return `${at}: ${message}`.replaceAll(files[index] ?? "", "app.ts")
    })
}

const HEAD = `import { defineApp, table, topic } from "millrace"\nimport * as z from "zod"\n`
const GOOD = `${HEAD}export default defineApp("air", { topics: [topic("flights", { schema: z.object({ a: z.string() }) })] })\n`

describe("an app file", () => {
  test("outside the repository is evaluated with its own imports, which are named", async () => {
    const schema = `import * as z from "zod"\nexport const schema = z.object({ delay: z.int() })\n`
    const source = `import { defineApp, table, topic } from "millrace"
import { schema } from "./schema.ts"
const from = topic("flights", { schema, partitions: 2 })
console.log("hello", new Date("2001-01-14T21:30").toISOString())
export default defineApp("air", { tables: [table("t", { from, columns: { delay: "int" } })],
  stages: { prod: { topics: { flights: { partitions: 8 } } } } })\n`
    const file = appFile(source, { "schema.ts": schema })
    const [dev, prod] = await Promise.all([evaluateApp(file), evaluateApp(file, { stage: "prod" })])
    if ("error" in dev) throw dev.error
    if ("error" in prod) throw prod.error
    expect(dev.definition).toMatchObject({
      app: "air",
      stage: "dev",
      topics: [{ partitions: 2 }],
      tables: [{ topic: "flights" }],
    })
    expect(Object.isFrozen(dev.definition.topics[0]?.schema)).toBe(true)
    expect(dev.imports).toEqual([file, file.replace("app.ts", "schema.ts")])
    expect(dev.printed).toBe("hello 2001-01-14T21:30:00.000Z\n")
    expect(dev.digest).toMatch(/^[0-9a-f]{64}$/)
    expect(prod.definition.topics[0]?.partitions).toBe(8)
    expect(prod.digest).not.toBe(dev.digest)
  })

  test("the example is one", async () => {
    const outcome = await evaluateApp("examples/flights/app.ts")
    if ("error" in outcome) throw outcome.error
    expect(outcome.definition.tables[0]?.columns.map(column => [column.name, column.type])).toEqual([
      ["date", "timestamp"],
      ["delay", "int"],
      ["distance", "int"],
      ["origin", "string"],
      ["destination", "string"],
    ])
  })
})

test("clock, randomness, environment, network, files and processes are refused by name", async () => {
  const calls = [
    "Date.now()", "new Date()", "Date()", "new (new Date(0).constructor)()", "new Intl.DateTimeFormat().format()",
    "performance.now()", "performance.timeOrigin", "process.hrtime.bigint()", "process.hrtime()", "process.uptime()",
    "Math.random()", "crypto.randomUUID()", "crypto.getRandomValues(new Uint8Array(1))",
    "nodeCrypto.randomBytes(1)",
    "nodeCrypto.getRandomValues(new Uint8Array(1))",
    "nodeCrypto.webcrypto.randomUUID()", "randomUUID()", "process.getBuiltinModule('node:crypto').randomInt(5)",
    "process.env.HOME", "Object.keys(process.env)", "'HOME' in process.env", "os.hostname()",
    "fetch('http://127.0.0.1:1')", "new WebSocket('ws://127.0.0.1:1')", "http.get('http://127.0.0.1:1')",
    "net.connect(1)", "new net.Socket().connect(1)", "net.createServer()", "lookup('localhost')",
    "dgram.createSocket('udp4')", "createRequire(import.meta.url)('tls').connect(1)",
    "writeFileSync('/tmp/x', '')", "spawn('true')", "new Worker('./x.js')",
  ] // biome-ignore format: a list of calls
  const source = `import nodeCrypto, { randomUUID } from "node:crypto"
import os from "node:os"
import http from "node:http"
import net from "node:net"
import { lookup } from "node:dns/promises"
import dgram from "node:dgram"
import { createRequire } from "node:module"
import { writeFileSync } from "node:fs"
import { spawn } from "node:child_process"
import { Worker } from "node:worker_threads"
${GOOD}
const calls = [${calls.map(call => `() => ${call}`).join(",\n")}]
for (const call of calls) {
  try { call(); console.log("allowed: " + call) } catch (error) { console.log(error.message) }
}`
  const outcome = await evaluateApp(appFile(source))
  if ("error" in outcome) throw outcome.error
  const said = outcome.printed.trim().split("\n")
  expect(said).toHaveLength(calls.length)
  const refusal = / is not available here: a definition reads no clock, randomness, environment or network$/
  const refused = said.slice(0, -3)
  expect(refused.filter(line => !refusal.test(line))).toEqual([])
  expect(said.slice(-3).filter(line => !line.startsWith("Access to this API has been restricted"))).toEqual(
    [],
  )
  expect(refused.map(line => line.replace(refusal, ""))).toEqual(
    expect.arrayContaining([
      "Date.now()",
      "new Date()",
      "Math.random()",
      "process.env.HOME",
      "fetch",
      "node:net.connect()",
    ]),
  )
})

test("a package may look at an environment, which is empty", async () => {
  const file = appFile(`import "looks"\n${GOOD}`)
  const home = join(file, "../node_modules/looks")
  mkdirSync(home, { recursive: true })
  writeFileSync(join(home, "package.json"), `{ "type": "module", "main": "index.js" }`)
  writeFileSync(
    join(home, "index.js"),
    `console.log(process.env.HOME, Object.keys(process.env), "HOME" in process.env)`,
  )
  const outcome = await evaluateApp(file)
  if ("error" in outcome) throw outcome.error
  expect(outcome.printed).toBe("undefined [] false\n")
  expect(outcome.imports).toEqual([file])
})

test("an app file is an ES module, also in a package that is none", async () => {
  const others = {
    "package.json": `{ "type": "commonjs" }`,
    "names.ts": "export const name: string = 'views'",
    "old.ts": "const suffix: string = '_old'\nmodule.exports = { suffix }",
  }
  const source = `import { defineApp, topic } from "millrace"
import * as z from "zod"
import { name } from "./names.ts"
import old from "./old.ts"
const views = topic(name + old.suffix.replace("_", "-"), { schema: z.object({ id: z.string() }) })
export default defineApp("app", { topics: [views], tables: [] })
`
  const outcome = await evaluateApp(appFile(source, others))
  if ("error" in outcome) throw outcome.error
  expect(outcome.definition.topics.map(topic => topic.name)).toEqual(["views-old"])
})

test("a Node that does not strip types is known by its version", () => {
  expect(["18.20.8", "20.19.0", "22.17.1"].filter(stripsTypes)).toEqual([])
  expect(["22.18.0", "22.20.1", "24.0.0"].filter(version => !stripsTypes(version))).toEqual([])
})

describe("one clear error for", () => {
  const text = "export const text = 1\n"
  const broken = [
    ["the clock", `${text}\nconst now = Date.now()\n`, /^app\.ts:3:18: Date\.now\(\) is not available here/],
    [
      "a write",
      `import { writeFileSync } from "node:fs"\nwriteFileSync("x", "")\n`,
      /^app\.ts:2:1: a definition writes no files and starts nothing \(FileSystemWrite is denied\)$/,
    ],
    [
      "bad syntax",
      `${text}\nconst x: number = = 2\n`,
      /^app\.ts:3: SyntaxError: Expression expected\n\nconst x: number = = 2\n +\^$/,
    ],
    [
      "an export that is not there",
      `import { tabel } from "millrace"\n`,
      /^app\.ts:1: SyntaxError: The requested module 'millrace' does not provide an export named 'tabel'/,
    ],
    [
      "a package that is not there",
      `${text}\nimport "no-such-package"\n`,
      /^app\.ts:3: cannot find "no-such-package"$/,
    ],
    [
      "a file that is not there",
      `${text}\nimport "./other.ts"\n`,
      /^app\.ts:3: cannot find "\.\/other\.ts"$/,
    ],
    ["what it throws", `${text}\nthrow new TypeError("no")\n`, /^app\.ts:3:7: TypeError: no$/],
  ] as const

  let failures: string[] = []
  beforeAll(async () => {
    failures = await failuresOf(broken.map(([, source]) => source))
  })

  test.each(broken.map(([what, , message], index) => [what, index, message] as const))(
    "%s",
    (_, index, message) => {
      expect(failures[index]).toMatch(message)
    },
  )

  test.each([
    [
      "process.exit",
      `${text}\nprocess.exit(3)\n`,
      /^crashed app\.ts: ended its process \(3\) before it was loaded$/,
    ],
    [
      "an await without end",
      `${text}\nawait new Promise(() => {})\n`,
      /^crashed app\.ts: awaits something that never happens/,
    ],
    [
      "too large a definition",
      `import { defineApp, topic } from "millrace"
const word = "x".repeat(100_000)
export default defineApp("air", { topics: Array.from({ length: 60 }, (_, i) => topic(word + i, {})) })\n`,
      /^too_large app\.ts: makes a definition of more than 4000000 bytes$/,
    ],
  ])("%s", async (_, source, message) => {
    const file = appFile(source)
    const run = await runChild({ file, stage: "dev" }, EVALUATION_MS_MAX)
    const said = run instanceof EvaluationError ? `${run.code} ${run.message}` : "the app was loaded"
    expect(said.replaceAll(file, "app.ts")).toMatch(message)
  })

  test("no app", async () => {
    const error = await errorOf(appFile(text))
    const message =
      "the definition has 1 mistake:\n  default: expected the app file to export default defineApp(…), found nothing"
    expect(error).toMatchObject({ code: "invalid_definition", message })
  })

  test("another result each time", async () => {
    const source = `${HEAD}const topics = [topic("t" + process.pid, { schema: z.object({}) })]\nexport default defineApp("air", { topics })\n`
    const error = await errorOf(appFile(source))
    expect(error.code).toBe("not_deterministic")
    expect(error.message).toMatch(
      /^app\.ts: gives another definition each time it is read: topics\[0\]\.name is "t\d+", then "t\d+"$/,
    )
  })

  test("a file that is missing", async () => {
    const error = await errorOf(join(folder, "none.ts"))
    expect(error).toMatchObject({ code: "not_found", message: "app.ts: there is no such file" })
  })

  test("one that never ends", async () => {
    const error = await errorOf(appFile("for (;;) {}\n"), { timeoutMs: 400 })
    expect(error).toMatchObject({ code: "timeout", message: "app.ts: did not load within 0.4 s" })
  })

  test("a broken import, which is still named for a watcher", async () => {
    const file = appFile(`import "./broken.ts"\n`, { "broken.ts": "const = 1" })
    const error = await errorOf(file)
    expect(error.message).toMatch(/broken\.ts:1: SyntaxError: /)
    expect(error.imports).toEqual([file, file.replace("app.ts", "broken.ts")])
  })

  test("three mistakes, SQL among them, each with its line", async () => {
    const file = appFile(`${HEAD}
const flights = topic("flights", { schema: z.object({ delay: z.int() }), partitions: 0 })
const late = table("late", { from: flights,
  columns: { dely: "int", hours: { type: "double", sql: "delay /" } } })
export default defineApp("air", { tables: [late] })\n`)
    const outcome = await evaluateApp(file, {
      checkExpression: sql => (sql.endsWith("/") ? "ends too early" : undefined),
    })
    const error = "error" in outcome ? outcome.error : undefined
    expect(error).toBeInstanceOf(DefinitionError)
    expect(error?.message.replaceAll(file, "app.ts").split("\n")).toEqual([
      "the definition has 3 mistakes:",
      "  topics.flights.partitions: expected a whole number from 1 to 10000, found 0 (app.ts:4:17)",
      '  tables.late.columns.dely: the schema has no field "delay"; it has delay: name one of them, or give the column an sql expression (app.ts:5:14)'.replace(
        '"delay"',
        '"dely"',
      ),
      "  tables.late.columns.hours.sql: ends too early (app.ts:5:14)",
    ])
  })
})
