import { isBuiltin } from "node:module"

/** `import … from "x"`, `export … from "x"`, `import "x"`, `import("x")` and `require("x")`; not the text `"import"`. */
const SPECIFIER = /(?<!["'])(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\(\s*)(["'])([^"'\n]+)\1/g

/** The specifiers that JavaScript or a declaration imports. Comments are read too: what is found there is imported by nobody. */
export function specifiersOf(text: string): string[] {
  return [...text.matchAll(SPECIFIER)].map(([, , specifier = ""]) => specifier)
}

/** The package of a bare specifier: `@scope/name` of `@scope/name/file.js`; undefined where it is Node's or a path. */
export function packageOf(specifier: string): string | undefined {
  if (/^[./#]/.test(specifier) || isBuiltin(specifier)) return undefined
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/")
}
