import { Command } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { print, say } from "../output.ts"

/** Failures that a person can mend: they are told in one line, without a stack. */
const expected = /^(?:Definition|Evaluation|Job|Log|Storage|Table)Error$/

async function run(app: string, { data }: { readonly data: string }): Promise<void> {
  const { planApp } = await import("../../shared/embedded/plan-app.ts")
  try {
    const { text, changes, refused, printed } = await planApp(app, data)
    if (printed !== "") say(printed.trimEnd())
    if (changes === 0) say(`${app}: nothing to change`)
    else await print(`${text}\n`)
    if (refused > 0) throw new Failure(exitCodes.failed, `${refused} refused: nothing of it would be applied`)
  } catch (error) {
    if (error instanceof Error && expected.test(error.name)) {
      throw new Failure(exitCodes.failed, error.message, { cause: error })
    }
    throw error
  }
}

export const planCommand = () =>
  new Command("plan")
    .description(
      "Say what `start` would change in a data folder whose server is stopped. Nothing is changed.",
    )
    .argument("<app>", "the app definition, a .ts file")
    .option("--data <folder>", "where everything is kept", "./.millrace")
    .action(run)
