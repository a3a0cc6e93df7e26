import type { Plugin } from "esbuild"
import { NATIVE_PACKAGES, type NativePackage } from "./native-packages.ts"

/** The function that bundles load native packages by: a `require`, since imports do not look at `NODE_PATH`. */
export const NATIVE_REQUIRE = "__nativeRequire"
const NAMESPACE = "native"

/** Opens every bundle: packages written for CommonJS, and the native ones, need a `require`. */
export const BANNER = [
  'import { createRequire as __createRequire } from "node:module";',
  "const require = __createRequire(import.meta.url);",
  `const ${NATIVE_REQUIRE} = require;`,
].join("")

/** The module that stands in a bundle for a native package. */
function moduleText({ name, lazyExports }: NativePackage): string {
  const load = `${NATIVE_REQUIRE}(${JSON.stringify(name)})`
  if (lazyExports === undefined) return `module.exports = ${load}`
  return [
    "let library",
    `const load = () => (library ??= ${load})`,
    ...lazyExports.map(it => `export const ${it} = (...given) => load().${it}(...given)`),
  ].join("\n")
}

/** Leaves native packages out of a bundle: they are loaded from a layer, along `NODE_PATH`. */
export const nativePlugin: Plugin = {
  name: "native packages",
  setup(build) {
    const packages = new Map(NATIVE_PACKAGES.map(it => [it.name, it]))
    const names = [...packages.keys()].map(name => name.replace(/[/\-.]/g, "\\$&"))
    build.onResolve({ filter: new RegExp(`^(?:${names.join("|")})$`) }, ({ path }) => ({
      path,
      namespace: NAMESPACE,
      sideEffects: false,
    }))
    build.onLoad({ filter: /.*/, namespace: NAMESPACE }, ({ path }) => ({
      contents: moduleText(packages.get(path)!),
      loader: "js",
    }))
  },
}
