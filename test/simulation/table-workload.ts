import { MERGE_LIMITS } from "../../shared/serving/maintain/plan-merge.ts"
import { drawFaultPlan, type FaultPlan, noFaults } from "./fault-plan.ts"
import { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import { type TableAction, TableActions } from "./table-actions.ts"
import { TableChecker } from "./table-checker.ts"
import { verifyEnd } from "./table-end.ts"
import { type NodeOptions, openNode, type TableNode } from "./table-node.ts"
import { World } from "./world.ts"
import { WORLD_START } from "./world-core.ts"

/** What a run came to. */
export interface TableRun {
  readonly seed: number
  /** What was wrong, the first of it first; none in a good run. */
  readonly violations: readonly string[]
  readonly steps: number
  readonly records: number
  readonly pins: number
  /** Manifests stored. */
  readonly manifests: number
  /** Of those, the ones that name lists of segments. */
  readonly spills: number
  /** … and those that name merged segments. */
  readonly merges: number
  /** Objects that were collected. */
  readonly collected: number
  readonly virtualHours: number
  readonly faultsMet: ReadonlyMap<string, number>
  readonly traceHash: string
  readonly trace: readonly string[]
}

/** What a seed's run consists of. */
interface Plan {
  readonly nodes: number
  readonly partitions: number
  readonly badRecords: "skip" | "null"
  readonly sort: readonly string[]
  readonly retentionMs?: number
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
  // With few appends the same range of offsets is built again and again.
  const few = !many && prng.chance(0.25)
  const small = prng.chance(0.8)
  const slow = prng.chance(0.1)
  return {
    nodes: 2 + prng.integer(2),
    partitions: 1 + prng.integer(many ? 1 : 3),
    badRecords: prng.pick(["skip", "null"]),
    sort: prng.chance(0.3) ? ["id"] : [],
    budgets: {
      append: many ? 120 : few ? 8 : 20 + prng.integer(40),
      build: many ? 120 : 30 + prng.integer(60),
      pin: 15 + prng.integer(20),
      alter: 1 + prng.integer(4),
      detach: some(4),
      drop: some(4),
      topic: prng.chance(few ? 0.8 : 0.3) ? 1 + prng.integer(2) : 0,
      recover: 1 + prng.integer(3),
      maintain: prng.chance(0.2) ? 0 : 10 + prng.integer(30),
      purge: some(4),
      kill: prng.chance(0.5) ? 4 + prng.integer(16) : 0,
      collect: slow ? 10 : 0,
    },
    ...(prng.chance(0.2) ? { retentionMs: WORLD_START } : {}),
    // Some worlds go through days, so that collectors find what is a day old.
    pauseMs: slow ? prng.magnitude(HOUR_MS / 2, 4 * HOUR_MS) : prng.magnitude(5, 1_000),
    forceChance: prng.pick([0.3, 0.8, 1]),
    freezes: some(3),
    outages: prng.chance(0.7) ? 1 + prng.integer(2) : 0,
    node: {
      log: { inlineItemBytesMax: prng.pick([8 * 1024, 400]) },
      builder: small ? { spill: { itemBytesMax: 700, listSegmentsMax: prng.pick([5, 40, 40]) } } : {},
      fetchCost: prng.pick([0, 0.000_02]),
      maintain: {
        merge: { ...MERGE_LIMITS, fanIn: 2 + prng.integer(3), inputsMax: prng.pick([4, 64]) },
        listSegmentsMax: prng.pick([5, 40]),
        cutStepMs: 5_000,
      },
      ...(prng.chance(0.2) && { tailLimits: { records: 20 + prng.integer(40), bytes: 1_000_000 } }),
    },
  }
}

/** Many writes fail, some applied, some not: long enough for patience to run out. */
const OUTAGE: Partial<FaultPlan> = { timeoutBefore: 0.6, timeoutAfter: 0.3, unavailable: 0.2 }

/**
 * One seed: processes that append, build, query, alter and drop at once, under a mixture of faults, until their budgets
 * are used up; then calm, and the table must be the log.
 */
export async function runTableSeed(seed: number, options: { trace?: boolean } = {}): Promise<TableRun> {
  const prng = new Prng(`table ${seed}/workload`)
  const plan = drawPlan(prng)
  const checker = new TableChecker(plan.badRecords, plan.sort.length > 0)
  const world = new World(`table ${seed}`, { trace: options.trace ?? false, watch: checker.watch })
  const actions = new TableActions(checker, { ...plan, prng })
  try {
    await runPlan(world, checker, plan, actions, prng)
  } catch (error) {
    checker.fail((error as Error).message)
  }
  return tableRun(seed, world, checker, actions)
}

/** What a seed around a table came to. */
export function tableRun(seed: number, world: World, checker: TableChecker, actions: TableActions): TableRun {
  return {
    seed,
    violations: checker.violations,
    steps: world.steps,
    records: [...checker.truth.partitions.values()].reduce((sum, { end }) => sum + end, 0),
    pins: actions.pins,
    manifests: checker.history.count,
    spills: checker.history.spills,
    merges: checker.history.merged,
    collected: checker.history.collected,
    virtualHours: (world.now - WORLD_START) / HOUR_MS,
    faultsMet: world.faultsMet,
    traceHash: world.traceHash,
    trace: world.trace,
  }
}

async function runPlan(
  world: World,
  checker: TableChecker,
  plan: Plan,
  actions: TableActions,
  prng: Prng,
): Promise<void> {
  const broken = () => checker.violations.length > 0
  const first = openNode(world.process("first", { faults: false }), checker.history, plan.node)
  world.spawn(first.process, () => actions.create(first))
  await world.settle()
  for (let index = 0; index < plan.nodes; index++) startNode(world, checker, plan, actions, `node${index}`)
  disturb(world, plan, prng)
  await world.run({ until: () => broken() || (actions.done && world.settled) })
  await checker.done()
  if (broken()) return
  world.calm()
  // What was under way late lands, or is too late, before the world is judged.
  await world.run({ until: () => false, forMs: HOUR_MS })
  const last = openNode(world.process("last", { faults: false }), checker.history, plan.node)
  world.spawn(last.process, () => verifyEnd(last, checker, actions))
  await world.settle()
  await checker.done()
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
