import { BREAK_SEEDS } from "./break-seeds.ts"
import { BREAKS, type Break } from "./breaks.ts"
import { applyBreak } from "./breaks-loader.ts"

// Runs seeds over broken production code until one notices: `breaks-child.ts <break> <seeds>`. Prints one line of JSON.

export interface BreakReport {
  readonly name: string
  /** The seed that noticed, if any did: the one that is remembered, else the first. */
  readonly seed: number | undefined
  readonly violation: string | undefined
}

const [name, seedsMax] = [process.argv[2], Number(process.argv[3])]
const broken = BREAKS.find(other => other.name === name)
if (broken === undefined) throw new Error(`no break is called ${name}`)
const { applied } = applyBreak(broken)

async function firstToNotice({ name, workload, emphasis }: Break): Promise<Omit<BreakReport, "name">> {
  // Imported only now, so that the break is in.
  const { runSeed } = await import("./simulate-seed.ts")
  const remembered = Math.min(BREAK_SEEDS[name] ?? 1, seedsMax)
  for (let tried = 0; tried <= seedsMax; tried++) {
    const seed = tried === 0 ? remembered : tried
    if (tried === remembered) continue
    const [violation] = (await runSeed(workload, seed, { emphasis })).violations
    if (violation !== undefined) return { seed, violation }
  }
  return { seed: undefined, violation: undefined }
}

const report: BreakReport = { name: broken.name, ...(await firstToNotice(broken)) }
if (!applied()) throw new Error(`break "${broken.name}": ${broken.file} was never loaded`)
process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0))
