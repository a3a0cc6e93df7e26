import { Command } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { Server } from "../http.ts"
import { integer, reaching, type ServerOptions } from "../options.ts"
import { print } from "../output.ts"

/** The server's bound of one request. */
const REQUEST_MAX = 100

interface Options extends ServerOptions {
  readonly max: number
}

interface Result {
  readonly redriven: number
  readonly failed: number
  readonly remaining: number
}

async function run(options: Options): Promise<void> {
  const server = new Server(options)
  let [redriven, failed] = [0, 0]
  for (;;) {
    const max = Math.min(REQUEST_MAX, options.max - redriven - failed)
    const result = await server.post<Result>("/dead-letters/redrive", { max })
    redriven += result.redriven
    failed += result.failed
    // Where all that was tried failed, more of the same would only fail again.
    const done = result.remaining === 0 || result.redriven === 0 || redriven + failed >= options.max
    if (!done) continue
    await print(`${redriven} redriven, ${failed} failed, ${result.remaining} remaining\n`)
    if (failed > 0) throw new Failure(exitCodes.failed, `${failed} failed again, and stay`)
    return
  }
}

export const redriveCommand = () =>
  reaching(new Command("redrive"))
    .description("Try again what a deployment set aside because it failed.")
    .option("--max <n>", "at most so many", integer(1, 1_000_000), 1_000)
    .action(run)
