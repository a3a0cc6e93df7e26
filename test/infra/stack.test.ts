import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { App, RemovalPolicy } from "aws-cdk-lib"
import { Architecture } from "aws-cdk-lib/aws-lambda"
import { afterAll, beforeAll, expect, test } from "vitest"
import { evaluateEntry } from "../../infra/evaluation/evaluate-entry.ts"
import { MillraceStack, stackName } from "../../infra/stacks/millrace-stack.ts"
import { settingsOf } from "../../infra/stacks/settings.ts"

let folder = ""
beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "millrace-infra-")))
})
afterAll(() => rmSync(folder, { recursive: true }))

function appFile(name: string, source: string): string {
  const path = join(folder, `${name}.ts`)
  writeFileSync(
    path,
    `import { defineApp, table, topic } from "millrace"\nimport * as z from "zod"\n${source}`,
  )
  return path
}

const newApp = (context: object) => new App({ context: { "aws:cdk:bundling-stacks": [], ...context } })

const GOOD = `const from = topic("flights", { schema: z.object({ delay: z.int() }), partitions: 2 })
export default defineApp("air.port_1", { tables: [table("t", { from, columns: { delay: "int" } })],
  stages: { prod: { topics: { flights: { partitions: 8 } } } } })\n`

test("an app file is evaluated in the stage that is meant", () => {
  const file = appFile("good", GOOD)
  const { definition, digest } = evaluateEntry(file, "prod")
  expect(definition).toMatchObject({ app: "air.port_1", stage: "prod", topics: [{ partitions: 8 }] })
  expect(digest).toMatch(/^[0-9a-f]{64}$/)
})

test("what is wrong with it is told whole, its SQL included", () => {
  const wrong = appFile(
    "wrong",
    `const from = topic("flights", { schema: z.object({ delay: z.int() }) })
export default defineApp("air", { tables: [
  table("a", { from, columns: { delay: { type: "int", sql: "delay +" } } }),
  table("b", { from, columns: { delay: { type: "int", sql: "nothing(delay)" } } }),
] })\n`,
  )
  expect(() => evaluateEntry(wrong, "dev")).toThrow(/tables\.a[\s\S]*at character \d+[\s\S]*tables\.b/)
  expect(() => evaluateEntry(join(folder, "none.ts"), "dev")).toThrow(/none\.ts: there is no such file$/)
})

test("the context says what is deployed", () => {
  const app = newApp({
    app: appFile("context", GOOD),
    stage: "prod",
    architecture: "x86_64",
    journal: "true",
    iam: "false",
    removal: "destroy",
    protect: true,
  })
  const { millrace, terminationProtection } = settingsOf(app.node)
  expect(terminationProtection).toBe(true)
  expect(millrace).toMatchObject({
    definition: { stage: "prod" },
    architecture: Architecture.X86_64,
    journal: true,
    authentication: { iam: false },
    removalPolicy: RemovalPolicy.DESTROY,
  })
  const stack = new MillraceStack(app, stackName("air.port_1", "prod"), { millrace, terminationProtection })
  expect(stack.stackName).toBe("millrace-air-port-1-prod")
  expect(stack.terminationProtection).toBe(true)
})

test("a context that says nothing, or nonsense, is refused in words", () => {
  expect(() => settingsOf(newApp({}).node)).toThrow(
    /^app is missing, expected the path of an app file: -c app=/,
  )
  const app = join(folder, "whatever.ts")
  expect(() => settingsOf(newApp({ app, journal: "yes" }).node)).toThrow(
    'journal is "yes", expected true or false',
  )
  expect(() => settingsOf(newApp({ app, architecture: "arm" }).node)).toThrow(
    'architecture is "arm", expected arm64 or x86_64',
  )
  expect(() => settingsOf(newApp({ app, removal: "" }).node)).toThrow(/there is no such file$/)
})
