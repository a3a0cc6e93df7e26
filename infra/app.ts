// The CDK app of `cdk.json`: `cdk deploy -c app=examples/flights/app.ts`.
import { App, Validations } from "aws-cdk-lib"
import { AwsSolutionsChecks } from "cdk-nag"
import { MillraceStack, stackName } from "./stacks/millrace-stack.ts"
import { settingsOf } from "./stacks/settings.ts"

const app = new App()
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
const settings = readSettings()
if (settings !== undefined) {
  const { definition } = settings.millrace
  new MillraceStack(app, stackName(definition!.app, definition!.stage), settings)
  app.synth()
}

/** What is wrong with an app file, or with the context, is told in words: a stack trace would lead to this file. */
function readSettings() {
  try {
    return settingsOf(app.node)
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`)
    process.exitCode = 1
    return undefined
  }
}
