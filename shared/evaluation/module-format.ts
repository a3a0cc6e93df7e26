import { readFileSync } from "node:fs"
import { type RegisterHooksOptions, registerHooks } from "node:module"
import { fileURLToPath } from "node:url"
import { isInPackage } from "./failure.ts"

type Resolved = ReturnType<NonNullable<RegisterHooksOptions["resolve"]>>

/** A line that only an ES module can have: `import(…)` and `import.meta` may stand elsewhere too. */
const MODULE_SYNTAX = /^\s*(?:import\b(?!\s*[(.])|export\b)/m

/**
 * Has a user's TypeScript loaded as the ES module that it is written as, whatever the package around it says: `npm init`
 * makes packages of `"type": "commonjs"`.
 */
export function asWritten(resolved: Resolved): Resolved {
  if (resolved.format !== "commonjs-typescript" || isInPackage(resolved.url)) return resolved
  const isModule = MODULE_SYNTAX.test(readFileSync(fileURLToPath(resolved.url), "utf8"))
  return isModule ? { ...resolved, format: "module-typescript" } : resolved
}

/** Imports a user's file as it is written, and what it imports. */
export async function importAsWritten(url: string): Promise<object> {
  const hooks = registerHooks({
    resolve: (specifier, context, nextResolve) => asWritten(nextResolve(specifier, context)),
  })
  try {
    return await import(url)
  } finally {
    hooks.deregister()
  }
}
