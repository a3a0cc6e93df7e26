import { shouldFlush } from "../../shared/serving/builder/flush-rule.ts"
import { drawEnvironmentPlan } from "./environments.ts"
import { drawFaultPlan } from "./fault-plan.ts"
import { Prng } from "./prng.ts"
import { type TableAction, TableActions } from "./table-actions.ts"
import { TableChecker } from "./table-checker.ts"
import { verifyEnd } from "./table-end.ts"
import { openNode, type TableNode } from "./table-node.ts"
import { type TableRun, tableRun } from "./table-workload.ts"
import { TICK_MS, WakeFunctions, type WakePlan } from "./wake-functions.ts"
import { drawHintPlan, SOUND_HINTS } from "./wake-stream.ts"
import { World } from "./world.ts"
import { WORLD_START } from "./world-core.ts"

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
/** The flush rule's age, after which any new record is due. */
const FLUSH_AGE_MS = 6 * HOUR_MS
/** In a calm world a wake is built within this. */
const BUILD_MS = MINUTE_MS
/** Appends of the last load: large ones are due by their bytes. */
const LAST_APPENDS = 8
const LARGE_BYTES = 250_000

interface Plan {
  readonly partitions: number
  readonly badRecords: "skip" | "null"
  readonly budgets: Readonly<Record<TableAction, number>>
  readonly pauseMs: number
  readonly restChance: number
  readonly padBytes: number
  readonly wakes: WakePlan
}

function drawPlan(prng: Prng): Plan {
  const changes = prng.chance(0.4)
  const large = prng.chance(0.08)
  const some = (most: number) => (changes && prng.chance(0.5) ? 1 + prng.integer(most) : 0)
  return {
    partitions: 1 + prng.integer(3),
    badRecords: prng.pick(["skip", "null"]),
    budgets: {
      append: large ? 10 : prng.pick([20, 60, 150]),
      build: 0,
      pin: large ? 6 : 12 + prng.integer(12),
      alter: some(3),
      detach: some(2),
      drop: some(2),
      topic: some(1),
      recover: some(2),
      maintain: 0,
      purge: 0,
      kill: 0,
      collect: 0,
    },
    pauseMs: prng.magnitude(20, 3 * MINUTE_MS),
    restChance: prng.pick([0, 0.02, 0.1]),
    padBytes: large ? 100_000 : 0,
    wakes: {
      environments: drawEnvironmentPlan(prng),
      stream: drawHintPlan(prng),
      wakes: drawHintPlan(prng),
      refused: prng.pick([0, 0.1, 0.5]),
      ticksLost: prng.pick([0, 0.3]),
      freezeAtPut: prng.pick([0, 0.5, 0.8]),
      freeze: prng.pick([0, 0.02]),
      node: { log: { inlineItemBytesMax: prng.pick([8 * 1024, 400]) }, builder: {}, fetchCost: 0 },
    },
  }
}

export interface WakeRun extends TableRun {
  readonly builds: number
  readonly ticks: number
  /** The calls at which environments were frozen. */
  readonly freezePoints: ReadonlyMap<string, number>
}

/**
 * One seed: functions that append, query, dispatch, build and tick, around a table, in environments that are frozen and
 * killed, with wakes that go astray. Then calm: one tick later nothing is left that the flush rule wants flushed.
 */
export async function runWakeSeed(seed: number, options: { trace?: boolean } = {}): Promise<WakeRun> {
  const prng = new Prng(`wakes ${seed}/workload`)
  const plan = drawPlan(prng)
  const checker = new TableChecker(plan.badRecords, false)
  let functions: WakeFunctions | undefined
  const world = new World(`wakes ${seed}`, {
    trace: options.trace ?? false,
    watch: {
      ...checker.watch,
      item: (table, item, date) => {
        checker.watch.item!(table, item, date)
        if (table === "log") functions?.stream.add({ pk: item.pk, sk: item.sk, at: date })
      },
    },
  })
  const actions = new TableActions(checker, { ...plan, prng, sort: [], forceChance: 0 })
  functions = new WakeFunctions(world, checker, plan.wakes)
  try {
    await new WakeScenario(world, checker, plan, actions, functions, prng).run()
  } catch (error) {
    checker.fail((error as Error).message)
  }
  return {
    ...tableRun(seed, world, checker, actions),
    builds: functions.builds,
    ticks: functions.ticks,
    freezePoints: world.freezePoints,
  }
}

class WakeScenario {
  readonly #world: World
  readonly #checker: TableChecker
  readonly #plan: Plan
  readonly #actions: TableActions
  readonly #functions: WakeFunctions
  readonly #prng: Prng

  constructor(
    world: World,
    checker: TableChecker,
    plan: Plan,
    actions: TableActions,
    functions: WakeFunctions,
    prng: Prng,
  ) {
    this.#world = world
    this.#checker = checker
    this.#plan = plan
    this.#actions = actions
    this.#functions = functions
    this.#prng = prng
  }

  async run(): Promise<void> {
    const { node } = this.#plan.wakes
    const first = openNode(this.#world.process("first", { faults: false }), this.#checker.history, node)
    this.#world.spawn(first.process, () => this.#actions.create(first))
    await this.#world.settle()
    const faults = drawFaultPlan(this.#prng.fork("calls"))
    this.#world.setFaults({ ...faults, freeze: this.#prng.pick([faults.freeze, 0.01]) })
    await this.#load()
    await this.#during(0)
    if (this.#broken) return
    this.#world.calm()
    await this.#during(this.#thawMs() + HOUR_MS)
    if (!this.#broken) await this.#lastLoad(first)
    this.#functions.stop()
    if (this.#broken) return
    const last = openNode(this.#world.process("last", { faults: false }), this.#checker.history, node)
    this.#world.spawn(last.process, () => verifyEnd(last, this.#checker, this.#actions))
    await this.#world.settle()
    await this.#checker.done()
  }

  get #broken(): boolean {
    return this.#checker.violations.length > 0
  }

  #thawMs(): number {
    const frozen = Math.max(0, ...this.#world.processes.map(({ frozenUntil }) => frozenUntil))
    return Math.max(0, frozen - (this.#world.now - WORLD_START))
  }

  async #during(ms: number): Promise<void> {
    await this.#world.run({ forMs: ms, until: () => this.#broken })
    await this.#checker.done()
  }

  /** Clients that append, query and alter, each request in whatever environment there is. */
  async #load(): Promise<void> {
    const { api, query } = this.#functions
    let running = 0
    const loop = async (kinds: readonly TableAction[], environments: WakeFunctions["api"]) => {
      running++
      for (;;) {
        const rest = this.#prng.chance(this.#plan.restChance)
        await this.#pause(rest ? this.#prng.magnitude(MINUTE_MS, 10 * HOUR_MS) : this.#actions.pauseMs())
        const kind = this.#actions.take(kinds)
        if (kind === undefined) break
        const called = await environments.invoke(node => this.#actions.act(node, kind))
        if (called.state === "failed") this.#checker.fail(`${kind}: ${(called.error as Error).stack}`)
      }
      running--
    }
    for (let client = 0; client < 3; client++) void loop(["append"], api)
    for (let client = 0; client < 2; client++) void loop(["pin"], query)
    void loop(["alter", "detach", "drop", "topic", "recover"], api)
    await this.#world.run({ until: () => this.#broken || running === 0 })
  }

  #pause(ms: number): Promise<void> {
    return new Promise(resolve => this.#world.after(ms, resolve))
  }

  /** All is calm, but that wakes may still be lost: one tick mends that. */
  async #lastLoad(first: TableNode): Promise<void> {
    const hints = this.#prng.chance(0.5) ? SOUND_HINTS : { ...SOUND_HINTS, lost: 1 }
    this.#functions.plan = { ...this.#plan.wakes, refused: 0, ticksLost: 0, wakes: SOUND_HINTS }
    this.#functions.stream.plan = hints
    this.#functions.calm = true
    const large = this.#prng.chance(0.15)
    const loaded = new TableActions(this.#checker, {
      ...this.#plan,
      prng: this.#prng,
      sort: [],
      forceChance: 0,
      padBytes: large ? LARGE_BYTES : 0,
    })
    this.#world.spawn(first.process, async () => {
      await first.log.recover()
      await first.registry.recover()
      await loaded.create(first)
      for (let append = 0; append < LAST_APPENDS; append++) await loaded.append(first)
    })
    await this.#world.settle()
    await this.#during(TICK_MS + BUILD_MS)
    this.#verifyFlushed("one tick after the load", 0)
    await this.#during(FLUSH_AGE_MS)
    this.#verifyFlushed("a tick after the longest age", FLUSH_AGE_MS)
  }

  /** @param ageMs how old what was appended is at least */
  #verifyFlushed(when: string, ageMs: number): void {
    const table = this.#checker.history.moments.at(-1)?.table
    if (table === undefined || table.state !== "open" || !table.attached) return
    for (let partition = 0; partition < table.partitions; partition++) {
      const truth = this.#checker.truthOf(table.id, partition)
      const position = this.#checker.history.manifest(table.id, partition)?.position ?? 0
      const records = truth.end - position
      const decodedBytes = truth.bytesBelow[truth.end]! - truth.bytesBelow[position]!
      const measure = { records, decodedBytes, slots: 0, walObjects: 0, ageMs, queryCost: 0 }
      if (!shouldFlush(measure)) continue
      this.#checker.fail(
        `partition ${partition}, ${when}: ${records} records of ${decodedBytes} bytes from ${position} on are not flushed`,
      )
    }
  }
}
