import { frozenClock } from "../../functions/runtime/clock.ts"
import type { Invocation } from "../../functions/runtime/lambda.ts"
import { pollingWake } from "../../functions/runtime/wake.ts"
import type { Ports } from "../../shared/storage/time.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import type { Called } from "./sim-task.ts"
import type { World } from "./world.ts"

/** Environments of one function side by side; an invocation beyond them is refused, as by a concurrency limit. */
const ENVIRONMENTS_MAX = 10
/** Taking a request to its environment usually takes this long. */
const START_MS = 2

/** How a function's environments are treated. */
export interface EnvironmentPlan {
  /** An invocation has so long, as whoever invoked it sees it. */
  readonly timeoutMs: number
  /** How often an idle environment is killed instead of used again. */
  readonly retireChance: number
  /** How often a new one is started though another is idle. */
  readonly spreadChance: number
  /** How often one that overran its time lives on unnoticed, its invocation with it, instead of being killed. */
  readonly zombieChance: number
  /** How long an environment goes on at most, after its answer, before it is frozen. */
  readonly graceMsMax: number
}

export function drawEnvironmentPlan(prng: Prng): EnvironmentPlan {
  return {
    timeoutMs: prng.pick([30_000, 30_000, 120_000]),
    retireChance: prng.pick([0, 0.02, 0.2]),
    spreadChance: prng.pick([0, 0.1, 0.5]),
    zombieChance: prng.pick([0, 0.5, 1]),
    graceMsMax: prng.pick([0, 0, 50, 10_000]),
  }
}

/** What lives in one environment: made at its cold start, used again by whatever invocation comes. */
export interface Environment<Home> {
  readonly process: SimProcess
  readonly home: Home
  busy: boolean
}

export interface EnvironmentOptions<Home> {
  readonly name: string
  readonly plan: EnvironmentPlan
  readonly open: (process: SimProcess, ports: Ports) => Home
  /** What a handler awaits before it returns. */
  readonly settle: (home: Home) => Promise<unknown>
  readonly skewMs: () => number
  /** As of `ProcessOptions`. */
  readonly freezeChance?: (label: string) => number
}

/**
 * The environments of one function, as a provider runs them: each has one invocation at a time and is frozen between
 * two, in the middle of whatever its last one left behind; it is used again hours later, or killed.
 */
export class Environments<Home> {
  /** Invocations that found a warm environment. */
  warm = 0
  /** Those that overran their time. */
  overrun = 0
  readonly #world: World
  readonly #prng: Prng
  readonly #options: EnvironmentOptions<Home>
  readonly #all = new Set<Environment<Home>>()
  /** Told when an environment dies: who waits for its answer. */
  readonly #lost = new Map<Environment<Home>, () => void>()
  #released = false
  #started = 0

  constructor(world: World, options: EnvironmentOptions<Home>) {
    this.#world = world
    this.#options = options
    this.#prng = world.prng.fork(`environments ${options.name}`)
  }

  get living(): readonly Environment<Home>[] {
    return [...this.#all]
  }

  get started(): number {
    return this.#started
  }

  /** Runs `work` in an environment that has nothing else to do. Never rejects; `lost` when no answer comes in time. */
  invoke<T>(work: (home: Home, invocation: Invocation) => Promise<T>): Promise<Called<T>> {
    const environment = this.#take()
    if (environment === undefined) return Promise.resolve({ state: "lost" })
    const { process } = environment
    const { timeoutMs } = this.#options.plan
    const endsAt = this.#world.now + timeoutMs
    const invocation: Invocation = { leftMs: () => endsAt - this.#world.now }
    return new Promise(resolve => {
      let over = false
      const end = (called: Called<T>) => {
        over = true
        resolve(called)
      }
      this.#lost.set(environment, () => end({ state: "lost" }))
      this.#world.after(timeoutMs, () => {
        if (over) return
        this.overrun++
        const goesOn = this.#prng.chance(this.#options.plan.zombieChance)
        end({ state: "lost", goesOn })
        if (!goesOn) this.#world.crash(process)
      })
      this.#world.after(this.#prng.around(START_MS), () => {
        this.#world.unpark(process)
        this.#world.spawn(process, async () => {
          end(await this.#run(environment, home => work(home, invocation)))
          this.#rest(environment)
        })
      })
    })
  }

  async #run<T>({ home }: Environment<Home>, work: (home: Home) => Promise<T>): Promise<Called<T>> {
    let called: Called<T>
    try {
      called = { state: "done", value: await work(home) }
    } catch (error) {
      called = { state: "failed", error }
    }
    await this.#options.settle(home)
    return called
  }

  #rest(environment: Environment<Home>): void {
    this.#lost.delete(environment)
    if (this.#released) return
    const grace = this.#prng.fraction() * this.#options.plan.graceMsMax
    this.#world.park(environment.process, grace, () => {
      environment.busy = false
      if (this.#released) this.#world.unpark(environment.process)
    })
  }

  /** An idle environment, or a new one, as the provider likes; undefined when there are too many. */
  #take(): Environment<Home> | undefined {
    const { retireChance, spreadChance } = this.#options.plan
    for (const { busy, process } of this.#all) {
      if (!busy && this.#prng.chance(retireChance)) this.#world.crash(process)
    }
    const idle = [...this.#all].filter(({ busy, process }) => !busy && !process.crashed)
    const full = this.#all.size >= ENVIRONMENTS_MAX
    if (idle.length === 0 && full) return undefined
    if (idle.length === 0 || (!full && this.#prng.chance(spreadChance))) return this.#start()
    const taken = this.#prng.pick(idle)
    taken.busy = true
    this.warm++
    return taken
  }

  #start(): Environment<Home> {
    const { name, open, skewMs, freezeChance } = this.#options
    const onCrash = () => this.#died(environment)
    const process = this.#world.process(`${name}${++this.#started}`, {
      skewMs: skewMs(),
      parks: true,
      onCrash,
      freezeChance,
    })
    const environment: Environment<Home> = {
      process,
      home: open(process, functionPorts(process)),
      busy: true,
    }
    this.#all.add(environment)
    return environment
  }

  #died(environment: Environment<Home>): void {
    this.#all.delete(environment)
    this.#lost.get(environment)?.()
    this.#lost.delete(environment)
  }

  /** Freezes nothing any more: what is frozen goes on. */
  release(): void {
    this.#released = true
    for (const { process } of this.#all) this.#world.unpark(process)
  }
}

/** A process's ports, with the clock and the hints that functions make of theirs. */
export function functionPorts({ ports }: SimProcess): Ports {
  const { now, elapsed } = frozenClock(ports.clock)
  const clock = { now, elapsed, sleep: ports.clock.sleep }
  return { ...ports, clock, wake: pollingWake(clock) }
}
