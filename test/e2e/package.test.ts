import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { dirname, join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { packageOf, specifiersOf } from "../../pack/imported-packages.ts"
import {
  cdkInit,
  compile,
  installInto,
  mustRun,
  type Packed,
  packRepository,
  run,
  writeFiles,
} from "./package-support.ts"
import { repository, startServer, temporaryFolder } from "./support.ts"

// The package as its users have it: packed by npm, in projects that know nothing of this repository.

let packed: Packed
beforeAll(() => {
  packed = packRepository()
})

const textOf = (file: string) => readFileSync(join(packed.folder, file), "utf8")
const own = JSON.parse(readFileSync(join(repository, "package.json"), "utf8"))

const APP = `import { defineApp, table, topic } from "millrace"
import * as z from "zod"

export const views = topic("views", { schema: z.object({ id: z.string(), ms: z.int() }) })
export const viewsTable = table("views", { from: views, columns: { id: "string", ms: "int" } })
export default defineApp("views", { topics: [views], tables: [viewsTable] })
`

const APP_WITH_JOB = `import { defineJob, from } from "millrace"
${APP.replace(
  "export default",
  `const slow = topic("slow", { schema: z.object({ id: z.string(), ms: z.int() }) })
const slowViews = defineJob("slow-views", () => from(views).filter(view => view.ms > 5).to(slow))
export default`,
).replace("tables:", "jobs: [slowViews], tables:")}`

test("packing leaves the repository as it was", () => {
  expect(readFileSync(join(packed.copy, "package.json"), "utf8")).toBe(
    readFileSync(join(repository, "package.json"), "utf8"),
  )
  expect(existsSync(join(packed.copy, "dist"))).toBe(false)
  expect(existsSync(join(packed.copy, ".cache/pack/repository.json"))).toBe(false)
})

test("the manifest asks for what the package needs, and for nothing that is the repository's own", () => {
  const { manifest } = packed
  expect(manifest).toMatchObject({
    name: "millrace",
    version: own.version,
    license: "Apache-2.0",
    type: "module",
    peerDependencies: { "aws-cdk-lib": expect.any(String), constructs: expect.any(String) },
  })
  for (const field of ["scripts", "devDependencies", "imports", "overrides"]) {
    expect(manifest).not.toHaveProperty(field)
  }
  const asked = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies })
  expect(asked.filter(name => /^node-|vega|testcontainers|esbuild|vitest|^aws-cdk/.test(name))).toEqual([])
  for (const [name, version] of Object.entries(manifest.dependencies)) {
    expect(`${name} ${version}`).toBe(`${name} ${own.dependencies[name]}`)
  }
})

test("it holds compiled code, declarations, bundles and no more", () => {
  const kinds = new Set(packed.files.map(file => file.replace(/^dist\/.*?(\.d\.c?ts|\.[^./]+)$/, "dist/*$1")))
  expect([...kinds].sort()).toEqual([
    "LICENSE",
    "README.md",
    "dist/*.cjs",
    "dist/*.d.cts",
    "dist/*.d.ts",
    "dist/*.js",
    "dist/*.map",
    "dist/*.mjs",
    "dist/THIRD-PARTY-LICENSES",
    "package.json",
  ])
  const rooms = new Set(packed.files.map(file => file.split("/").slice(0, -1).slice(0, 2).join("/")))
  expect([...rooms].sort()).toEqual([
    "",
    "dist",
    "dist/bin",
    "dist/cli",
    "dist/client",
    "dist/functions",
    "dist/infra",
    "dist/shared",
  ])
  expect(
    packed.files.filter(file => /(?:^|\/)(?:test|bench|examples|localstack|fixtures?)\/|\.test\./.test(file)),
  ).toEqual([])
  const leading = JSON.stringify([
    packed.manifest.exports,
    packed.manifest.bin,
    packed.manifest.typesVersions,
  ])
  for (const [, file = ""] of leading.matchAll(/"(?:\.\/)?(dist\/[^"]+)"/g))
    expect(packed.files).toContain(file)
})

test("every import leads to a file of the package, to Node or to a package that the manifest names", () => {
  const { dependencies, peerDependencies, name } = packed.manifest
  const named = new Set([name, ...Object.keys({ ...dependencies, ...peerDependencies })])
  const astray: string[] = []
  for (const file of packed.files.filter(it => /\.(?:js|cjs|d\.c?ts)$/.test(it))) {
    for (const specifier of specifiersOf(textOf(file))) {
      const target = join(dirname(file), specifier).replace(/\.js$/, "")
      const found = /^\.\.?\//.test(specifier)
        ? packed.files.some(it => it === `${target}.js` || it === `${target}.d.ts` || it === cts(target))
        : named.has(packageOf(specifier) ?? name)
      if (!found) astray.push(`${file} imports ${specifier}`)
    }
  }
  expect(astray).toEqual([])
})

const cts = (target: string) => target.replace(/\.cjs$/, ".d.cts")

const STACK = `import { App, Stack } from "aws-cdk-lib"
import { Template } from "aws-cdk-lib/assertions"
import { Millrace, type MillraceProps } from "millrace/cdk"

const app = new App({ context: { "aws:cdk:bundling-stacks": [] } })
const stack = new Stack(app, "Views")
const props: MillraceProps = { entry: "app.ts" }
// @ts-expect-error types are there
const wrong: MillraceProps = { entry: 1 }
const millrace = new Millrace(stack, "Views", wrong.entry === props.entry ? wrong : props)
const tables: string[] = millrace.definition.tables.map(table => table.name)
const functions = Object.keys(Template.fromStack(stack).findResources("AWS::Lambda::Function"))
console.log(JSON.stringify({ tables, functions: functions.length > 5 }))
`
const SYNTHESIZED = { tables: ["views"], functions: true }

test("a project of ES modules compiles and runs with it", () => {
  const options = { module: "nodenext", target: "es2024", strict: true, noEmit: true, types: ["node"] }
  const project = temporaryFolder()
  installInto(project, packed)
  writeFiles(project, {
    "package.json": `{ "type": "module" }`,
    "tsconfig.json": JSON.stringify({ compilerOptions: options }),
    "app.ts": APP,
    "stack.ts": STACK,
  })
  compile(project)
  expect(JSON.parse(mustRun(project, process.execPath, ["stack.ts"]))).toEqual(SYNTHESIZED)
})

const JOB_APP = `import { defineApp, defineJob, from, topic } from "millrace"
import * as z from "zod"

const schema = z.object({ id: z.string(), ms: z.int() })
const views = topic("views", { schema })
const slow = topic("slow", { schema })
const other = defineJob("other", () => from(views).map(view => ({ ...view, id: "none of slow's" })).to(slow))
const slowViews = defineJob("slow", () => from(views).filter(view => view.ms > 1000).to(slow))
export default defineApp("views", { jobs: [slowViews, other] })
`

const BUNDLE_JOB = `import { readFileSync } from "node:fs"
import { jobAssets } from "./node_modules/millrace/dist/infra/bundling/jobs/job-assets.js"

const folder = jobAssets("app.ts", ["slow"], "out").get("slow")
const { job } = await import("./" + folder + "/job.mjs")
const isAlone = !readFileSync(folder + "/job.mjs", "utf8").includes("none of slow's")
console.log(JSON.stringify({ job: job.name, steps: job.graph.length, isAlone }))
`

test("it bundles a job's code in a project that has esbuild, and asks for it where there is none", () => {
  const project = temporaryFolder()
  installInto(project, packed)
  writeFiles(project, {
    "package.json": `{ "type": "module" }`,
    "app.ts": JOB_APP,
    "bundle.js": BUNDLE_JOB,
  })
  const program = ["bundle.js"]
  const bundled = JSON.parse(mustRun(project, process.execPath, program))
  expect(bundled).toEqual({ job: "slow", steps: 3, isAlone: true })
  rmSync(join(project, "node_modules/esbuild"))
  const { status, stderr } = run(project, process.execPath, program)
  expect(status).toBe(1)
  expect(stderr).toContain(
    "esbuild is not installed, expected it where an app has jobs, whose code it bundles: npm install --save-dev esbuild",
  )
})

test("a project of CommonJS, as `cdk init` makes it, compiles and runs with it", () => {
  const project = cdkInit()
  installInto(project, packed)
  writeFiles(project, { "app.ts": APP, "lib/stack.ts": STACK })
  // jest is not installed here.
  rmSync(join(project, "test"), { recursive: true })
  compile(project, "--types", "node", "--noEmit", "false", "--outDir", "out")
  // As in jest, `require` loads no ES modules here.
  const flags = ["--no-experimental-require-module"]
  expect(JSON.parse(mustRun(project, process.execPath, [...flags, "out/lib/stack.js"]))).toEqual(SYNTHESIZED)
  const names = mustRun(project, process.execPath, [
    ...flags,
    "-p",
    `const { defineApp, defineJob, topic } = require("millrace")
     const { Millrace } = require("millrace/cdk")
     const { testJob } = require("millrace/testing")
     ;[defineApp, defineJob, topic, Millrace, testJob].map(each => typeof each).join()`,
  ])
  expect(names).toBe("function,function,function,function,function\n")
})

test("its command serves an app, and says what it wants without one", async () => {
  const project = temporaryFolder()
  installInto(project, packed)
  writeFiles(project, { "package.json": `{ "type": "commonjs" }`, "app.ts": APP_WITH_JOB })
  const command = join(project, "node_modules/millrace", packed.manifest.bin.millrace)
  expect(mustRun(project, process.execPath, [command, "--version"])).toBe(`${own.version}\n`)
  expect(mustRun(project, process.execPath, [command, "--help"])).toMatch(/^Usage: millrace /)
  expect(run(project, process.execPath, [command, "start"])).toEqual({
    status: 1,
    stdout: "",
    stderr:
      "error: no app was named: expected the path of an app definition, as in `millrace start app.ts`\n",
  })
  const server = await startServer({
    command: [process.execPath, command, "start"],
    app: join(project, "app.ts"),
  })
  expect((await server.produce("/topics/views", [{ id: "a", ms: 7 }])).status).toBe(200)
  expect(await server.rows("SELECT id, ms FROM views")).toEqual([["a", 7]])
  // The job's thread runs from the package too.
  const { json } = await server.call("GET /topics/slow/partitions/0/records?offset=0&timeout=20000")
  expect(json).toMatchObject([{ value: { id: "a", ms: 7 } }])
  server.signalGroup("SIGINT")
  expect(await server.exited).toEqual({ code: 0, signal: null })
})

/** How npm says that it cannot reach a registry. */
const OFFLINE = /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|ENOTCACHED/

const JEST = `import * as cdk from 'aws-cdk-lib/core';
import { Template } from 'aws-cdk-lib/assertions';
import { Millrace } from 'millrace/cdk';

test('functions', () => {
  const app = new cdk.App({ context: { 'aws:cdk:bundling-stacks': [] } });
  const stack = new cdk.Stack(app, 'Views');
  new Millrace(stack, 'Views', { entry: 'app.ts' });
  Template.fromStack(stack).resourceCountIs('AWS::ApiGatewayV2::Api', 1);
});
`

test("npm installs it into the project that `cdk init` makes, where jest runs with it", context => {
  const project = cdkInit()
  const manifest = JSON.parse(readFileSync(join(project, "package.json"), "utf8"))
  // What of the template's own this repository has already, in the versions that npm has at hand.
  const { "aws-cdk-lib": library, constructs } = own.devDependencies
  Object.assign(manifest.dependencies, {
    "aws-cdk-lib": library,
    constructs,
    millrace: `file:${packed.tarball}`,
  })
  for (const name of ["aws-cdk", "tsx", "typescript"]) delete manifest.devDependencies[name]
  const [oldTest = ""] = readdirSync(join(project, "test"))
  writeFiles(project, {
    "package.json": JSON.stringify(manifest),
    "app.ts": APP,
    [`test/${oldTest}`]: JEST,
  })
  const quiet = ["--prefer-offline", "--fetch-retries=0", "--no-audit", "--no-fund"]
  const installed = run(project, "npm", ["install", ...quiet])
  if (installed.status !== 0 && OFFLINE.test(installed.stderr)) context.skip("npm reaches no registry")
  expect(installed).toMatchObject({ status: 0 })
  mustRun(project, "npm", ["ls", "--all"])
  const { packages } = JSON.parse(readFileSync(join(project, "package-lock.json"), "utf8"))
  for (const [name, version] of Object.entries(own.overrides)) {
    expect(packages[`node_modules/${name}`]).toMatchObject({ version })
  }
  expect(mustRun(project, join(project, "node_modules/.bin/millrace"), ["--version"])).toBe(
    `${own.version}\n`,
  )
  expect(run(project, "npm", ["test"])).toMatchObject({
    status: 0,
    stderr: expect.stringContaining("1 passed"),
  })
})
