// `node evaluate-program.ts '{"entry":…,"stage":…}'`: evaluation takes child processes and time, synthesis waits for
// neither.
import { evaluateApp } from "../../shared/evaluation/evaluate.ts"
import { checkExpression } from "../../shared/serving/expression/check.ts"
import type { EntryReport, EntryTask } from "./evaluate-entry.ts"

const { entry, stage } = JSON.parse(process.argv[2] ?? "") as EntryTask
const evaluated = await evaluateApp(entry, { stage, checkExpression })
const { printed } = evaluated
const report: EntryReport =
  "error" in evaluated
    ? { error: evaluated.error.message, printed }
    : { definition: evaluated.definition, digest: evaluated.digest, printed }
process.stdout.write(JSON.stringify(report))
