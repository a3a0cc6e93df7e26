import { TaskWork } from "../../functions/runtime/task-work.ts"
import { decodeRecords } from "../../shared/log/records/index.ts"
import type { Log } from "../../shared/log/types.ts"
import {
  type CollectCursor,
  type CollectStep,
  collectStep,
} from "../../shared/processing/jobs/collect-commits.ts"
import { collectObjectsStep } from "../../shared/processing/jobs/collect-objects.ts"
import type { TaskRunner } from "../../shared/processing/task/runner.ts"
import { type Click, clicks, endOf, oracle, seen, seenText, sums, sumText } from "../processing/task-jobs.ts"
import { produce } from "../processing/task-support.ts"
import { drawFaultPlan, type FaultPlan, noFaults } from "./fault-plan.ts"
import { functionBase } from "./function-base.ts"
import { Prng } from "./prng.ts"
import {
  expectedOfTasks,
  openTaskNode,
  type TaskNode,
  type TaskNodeOptions,
  VERSIONS,
  versionOf,
} from "./task-node.ts"
import { TaskTruth } from "./task-truth.ts"
import { World } from "./world.ts"
import { WORLD_START } from "./world-core.ts"

/** What a run came to. */
export interface TaskRun {
  readonly seed: number
  readonly violations: readonly string[]
  readonly steps: number
  readonly records: number
  readonly commits: number
  readonly seals: number
  readonly generations: number
  /** Commit records that were deleted. */
  readonly collected: number
  readonly virtualHours: number
  readonly faultsMet: ReadonlyMap<string, number>
  readonly traceHash: string
  readonly trace: readonly string[]
}

const USERS = ["ann", "bob", "cid", "gus", "jon"]
const HOUR_MS = 3_600_000
/** After this even objects may go. */
const DAYS_MS = 50 * HOUR_MS
/** About so many pauses a run takes in all. */
const BUSY_PAUSES = 40
/** Of so many runs one has its tasks worked as functions do: under a lease each. */
const LEASED_EVERY = 4
/** What an invocation has left, all the time: enough. */
const INVOCATION_MS = 300_000
/** Steps of one wake-up. */
const STEPS_MAX = 30
/** Tries of what has to succeed once the world is calm. */
const CALM_TRIES = 50

/** Many writes fail, some applied, some not: long enough for patience to run out. */
const OUTAGE: Partial<FaultPlan> = { timeoutBefore: 0.7, timeoutAfter: 0.2 }

const STEERINGS = ["pause", "resume", "savepoint", "restore", "upgrade", "reset"] as const

function drawKinds(prng: Prng, slow: boolean): readonly (typeof STEERINGS)[number][] {
  if (slow && prng.chance(0.4)) return ["savepoint", "restore"]
  // A reset begins anew, so that little of what came before is looked at.
  return prng.chance(0.2) ? STEERINGS : STEERINGS.filter(kind => kind !== "reset")
}

function drawPlan(prng: Prng, seed: number) {
  const some = (most: number) => (prng.chance(0.5) ? 0 : 1 + prng.integer(most))
  const node: TaskNodeOptions = {
    parallelism: prng.pick(["single", "single", "per-partition"]),
    dedupe: prng.chance(0.3),
    inlineBytesMax: prng.pick([8 * 1024, 0]),
    batchBytes: prng.pick([16 * 1024 * 1024, 500]),
  }
  // In slow runs what is old is deleted amid all else.
  const slow = prng.chance(0.3)
  return {
    nodes: 2 + prng.integer(2),
    appends: 6 + prng.integer(20),
    steerings: some(6) + (slow ? 4 : 0),
    kinds: drawKinds(prng, slow),
    pauseMs: slow ? prng.magnitude(60_000, HOUR_MS / 2) : prng.magnitude(5, 1_000),
    freezes: some(3),
    outages: prng.chance(0.6) ? 1 + prng.integer(3) : 0,
    leased: seed % LEASED_EVERY === LEASED_EVERY - 1,
    node,
  }
}

type Plan = ReturnType<typeof drawPlan>

class Actions {
  readonly #plan: Plan
  readonly #prng: Prng
  #appends: number
  #steerings: number
  #clicks = 0
  #savepoints: string[] = []
  /** Commit records that were deleted. */
  collected = 0

  constructor(plan: Plan, prng: Prng) {
    this.#plan = plan
    this.#prng = prng
    this.#appends = plan.appends
    this.#steerings = plan.steerings
  }

  get done(): boolean {
    return this.#appends <= 0 && this.#steerings <= 0
  }

  pauseMs(): number {
    return 1 + this.#prng.fraction() * 2 * this.#plan.pauseMs
  }

  readonly loops: readonly ((node: TaskNode) => Promise<void>)[] = [
    node => this.#loop(node, 1, () => this.#append(node.log)),
    node => this.#loop(node, 4, () => this.#steer(node)),
    node => this.#loop(node, 1, () => this.#work(node)),
    node => this.#loop(node, 6, () => this.#collect(node)),
  ]

  async #loop({ process }: TaskNode, pauses: number, act: () => Promise<void>): Promise<void> {
    while (!this.done) {
      await process.ports.clock.sleep(this.pauseMs() * pauses)
      await act().catch(expectedOfTasks)
    }
  }

  async #append(log: Log): Promise<void> {
    if (this.#appends-- <= 0) return
    const prng = this.#prng
    const batch: Click[] = []
    for (let left = 1 + prng.integer(8); left > 0; left--) {
      const id = prng.chance(0.2) ? Math.max(0, this.#clicks - 1 - prng.integer(9)) : this.#clicks++
      const user = USERS[(id * 7) % USERS.length] as string
      // One click has one time and amount, whenever it comes.
      batch.push({
        id: `c${id}`,
        user,
        amount: 1 + (id % 97),
        time: WORLD_START + id * 900 + ((id * 37) % 8_000),
      })
    }
    await produce(log, batch).catch((error: unknown) => {
      if (!(error instanceof Error && error.message.startsWith("not appended"))) throw error
    })
  }

  async #work(node: TaskNode): Promise<void> {
    for (const version of node.runners) {
      for (const [task, runner] of version.entries()) {
        if (this.#plan.leased) await workLeased(node, runner, task)
        else await work(runner)
      }
    }
  }

  async #collect(node: TaskNode): Promise<void> {
    await collect(node, records => (this.collected += records))
  }

  async #steer({ jobs }: TaskNode): Promise<void> {
    if (this.#steerings-- <= 0) return
    const prng = this.#prng
    switch (prng.pick(this.#plan.kinds)) {
      case "pause":
        await jobs.pause("clicks")
        break
      case "resume":
        await jobs.resume("clicks")
        break
      case "reset":
        await jobs.reset("clicks")
        break
      case "savepoint": {
        const id = `s${this.#savepoints.length}`
        this.#savepoints.push(id)
        await jobs.takeSavepoint("clicks", id)
        break
      }
      case "restore":
        if (this.#savepoints.length > 0) await jobs.restore("clicks", prng.pick(this.#savepoints))
        break
      case "upgrade": {
        const version = prng.pick(VERSIONS)
        await jobs.define("clicks", versionOf(this.#plan.node, version).definition)
      }
    }
  }
}

/** One invocation of a job's function, for one task: under its lease, and as careful as that says. */
async function workLeased({ process, log }: TaskNode, runner: TaskRunner, task: number): Promise<void> {
  const base = functionBase(process.ports, {})
  // The next wake-up comes by itself.
  const cloud = { ...base.cloud, timers: { send: async () => {} } }
  const home = { ...base, cloud, log, tables: undefined as never }
  const begun = await TaskWork.begin(home, "clicks", task)
  await begun?.run(
    async () => runner,
    () => INVOCATION_MS,
    () => true,
  )
}

/** Deletes all records that nobody needs. */
async function collect(
  { process, jobs, commits }: TaskNode,
  onStep: (records: number) => void = () => {},
): Promise<void> {
  const { ports } = process
  const read = await jobs.store.get("clicks")
  const context = { ports, commits, savepoints: jobs.savepoints }
  let at: CollectCursor | undefined = { generation: read.item.generation, task: 0 }
  while (at !== undefined) {
    const step: CollectStep = await collectStep(context, read, at)
    onStep(step.records)
    at = step.next
  }
}

/** One wake-up. */
async function work(runner: TaskRunner): Promise<void> {
  runner.wake()
  for (let steps = 0; steps < STEPS_MAX; steps++) {
    const { kind } = await runner.step()
    if (kind !== "worked") return
  }
}

/**
 * One seed: processes that append, work the same tasks and steer the job at once, under a mixture of faults, until their
 * budgets are used up; then calm, and the results must be those of a batch computation.
 */
export async function runTaskSeed(seed: number, options: { trace?: boolean } = {}): Promise<TaskRun> {
  const prng = new Prng(`tasks ${seed}/workload`)
  const plan = drawPlan(prng, seed)
  const truth = new TaskTruth()
  const world = new World(`tasks ${seed}`, { trace: options.trace ?? false, watch: truth.watch })
  const actions = new Actions(plan, prng.fork("actions"))
  let records = 0
  try {
    records = await runPlan(world, truth, plan, actions, prng)
  } catch (error) {
    truth.fail((error as Error).message)
  }
  return {
    seed,
    violations: truth.violations,
    steps: world.steps,
    records,
    commits: truth.commits,
    seals: truth.seals,
    generations: truth.generations,
    collected: actions.collected,
    virtualHours: (world.now - WORLD_START) / HOUR_MS,
    faultsMet: world.faultsMet,
    traceHash: world.traceHash,
    trace: world.trace,
  }
}

async function runPlan(
  world: World,
  truth: TaskTruth,
  plan: Plan,
  actions: Actions,
  prng: Prng,
): Promise<number> {
  const broken = () => truth.violations.length > 0
  const first = openTaskNode(world.process("first", { faults: false }), plan.node)
  world.spawn(first.process, async () => {
    for (const { name, options } of [clicks, sums, seen]) {
      await first.log.createTopic({ name, partitions: Number(options.partitions), owner: "http" })
    }
    await first.jobs.create(versionOf(plan.node, 1).definition, "app:sim")
  })
  await world.settle()
  for (let index = 0; index < plan.nodes; index++) startNode(world, plan, actions, prng, `node${index}`)
  disturb(world, plan, prng)
  await world.run({ until: () => broken() || (actions.done && world.settled) })
  if (broken()) return 0
  world.calm()
  // What was under way late lands, or is too late, before the world is judged.
  await world.run({ until: () => false, forMs: HOUR_MS })
  const last = openTaskNode(world.process("last", { faults: false }), plan.node)
  let records = 0
  world.spawn(last.process, async () => {
    records = await verifyEnd(last, truth, plan.node.dedupe)
    if (!broken()) await verifySavepoint(last, truth, plan.node.dedupe)
  })
  await world.settle()
  return records
}

function startNode(world: World, plan: Plan, actions: Actions, prng: Prng, name: string): void {
  const onCrash = () => {
    if (!actions.done) world.after(1 + actions.pauseMs(), () => startNode(world, plan, actions, prng, name))
  }
  const skewMs = (prng.fraction() * 2 - 1) * 60_000
  const node = openTaskNode(world.process(name, { skewMs, onCrash }), plan.node)
  for (const loop of actions.loops) world.spawn(node.process, () => loop(node), { label: node.process.label })
}

function disturb(world: World, plan: Plan, prng: Prng): void {
  const usual = drawFaultPlan(prng.fork("calls"))
  world.setFaults(usual)
  for (let outage = 0; outage < plan.outages; outage++) {
    const change = (to: FaultPlan) => () => {
      if (world.faults !== noFaults) world.setFaults(to)
    }
    const start = prng.fraction() * BUSY_PAUSES * plan.pauseMs
    world.after(start, change({ ...usual, ...OUTAGE }))
    world.after(start + 500 + (2 + prng.integer(8)) * plan.pauseMs, change(usual))
  }
  for (let freeze = 0; freeze < plan.freezes; freeze++) {
    const ms = prng.magnitude(60_000, 30 * HOUR_MS)
    const staleClock = prng.chance(0.5)
    const name = `node${prng.integer(plan.nodes)}`
    world.after(prng.fraction() * BUSY_PAUSES * plan.pauseMs, () => {
      const process = world.processes.findLast(other => other.name === name && !other.crashed)
      if (process !== undefined && world.faults !== noFaults) world.freeze(process, ms, { staleClock })
    })
  }
}

/** Lets the job come to its end in a calm world, and compares. */
async function verifyEnd(node: TaskNode, truth: TaskTruth, dedupe: boolean): Promise<number> {
  const { log, jobs } = node
  await jobs.carry("clicks")
  await jobs.resume("clicks")
  await produce(log, endOf(USERS))
  return verifyResults(node, truth, dedupe)
}

/** Days later, once all that nobody needs is deleted, somebody goes back to a savepoint. */
async function verifySavepoint(node: TaskNode, truth: TaskTruth, dedupe: boolean): Promise<void> {
  const { jobs, process, commits } = node
  const { item } = await jobs.store.get("clicks")
  const oldest = (await jobs.savepoints.list(item.id))[0]
  if (oldest === undefined) return
  await process.ports.clock.sleep(DAYS_MS)
  await collect(node)
  const context = { ports: process.ports, commits, savepoints: jobs.savepoints }
  for (let after: string | undefined, isMore = true; isMore; isMore = after !== undefined) {
    after = (await collectObjectsStep(context, jobs.store, "clicks", after)).next
  }
  await jobs.restore("clicks", oldest.id)
  await verifyResults(node, truth, dedupe)
}

async function verifyResults(
  { log, jobs, runners }: TaskNode,
  truth: TaskTruth,
  dedupe: boolean,
): Promise<number> {
  for (let tries = 0; tries < CALM_TRIES; tries++) {
    for (const version of runners) for (const runner of version) await work(runner)
  }
  const { item } = await jobs.store.get("clicks")
  const input = (await textsOf(log, clicks.name)).map(text => JSON.parse(text) as Click)
  const expected = oracle(input, dedupe)
  const given = {
    sums: texts(truth, item, (await log.topic("sums")).id, sumText),
    seen: texts(truth, item, (await log.topic("seen")).id, seenText),
  }
  compare(truth, "sums as the state has given them", given.sums, expected.sums)
  compare(truth, "seen as the state has given them", given.seen, expected.seen)
  for (const topic of [sums, seen]) {
    const { id } = await log.topic(topic.name)
    compare(truth, `the topic ${topic.name}`, (await textsOf(log, topic.name)).sort(), truth.committed(id))
  }
  return input.length
}

function texts<R>(
  truth: TaskTruth,
  item: Parameters<TaskTruth["given"]>[0],
  id: string,
  text: (row: R) => string,
) {
  return truth
    .given(item, id)
    .map(value => text(JSON.parse(value) as R))
    .sort()
}

function compare(
  truth: TaskTruth,
  what: string,
  found: readonly string[],
  expected: readonly string[],
): void {
  if (found.length === expected.length && found.every((text, index) => text === expected[index])) return
  const missing = without(expected, found)
  const more = without(found, expected)
  truth.fail(
    `${what}: missing ${missing.length}: ${missing.slice(0, 2)}; too many ${more.length}: ${more.slice(0, 2)}`,
  )
}

/** What is in `left` more often than in `right`. */
function without(left: readonly string[], right: readonly string[]): string[] {
  const counts = new Map<string, number>()
  for (const text of right) counts.set(text, (counts.get(text) ?? 0) + 1)
  return left.filter(text => {
    const count = counts.get(text) ?? 0
    counts.set(text, count - 1)
    return count <= 0
  })
}

async function textsOf(log: Log, topic: string): Promise<string[]> {
  const { id, partitions } = await log.topic(topic)
  const found: string[] = []
  for (let partition = 0; partition < partitions; partition++) {
    for (let offset = 0; ; ) {
      const fetched = await log.fetch(id, partition, { offset, maxBytes: 1_000_000 })
      for (const { bytes } of fetched.batches) {
        for (const { value } of decodeRecords(bytes))
          if (value !== null) found.push(Buffer.from(value).toString())
      }
      if (fetched.nextOffset === offset) break
      offset = fetched.nextOffset
    }
  }
  return found
}
