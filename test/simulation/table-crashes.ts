import { MERGE_LIMITS } from "../../shared/serving/maintain/plan-merge.ts"
import { Prng } from "./prng.ts"
import { CRASH_PHASES, type CrashPoint } from "./sim-process.ts"
import { type TableAction, TableActions } from "./table-actions.ts"
import { TableChecker } from "./table-checker.ts"
import { verifyEnd } from "./table-end.ts"
import { type NodeOptions, openNode, type TableNode } from "./table-node.ts"
import { TABLE } from "./table-records.ts"
import { World } from "./world.ts"

/** Something that a process does, to be cut off at each of its awaited port calls in turn. */
export interface CrashScenario {
  readonly name: string
  /** What stands before it, done by a process that lives. */
  prepare(node: TableNode, actions: TableActions): Promise<unknown>
  act(node: TableNode, actions: TableActions): Promise<unknown>
}

const NONE: Readonly<Record<TableAction, number>> = {
  append: 0,
  build: 0,
  maintain: 0,
  pin: 0,
  alter: 0,
  detach: 0,
  drop: 0,
  topic: 0,
  recover: 0,
  purge: 0,
  kill: 0,
  collect: 0,
}

const NODE: NodeOptions = {
  log: { inlineItemBytesMax: 400 },
  builder: { spill: { itemBytesMax: 700, listSegmentsMax: 40 } },
  maintain: { merge: { ...MERGE_LIMITS, fanIn: 2 }, listSegmentsMax: 5 },
  fetchCost: 0,
}

/**
 * Runs the scenario once for every awaited port call and phase of it, the process dying there; a successor that knows
 * nothing carries on, and the table must be its log. Returns how many points there are.
 */
export async function crashEverywhere(scenario: CrashScenario): Promise<number> {
  for (let call = 1, points = 0; ; call++) {
    for (const phase of CRASH_PHASES) {
      const { calls, died, violations } = await runCrash(scenario, { call, phase })
      if (violations.length > 0) {
        throw new Error(`${scenario.name}, dead ${phase} call ${call}: ${violations.slice(0, 3).join("\n")}`)
      }
      if (calls < call) return points
      // A sleep has no more than one moment to die at.
      if (died) points++
    }
  }
}

async function runCrash(
  { name, prepare, act }: CrashScenario,
  crashAt: CrashPoint,
): Promise<{ readonly calls: number; readonly died: boolean; readonly violations: readonly string[] }> {
  const checker = new TableChecker("skip", false)
  const world = new World(`${name} ${crashAt.call} ${crashAt.phase}`, { watch: checker.watch })
  const actions = new TableActions(checker, {
    prng: new Prng(name),
    partitions: 1,
    badRecords: "skip",
    sort: [],
    budgets: NONE,
    pauseMs: 10,
    forceChance: 1,
  })
  const open = (process: string, options = {}) =>
    openNode(world.process(process, options), checker.history, NODE)
  const first = open("first")
  world.spawn(first.process, async () => {
    await actions.create(first)
    await prepare(first, actions)
    await actions.pin(first)
  })
  await world.settle()
  const victim = open("victim", { crashAt })
  world.spawn(victim.process, () => act(victim, actions))
  await world.settle()
  const { calls, crashed: died } = victim.process
  const last = open("last")
  world.spawn(last.process, async () => {
    // Whoever was there before has to see the same table as whoever comes.
    if ((await last.registry.find(TABLE)) !== undefined) await actions.pin(first)
    await verifyEnd(last, checker, actions)
  })
  await world.settle()
  await checker.done()
  return { calls, died, violations: checker.violations }
}
