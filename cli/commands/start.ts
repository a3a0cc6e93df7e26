import { Command } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { integer } from "../options.ts"

interface Options {
  readonly port: number
  readonly data: string
  readonly replay: boolean
  readonly watch: boolean
}

/** Failures that a person can mend: they are told in one line, without a stack. */
const expected = /^(?:HttpServer|Storage|Definition|Evaluation|Deployment|Start|Log|Table)Error$/

async function run(app: string | undefined, options: Options): Promise<void> {
  // The server's modules take a while to load; no other command needs them.
  const { start } = await import("../../shared/embedded/start.ts")
  try {
    await start({ ...options, ...(app === undefined ? {} : { app }) })
  } catch (error) {
    if (error instanceof Error && expected.test(error.name)) {
      throw new Failure(exitCodes.failed, error.message, { cause: error })
    }
    throw error
  }
}

export const startCommand = () =>
  new Command("start")
    .description("Run the platform in this process, on local files.")
    .argument("[app]", "the app definition, a .ts file; default in the repository: the flights example")
    .option("--port <port>", "where to listen on 127.0.0.1; 0 picks a free one", integer(0, 65_535), 7070)
    .option("--data <folder>", "where everything is kept", "./.millrace")
    .option("--no-replay", "do not replay the example's data")
    .option("--watch", "apply the definition again whenever it changes", false)
    .action(run)
