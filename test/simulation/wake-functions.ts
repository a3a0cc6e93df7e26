import { createBuild } from "../../functions/build.ts"
import { createDispatch } from "../../functions/dispatch.ts"
import { createMaintain } from "../../functions/maintain.ts"
import type { BuildEvent } from "../../functions/runtime/build-event.ts"
import type { StreamEvent } from "../../functions/runtime/stream-event.ts"
import type { Ports } from "../../shared/storage/time.ts"
import { type EnvironmentOptions, type EnvironmentPlan, Environments } from "./environments.ts"
import { functionBase } from "./function-base.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import type { TableChecker } from "./table-checker.ts"
import { expected, type NodeOptions, openNode, type TableNode } from "./table-node.ts"
import { type HintPlan, passHint, type SlotRecord, SlotStream } from "./wake-stream.ts"
import type { World } from "./world.ts"

/** Of the rule that starts `maintain`. */
export const TICK_MS = 5 * 60_000

/** As they are deployed. */
const TIMEOUTS_MS = { api: 29_000, query: 29_000, dispatch: 60_000, build: 15 * 60_000, maintain: 5 * 60_000 }

const SELDOM_COLD = { retireChance: 0.02, spreadChance: 0.02 }

/** What a table's function of one environment is told, and tells. */
interface Dispatcher {
  handle(event: StreamEvent): Promise<void>
  /** Partitions of tables whose wake could not be handed over. */
  readonly owed: Set<string>
  /** Wakes that it tried to hand over in the invocation at hand, and whether that failed otherwise. */
  tried: Set<string>
  failed: boolean
}

export interface WakePlan {
  readonly environments: EnvironmentPlan
  /** From `log` to `dispatch`. */
  readonly stream: HintPlan
  /** From `dispatch` and the tick to `build`. */
  readonly wakes: HintPlan
  /** How often a wake is not even taken. */
  readonly refused: number
  readonly ticksLost: number
  /** How often `build` is frozen at a write, and at any other call: it seldom comes to a write. */
  readonly freezeAtPut: number
  readonly freeze: number
  readonly node: NodeOptions
}

/** A deployment's functions around one table: as they are deployed, but for the log's and the queries' own. */
export class WakeFunctions {
  readonly api: Environments<TableNode>
  readonly query: Environments<TableNode>
  readonly stream: SlotStream
  readonly #build: Environments<ReturnType<typeof createBuild>>
  readonly #dispatch: Environments<Dispatcher>
  readonly #maintain: Environments<ReturnType<typeof createMaintain>>
  readonly #world: World
  readonly #checker: TableChecker
  readonly #prng: Prng
  plan: WakePlan
  /** Builds that were begun by wakes, and ticks. */
  builds = 0
  ticks = 0
  /** From now on nothing may fail. */
  calm = false
  #stopped = false

  constructor(world: World, checker: TableChecker, plan: WakePlan) {
    this.#world = world
    this.#checker = checker
    this.#prng = world.prng.fork("wakes")
    this.plan = plan
    const watched = (ports: Ports) => checker.history.watch(ports)
    const node = (process: SimProcess, ports: Ports) => openNode(process, checker.history, plan.node, ports)
    const settleNode = ({ log }: TableNode) => log.idle()
    const settle = (home: { idle?(): Promise<void> }) => home.idle?.() ?? Promise.resolve()
    this.api = this.#environments("api", node, settleNode)
    this.query = this.#environments("query", node, settleNode)
    this.#build = this.#environments(
      "build",
      (_, ports) => createBuild(functionBase(watched(ports), {})),
      settle,
    )
    this.#maintain = this.#environments(
      "maintain",
      (process, ports) => {
        const invokeLater = (_: string, event: object) => this.#invoke(process, event as BuildEvent)
        return createMaintain(functionBase(watched(ports), { invokeLater }))
      },
      settle,
    )
    this.#dispatch = this.#environments(
      "dispatch",
      (process, ports) => this.#dispatcher(process, ports),
      async () => {},
    )
    this.stream = new SlotStream(world, plan.stream, records => this.#told(records))
    this.#tickLater()
  }

  #environments<Home>(
    name: keyof typeof TIMEOUTS_MS,
    open: EnvironmentOptions<Home>["open"],
    settle: EnvironmentOptions<Home>["settle"],
  ): Environments<Home> {
    const skewMs = () => Math.round((this.#prng.fraction() * 2 - 1) * 10 * 3_600_000)
    const { environments } = this.plan
    // A cold start of `dispatch` takes real time: a table of 50,000 places is laid out.
    const seldom = name === "dispatch" ? SELDOM_COLD : {}
    const plan = { ...environments, ...seldom, timeoutMs: TIMEOUTS_MS[name] }
    const freezeChance = (label: string) =>
      label.includes(".put") ? this.plan.freezeAtPut : this.plan.freeze
    return new Environments(this.#world, {
      name,
      plan,
      open,
      settle,
      skewMs,
      ...(name === "build" && { freezeChance }),
    })
  }

  #dispatcher(process: SimProcess, ports: Ports): Dispatcher {
    const home: Dispatcher = { owed: new Set(), tried: new Set(), failed: false, handle: async () => {} }
    const invokeLater = async (_: string, event: object) => {
      const build = event as BuildEvent
      const named = "all" in build ? [] : build.tables.flatMap(({ partitions }) => partitions ?? [])
      for (const partition of named) home.tried.add(String(partition))
      for (const partition of named) home.owed.delete(String(partition))
      try {
        await this.#invoke(process, build)
      } catch (error) {
        for (const partition of named) home.owed.add(String(partition))
        throw error
      }
    }
    const served = createDispatch(functionBase(ports, { invokeLater }))
    return Object.assign(home, {
      handle: (event: StreamEvent) => served.handle(event, { leftMs: () => Number.POSITIVE_INFINITY }),
    })
  }

  /** Hands a wake over, and lets become of it what the plan says. */
  async #invoke(process: SimProcess, event: BuildEvent): Promise<void> {
    const isTaken = await this.#world.call(process, "lambda.invoke", async () => {
      if (this.#prng.chance(this.plan.refused)) return false
      passHint(this.#world, this.#prng, this.plan.wakes, () => void this.#buildNow(event))
      return true
    })
    if (!isTaken) throw new NotTaken("the wake was not taken")
  }

  async #buildNow(event: BuildEvent): Promise<void> {
    this.builds++
    const called = await this.#build.invoke((home, invocation) => home.handle(event, invocation))
    if (called.state === "failed") this.#judge("build", called.error)
  }

  /** What a function threw: of many faults, the first. */
  #judge(what: string, error: unknown): void {
    try {
      const cause = (error as Error).cause ?? error
      if (this.calm) throw error
      if (!(cause instanceof NotTaken)) expected(cause, "reader")
    } catch (unexpected) {
      this.#checker.fail(`${what}: ${(unexpected as Error).stack}`)
    }
  }

  #told(records: readonly SlotRecord[]): void {
    const event: StreamEvent = {
      Records: records.map(({ pk, sk, at }) => ({
        eventName: "INSERT",
        dynamodb: {
          Keys: { pk: { S: pk }, sk: { S: sk } },
          ApproximateCreationDateTime: Math.floor(at / 1_000),
        },
      })),
    }
    const partitions = new Set(records.map(({ pk }) => pk.split("#")[1]!))
    void this.#dispatch.invoke(async home => {
      const owed = [...home.owed].filter(partition => partitions.has(partition))
      home.tried = new Set()
      home.failed = false
      await home.handle(event).catch((error: Error) => {
        if (!(error.cause instanceof NotTaken)) home.failed = true
      })
      const forgotten = owed.filter(partition => !home.tried.has(partition))
      if (!home.failed && !this.#changed && forgotten.length > 0) {
        this.#checker.fail(`a wake of partition ${forgotten} was not taken, and not asked for again`)
      }
    })
  }

  /** Tables come and go in this run: whose wake is owed cannot be told by the partition alone. */
  get #changed(): boolean {
    return this.#checker.topics.length > 1 || this.#checker.history.moments.length > 3
  }

  #tickLater(): void {
    this.#world.after(TICK_MS, () => {
      if (this.#stopped) return
      this.#tickLater()
      if (!this.calm && this.#prng.chance(this.plan.ticksLost)) return
      this.ticks++
      void this.#maintain
        .invoke((home, invocation) => home.handle(null, invocation))
        .then(called => {
          if (called.state === "failed") this.#judge("the tick", called.error)
        })
    })
  }

  stop(): void {
    this.#stopped = true
    for (const environments of [this.api, this.query, this.#build, this.#dispatch, this.#maintain]) {
      environments.release()
    }
  }
}

class NotTaken extends Error {}
