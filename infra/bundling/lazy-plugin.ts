import type { Plugin } from "esbuild"
import { NATIVE_REQUIRE } from "./native-plugin.ts"

/** A module that most environments never use, and what is imported of it. */
interface LazyModule {
  /** Its file beside the bundle: what is not loaded need not be parsed either, some 4 ms for 100 KB. */
  readonly file: string
  readonly functions?: readonly string[]
  readonly classes?: readonly string[]
}

export const LAZY_MODULES: Readonly<Record<string, LazyModule>> = {
  // Compiles a grammar. Expressions of tables are parsed when a table is read the first time.
  "pgsql-ast-parser": { file: "pgsql-ast-parser.cjs", functions: ["parse"] },
  // For topics that are validated at the door.
  "ajv/dist/2020.js": { file: "ajv.cjs", classes: ["Ajv2020"] },
}

/**
 * Modules of Node's that an import costs more than a `require`: an import reads every export, and those of `http` load
 * Node's whole `fetch`, some 20 ms.
 */
const REQUIRED = ["http", "node:http"]

const LAZY_NAMESPACE = "lazy"
const REQUIRED_NAMESPACE = "required"

function lazyText({ file, functions = [], classes = [] }: LazyModule): string {
  return [
    "let loaded",
    `const load = () => (loaded ??= ${NATIVE_REQUIRE}(${JSON.stringify(`./${file}`)}))`,
    ...functions.map(it => `export const ${it} = (...given) => load().${it}(...given)`),
    ...classes.map(
      it =>
        `export const ${it} = new Proxy(class {}, { construct: (_, given) => Reflect.construct(load().${it}, given) })`,
    ),
  ].join("\n")
}

const exactly = (names: readonly string[]) =>
  new RegExp(`^(?:${names.map(name => name.replace(/[/\-.]/g, "\\$&")).join("|")})$`)

/**
 * Makes a bundle ready sooner: what is rarely needed is loaded at its first use, from a file of its own.
 * @param used takes the names of the lazy modules that the bundle wants beside it
 */
export function lazyPlugin(used: Set<string>): Plugin {
  return {
    name: "lazy modules",
    setup(build) {
      build.onResolve({ filter: exactly(Object.keys(LAZY_MODULES)) }, ({ path }) => ({
        path,
        namespace: LAZY_NAMESPACE,
        sideEffects: false,
      }))
      build.onLoad({ filter: /.*/, namespace: LAZY_NAMESPACE }, ({ path }) => {
        used.add(path)
        return { contents: lazyText(LAZY_MODULES[path]!), loader: "js" }
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
}
