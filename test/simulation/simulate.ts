import { type ChildProcess, fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { runSeed, type SeedReport, WORKLOADS, type Workload } from "./simulate-seed.ts"

// `npm run simulate -- [--seeds N] [--from S] [--workload NAME|all] [--trace]`

const NAMES = [...WORKLOADS, "all"].join("|")
const USAGE = `usage: npm run simulate -- [--seeds N] [--from S] [--workload ${NAMES}] [--trace]`
const SEEDS_DEFAULT = 10_000
/** Failed seeds that are told in full; of the others, only how many they are. */
const FAILURES_TOLD_MAX = 10
const VIOLATIONS_TOLD_MAX = 3
const PROGRESS_MS_TERMINAL = 200
const PROGRESS_MS_FILE = 10_000

interface Asked {
  readonly from: number
  readonly seeds: number
  readonly workloads: readonly Workload[]
  readonly trace: boolean
}

function fail(message: string): never {
  process.stderr.write(`${message}\n${USAGE}\n`)
  process.exit(2)
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  if (!/^\d{1,15}$/.test(text) || Number(text) < 1)
    fail(`--${name}: expected a whole number from 1 on, got ${text}`)
  return Number(text)
}

function readArguments(): Asked {
  const options = {
    seeds: { type: "string" },
    from: { type: "string" },
    workload: { type: "string" },
    trace: { type: "boolean" },
  } as const
  let values: { seeds?: string; from?: string; workload?: string; trace?: boolean }
  try {
    values = parseArgs({ options }).values
  } catch (error) {
    fail((error as Error).message)
  }
  const { workload = "all", trace = false } = values
  if (workload !== "all" && !WORKLOADS.includes(workload as Workload)) {
    fail(`--workload: expected ${NAMES}, got ${workload}`)
  }
  return {
    from: wholeNumber("from", values.from, 1),
    seeds: wholeNumber("seeds", values.seeds, trace ? 1 : SEEDS_DEFAULT),
    workloads: workload === "all" ? WORKLOADS : [workload as Workload],
    trace,
  }
}

/** What all runs so far came to, and the line that says so. */
class Tally {
  readonly #total: number
  readonly #began = performance.now()
  #told = 0
  done = 0
  failed = 0
  #steps = 0
  #faults = 0
  #virtualHours = 0

  constructor(total: number) {
    this.#total = total
  }

  add(report: SeedReport): void {
    this.done++
    this.#steps += report.steps
    this.#faults += report.faults
    this.#virtualHours += report.virtualHours
    if (report.violations.length > 0) this.#tellFailure(report)
    const every = process.stderr.isTTY ? PROGRESS_MS_TERMINAL : PROGRESS_MS_FILE
    if (performance.now() - this.#told < every) return
    this.#told = performance.now()
    process.stderr.write(process.stderr.isTTY ? `\r${this.line()}\u001b[K` : `${this.line()}\n`)
  }

  line(): string {
    const seconds = (performance.now() - this.#began) / 1_000
    const rate = (this.done / seconds).toFixed(1)
    const lived = `${this.#steps} steps, ${Math.round(this.#virtualHours / 24)} virtual days, ${this.#faults} faults`
    return `${this.done} of ${this.#total} seeds, ${rate} a second, ${lived}, ${this.failed} failed`
  }

  #tellFailure({ workload, seed, violations }: SeedReport): void {
    this.failed++
    if (this.failed > FAILURES_TOLD_MAX) return
    if (process.stderr.isTTY) process.stderr.write("\r\u001b[K")
    const more = violations.length - VIOLATIONS_TOLD_MAX
    const lines = violations.slice(0, VIOLATIONS_TOLD_MAX).map(text => `  ${text}`)
    if (more > 0) lines.push(`  and ${more} more`)
    const replay = `npm run simulate -- --workload ${workload} --from ${seed} --seeds 1 --trace`
    process.stdout.write(`${workload}, seed ${seed}:\n${lines.join("\n")}\n  replay: ${replay}\n`)
  }
}

function* seedsOf({ from, seeds, workloads }: Asked): Generator<{ workload: Workload; seed: number }> {
  for (let seed = from; seed < from + seeds; seed++) {
    for (const workload of workloads) yield { workload, seed }
  }
}

/** In this process, every event told: for one seed, or few. */
async function runHere(asked: Asked, tally: Tally): Promise<void> {
  for (const { workload, seed } of seedsOf(asked)) {
    const report = await runSeed(workload, seed, { trace: asked.trace })
    if (report.trace.length > 0) process.stdout.write(`${report.trace.join("\n")}\n`)
    tally.add(report)
  }
}

/** In a process for each core, each given its next seed when it is done with the last. */
function runInChildren(asked: Asked, tally: Tally): Promise<void> {
  const waiting = seedsOf(asked)
  const next = (child: ChildProcess): boolean => {
    const { value, done } = waiting.next()
    if (done === true) child.disconnect()
    else child.send(value)
    return done !== true
  }
  const children = Array.from({ length: availableParallelism() }, () => {
    const child = fork(join(import.meta.dirname, "simulate-child.ts"))
    return new Promise<void>((resolve, reject) => {
      child.on("message", (report: SeedReport) => {
        tally.add(report)
        next(child)
      })
      child.on("error", reject)
      child.on("exit", code => (code === 0 ? resolve() : reject(new Error(`a child ended with ${code}`))))
      next(child)
    })
  })
  return Promise.all(children).then(() => {})
}

const asked = readArguments()
const tally = new Tally(asked.seeds * asked.workloads.length)
await (asked.trace || asked.seeds === 1 ? runHere(asked, tally) : runInChildren(asked, tally))
if (process.stderr.isTTY) process.stderr.write("\r\u001b[K")
process.stdout.write(`${tally.line()}\n`)
process.exitCode = tally.failed > 0 ? 1 : 0
