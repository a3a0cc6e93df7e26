import type { OnLoadResult, Plugin } from "esbuild"
import { NATIVE_REQUIRE } from "./native-plugin.ts"

/** A module that most environments never use, and what is imported of it. */
interface LazyModule {
  readonly functions?: readonly string[]
  readonly classes?: readonly string[]
}

const LAZY: Readonly<Record<string, LazyModule>> = {
  // Compiles a grammar. Expressions of tables are parsed when a table is read the first time.
  "pgsql-ast-parser": { functions: ["parse"] },
  // For topics that are validated at the door.
  "ajv/dist/2020.js": { classes: ["Ajv2020"] },
}

/**
 * Modules of Node's that an import costs more than a `require`: an import reads every export, and those of `http` load
 * Node's whole `fetch`, some 20 ms.
 */
const REQUIRED = ["http", "node:http"]

const LAZY_NAMESPACE = "lazy"
const REQUIRED_NAMESPACE = "required"
/** Says that the import is the stand-in's own. */
const REAL = { isReal: true }

function lazyText(name: string, { functions = [], classes = [] }: LazyModule): string {
  return [
    "let loaded",
    `const load = () => (loaded ??= require(${JSON.stringify(name)}))`,
    ...functions.map(it => `export const ${it} = (...given) => load().${it}(...given)`),
    ...classes.map(
      it =>
        `export const ${it} = new Proxy(class {}, { construct: (_, given) => Reflect.construct(load().${it}, given) })`,
    ),
  ].join("\n")
}

const exactly = (names: readonly string[]) =>
  new RegExp(`^(?:${names.map(name => name.replace(/[/\-.]/g, "\\$&")).join("|")})$`)

/** Makes bundles ready sooner: what is rarely needed is bundled, but runs at its first use. */
export const lazyPlugin: Plugin = {
  name: "lazy modules",
  setup(build) {
    build.onResolve({ filter: exactly(Object.keys(LAZY)) }, ({ path, pluginData }) =>
      pluginData === REAL ? undefined : { path, namespace: LAZY_NAMESPACE, sideEffects: false },
    )
    build.onLoad({ filter: /.*/, namespace: LAZY_NAMESPACE }, ({ path }): OnLoadResult => {
      const contents = lazyText(path, LAZY[path]!)
      return { contents, loader: "js", resolveDir: build.initialOptions.absWorkingDir, pluginData: REAL }
    })
    build.onResolve({ filter: exactly(REQUIRED) }, ({ path }) => ({
      path,
      namespace: REQUIRED_NAMESPACE,
      sideEffects: false,
    }))
    build.onLoad({ filter: /.*/, namespace: REQUIRED_NAMESPACE }, ({ path }) => ({
      contents: `module.exports = ${NATIVE_REQUIRE}(${JSON.stringify(path)})`,
      loader: "js",
    }))
  },
}
