import { dirname, isAbsolute } from "node:path"
import type { Plugin } from "esbuild"
import { withPureCalls } from "./app-file.ts"
import { type AppFiles, isAppModule, type JobPlace } from "./app-files.ts"

/** The name under which a job's own module gives it out. */
export const JOB_EXPORT = "__millraceJob"
/** Marks a resolution that has been here: asking esbuild for its own answer comes back. */
const ASKED = { asked: true }

/**
 * Reads an app so that only one job's code stays: its modules have no effects beside their exports, and neither have the
 * calls that define topics, tables, jobs and apps.
 * @param definitions path of the package's module that apps import
 * @param job where the job is; undefined: it is looked up in the app
 */
export function appPlugin(files: AppFiles, definitions: string, job: JobPlace | undefined): Plugin {
  return {
    name: "app files",
    setup(build) {
      build.onResolve({ filter: /^millrace$/ }, () => ({ path: definitions, sideEffects: false }))
      build.onResolve({ filter: /^[./]|^[A-Za-z]:/ }, async ({ path, pluginData, ...from }) => {
        if (pluginData === ASKED) return undefined
        const { importer, namespace, resolveDir, kind } = from
        const asked = await build.resolve(path, {
          importer,
          namespace,
          resolveDir: isAbsolute(path) ? dirname(path) : resolveDir,
          kind,
          pluginData: ASKED,
        })
        return isAppModule(asked.path) ? { ...asked, sideEffects: false } : asked
      })
      build.onLoad({ filter: /\.m?[jt]s$/ }, ({ path }) => {
        if (!isAppModule(path) || path.startsWith(dirname(definitions))) return undefined
        const contents = withPureCalls(files.get(path))
        const shown = path === job?.file ? `\nexport { ${job.variable} as ${JOB_EXPORT} }\n` : ""
        return { contents: contents + shown, loader: "js", resolveDir: dirname(path) }
      })
    },
  }
}
