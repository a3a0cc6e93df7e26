import { bundleFunctions } from "./bundle.ts"

// `node bundle-program.ts <folder>`: esbuild's plugins are asynchronous, synthesis is not.

const [, , folder] = process.argv
if (folder === undefined) throw new Error("usage: bundle-program.ts <folder>")
await bundleFunctions(folder)
