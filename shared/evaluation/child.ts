// The restricted process in which an app file is evaluated: `node --permission child.ts '{"file":…,"stage":…}'`.
import { writeSync } from "node:fs"
import { pathToFileURL } from "node:url"
import { resolveApp } from "../definition/resolve.ts"
import { failureOf } from "./failure.ts"
import { hookModules } from "./module-hooks.ts"
import { type EvaluationReport, type EvaluationTask, REPORT_FD } from "./report.ts"
import { restrict } from "./restrict.ts"

const task = JSON.parse(process.argv[2] ?? "") as EvaluationTask
const importedFiles = hookModules(restrict())
const report = await evaluate()
const bytes = Buffer.from(JSON.stringify(report))
for (let written = 0; written < bytes.length; ) written += writeSync(REPORT_FD, bytes, written)
process.exit(0)

async function evaluate(): Promise<EvaluationReport> {
  try {
    const module = (await import(pathToFileURL(task.file).href)) as { default?: unknown }
    return { resolution: resolveApp(module.default, task.stage), imports: importedFiles() }
  } catch (error) {
    return { failure: failureOf(error), imports: importedFiles() }
  }
}
