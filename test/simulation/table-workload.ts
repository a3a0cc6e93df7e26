import { drawFaultPlan, type FaultPlan, noFaults } from "./fault-plan.ts"
import { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import { type TableAction, TableActions } from "./table-actions.ts"
import { TableChecker } from "./table-checker.ts"
import { verifyEnd } from "./table-end.ts"
import { type NodeOptions, openNode, type TableNode } from "./table-node.ts"
import { World } from "./world.ts"

/** What a run came to; a run that finds a fault throws instead. */
export interface TableRun {
  readonly seed: string
  readonly steps: number
  readonly records: number
  readonly pins: number
  /** Steps of builders that moved a position. */
  readonly flushes: number
  /** Manifests that named a list of segments. */
  readonly spills: number
  readonly faultsMet: ReadonlyMap<string, number>
}

/** What a seed's run consists of. */
interface Plan {
  readonly nodes: number
  readonly partitions: number
  readonly badRecords: "skip" | "null"
  /** How often what is done before the world calms down. */
  readonly budgets: Readonly<Record<TableAction, number>>
  /** Mean virtual ms between two actions of one loop. */
  readonly pauseMs: number
  readonly forceChance: number
  readonly freezes: number
  readonly outages: number
  readonly node: NodeOptions
}

const HOUR_MS = 3_600_000
/** About so many pauses a run takes in all. */
const BUSY_PAUSES = 30

function drawPlan(prng: Prng): Plan {
  const some = (most: number) => (prng.chance(0.5) ? 0 : 1 + prng.integer(most))
  const many = prng.chance(0.15)
  const small = prng.chance(0.6)
  return {
    nodes: 2 + prng.integer(2),
    partitions: 1 + prng.integer(many ? 1 : 3),
    badRecords: prng.pick(["skip", "null"]),
    budgets: {
      append: many ? 120 : 20 + prng.integer(40),
      build: many ? 120 : 20 + prng.integer(40),
      pin: 15 + prng.integer(20),
      alter: some(4),
      detach: some(4),
      drop: some(2),
      topic: prng.chance(0.3) ? 1 + prng.integer(2) : 0,
      recover: 1 + prng.integer(3),
    },
    pauseMs: prng.magnitude(5, 1_000),
    forceChance: prng.pick([0.3, 0.8, 1]),
    freezes: some(3),
    outages: some(2),
    node: {
      log: { inlineItemBytesMax: prng.pick([8 * 1024, 400]) },
      builder: small ? { spill: { itemBytesMax: 700, listSegmentsMax: prng.pick([5, 40]) } } : {},
      fetchCost: prng.pick([0, 0.000_02]),
    },
  }
}

/** Many writes fail, some applied, some not: long enough for patience to run out. */
const OUTAGE: Partial<FaultPlan> = { timeoutBefore: 0.4, timeoutAfter: 0.3, unavailable: 0.5 }

/**
 * One seed: processes that append, build, query, alter and drop at once, under a mixture of faults, until their budgets
 * are used up; then calm, and the table must be the log. Throws at the first thing that is not as it must be.
 */
export async function runTables(seed: number | string, options: { trace?: boolean } = {}): Promise<TableRun> {
  const prng = new Prng(`table ${seed}/workload`)
  const plan = drawPlan(prng)
  const checker = new TableChecker(plan.badRecords)
  const world = new World(`table ${seed}`, { trace: options.trace ?? false, watch: checker.watch })
  const actions = new TableActions(checker, { ...plan, prng })
  try {
    await setUp(world, checker, plan, actions)
    for (let index = 0; index < plan.nodes; index++) startNode(world, checker, plan, actions, `node${index}`)
    disturb(world, plan, prng)
    await world.run({ until: () => checker.violations.length > 0 || (actions.done && world.settled) })
    await checker.done()
    throwViolations(checker)
    world.calm()
    // What was under way late lands, or is too late, before the world is judged.
    await world.run({ until: () => false, forMs: HOUR_MS })
    const last = openNode(world.process("last", { faults: false }), checker.history, plan.node)
    world.spawn(last.process, () => verifyEnd(last, checker, actions))
    await world.settle()
    await checker.done()
    throwViolations(checker)
  } catch (error) {
    if (options.trace) console.log(world.trace.join("\n"))
    throw error
  }
  return {
    seed: String(seed),
    steps: world.steps,
    records: [...checker.truth.partitions.values()].reduce((sum, { end }) => sum + end, 0),
    pins: actions.pins,
    flushes: actions.flushes,
    spills: checker.history.spills,
    faultsMet: world.faultsMet,
  }
}

function throwViolations(checker: TableChecker): void {
  if (checker.violations.length > 0) throw new Error(checker.violations.slice(0, 5).join("\n"))
}

async function setUp(world: World, checker: TableChecker, plan: Plan, actions: TableActions): Promise<void> {
  const node = openNode(world.process("setup", { faults: false }), checker.history, plan.node)
  world.spawn(node.process, () => actions.create(node))
  await world.settle()
}

/** A process that dies is followed by another, which knows nothing of what its predecessor did. */
function startNode(
  world: World,
  checker: TableChecker,
  plan: Plan,
  actions: TableActions,
  name: string,
): void {
  const onCrash = (_dead: SimProcess) => {
    if (!actions.done)
      world.after(1 + actions.pauseMs(), () => startNode(world, checker, plan, actions, name))
  }
  const skewMs = actions.skewMs()
  const node: TableNode = openNode(world.process(name, { skewMs, onCrash }), checker.history, plan.node)
  for (const loop of actions.loops) {
    world.spawn(node.process, () => loop(node), { label: `${node.process.label} ${loop.name}` })
  }
}

function disturb(world: World, plan: Plan, prng: Prng): void {
  const swarm = drawFaultPlan(prng.fork("calls"))
  world.setFaults(swarm)
  const usual = swarm
  const within = () => prng.fraction() * BUSY_PAUSES * plan.pauseMs
  for (let freeze = 0; freeze < plan.freezes; freeze++) {
    const ms = prng.magnitude(60_000, 10 * HOUR_MS)
    const staleClock = prng.chance(0.5)
    const name = `node${prng.integer(plan.nodes)}`
    world.after(within(), () => {
      const process = world.processes.findLast(other => other.name === name && !other.crashed)
      if (process !== undefined) world.freeze(process, ms, { staleClock })
    })
  }
  for (let outage = 0; outage < plan.outages; outage++) {
    const start = within()
    const change = (to: FaultPlan) => () => {
      if (world.faults !== noFaults) world.setFaults(to)
    }
    world.after(start, change({ ...usual, ...OUTAGE }))
    world.after(start + 5_000 + prng.integer(30_000), change(usual))
  }
}
