import { once } from "node:events"
import { createWriteStream, type WriteStream } from "node:fs"
import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { Command } from "commander"
import { exitCodes, Failure } from "../failure.ts"
import { Progress, print, say } from "../output.ts"

interface Options {
  readonly bounded?: boolean
  readonly job?: string
  readonly data: string
  readonly out?: string
}

/** Failures that a person can mend: they are told in one line, without a stack. */
const expected = /^(?:BoundedRun|Definition|Evaluation|FileRows|Job|Log|Storage|Worker)Error$/

/** Takes results to stdout, or to a file for each topic. */
class Results {
  readonly #folder: string | undefined
  readonly #files = new Map<string, WriteStream>()

  constructor(folder: string | undefined) {
    this.#folder = folder
  }

  async take(topic: string, value: string, topics: number): Promise<void> {
    if (this.#folder === undefined) {
      await print(topics === 1 ? `${value}\n` : `{"topic":${JSON.stringify(topic)},"value":${value}}\n`)
      return
    }
    let file = this.#files.get(topic)
    if (file === undefined) {
      await mkdir(this.#folder, { recursive: true })
      file = createWriteStream(join(this.#folder, `${topic}.ndjson`))
      this.#files.set(topic, file)
    }
    if (!file.write(`${value}\n`)) await once(file, "drain")
  }

  async end(): Promise<void> {
    await Promise.all([...this.#files.values()].map(file => once(file.end(), "close")))
  }
}

async function run(app: string, options: Options): Promise<void> {
  if (options.bounded !== true) {
    const message = "--bounded: is missing; `millrace start` runs jobs that do not end"
    throw new Failure(exitCodes.usage, message)
  }
  const { runBounded } = await import("../../shared/embedded/bounded/run-bounded.ts")
  const progress = new Progress()
  const results = new Results(options.out)
  try {
    const { job, counters, elapsedMs, fault } = await runBounded({
      app,
      data: options.data,
      ...(options.job === undefined ? {} : { job: options.job }),
      progress: (read, of) => progress.show(`${read} of ${of} records`),
      say,
      result: (topic, value, topics) => results.take(topic, value, topics),
    })
    await results.end()
    progress.clear()
    const { recordsIn, recordsOut, late, duplicate, expired, skipped } = counters
    const dropped = { late, duplicate, expired, skipped }
    const more = Object.entries(dropped).flatMap(([name, count]) =>
      count === 0 ? [] : [`, ${count} ${name}`],
    )
    const seconds = (elapsedMs / 1_000).toFixed(1)
    say(`job ${job}: ${recordsIn} records in, ${recordsOut} results out${more.join("")}, in ${seconds} s`)
    if (fault === undefined) return
    const { at, record } = fault
    const where = at === undefined ? "" : ` at ${at.topic}/${at.partition}, offset ${at.offset}`
    const shown = record === undefined ? "" : `: ${record}`
    throw new Failure(exitCodes.failed, `${fault.error}${where}${shown}; no results are given`)
  } catch (error) {
    progress.clear()
    if (error instanceof Error && expected.test(error.name)) {
      throw new Failure(exitCodes.failed, error.message, { cause: error })
    }
    throw error
  }
}

export const runCommand = () =>
  new Command("run")
    .description("Run a job over what there is, to its end, and print its final results as NDJSON.")
    .argument("<app>", "the app definition with the job, a .ts file")
    .option("--bounded", "end where the sources end now")
    .option("--job <name>", "which job, where the app has several")
    .option("--data <folder>", "whose topics the job reads; nothing is written there", "./.millrace")
    .option("--out <folder>", "write each topic's results to a file there instead of stdout")
    .action(run)
