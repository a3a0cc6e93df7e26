import type { MemoryStores, StoreWatch } from "../../shared/storage/memory/memory-stores.ts"
import { memoryStores } from "../../shared/storage/memory/memory-stores.ts"
import type { Ports } from "../../shared/storage/time.ts"
import type { FaultPlan } from "./fault-plan.ts"
import { drawFaultPlan, noFaults } from "./fault-plan.ts"
import { Prng } from "./prng.ts"
import type { RunLimits, StopReason } from "./scheduler.ts"
import { Scheduler } from "./scheduler.ts"
import { SimFaults, sendCall } from "./sim-faults.ts"
import type { ProcessOptions } from "./sim-process.ts"
import { SimProcess } from "./sim-process.ts"
import type { SimTask } from "./sim-task.ts"
import { SimulationError, startTask, stuckMessage } from "./sim-task.ts"
import { SimHints, simClock, simRandom } from "./sim-time.ts"
import { type StandingClocks, WORLD_START, WorldCore } from "./world-core.ts"

/** Far more than a seed's run should take; a run that reaches it goes round in circles. */
const STEPS_MAX = 2_000_000
/** The stores' clocks differ by at most this where the options do not say how much. */
const STORE_SKEW_MS_MAX = 1_000
/**
 * Of the stacks of errors that are made in a run that keeps no trace: where each was made. Errors are answers there, by
 * the million, and whole stacks (a test runner's are long) take a quarter of a run's time.
 */
const STACK_FRAMES = 1

export interface WorldOptions {
  /** Default `none`; `swarm` draws a mixture from the seed. */
  readonly faults?: FaultPlan | "swarm" | "none"
  /** How far the stores' dates are ahead of the world's time. Default: meta 0, objects up to a second either way. */
  readonly storeSkewMs?: { readonly meta?: number; readonly objects?: number }
  /** Sees every write of the stores as it is applied. */
  readonly watch?: StoreWatch
  /** Keeps a line of text for every call and event worth one, in `trace`. */
  readonly trace?: boolean
}

/**
 * A deterministic world: processes, their clocks and hints, and the stores between them, under one seeded scheduler.
 * The same seed and the same code give the same run, event for event.
 */
export class World {
  readonly seed: string
  readonly prng: Prng
  /** The stores as a test sees them: all items and objects, past every fault. */
  readonly stores: MemoryStores
  readonly #core: WorldCore
  readonly #hints: SimHints
  readonly #processes: SimProcess[] = []
  readonly #running = new Set<SimTask<unknown>>()

  constructor(seed: number | string, options: WorldOptions = {}) {
    this.seed = String(seed)
    this.prng = new Prng(this.seed)
    const { faults = "none" } = options
    const drawn = drawFaultPlan(this.prng.fork("plan"))
    const plan = faults === "none" ? noFaults : faults === "swarm" ? drawn : faults
    const scheduler = new Scheduler(this.prng.fork("order"))
    this.#core = new WorldCore(scheduler, this.prng.fork("faults"), plan, options.trace ?? false)
    this.#hints = new SimHints(this.#core)
    this.#core.onLeave(process => {
      this.#hints.leave(process)
      for (const task of this.#running) if (task.process === process) this.#running.delete(task)
    })
    const objectSkew = (this.prng.fork("stores").fraction() * 2 - 1) * STORE_SKEW_MS_MAX
    const { meta: metaSkewMs = 0, objects: objectSkewMs = objectSkew } = options.storeSkewMs ?? {}
    const dated = (skewMs: number) => () => Math.floor(WORLD_START + scheduler.now + skewMs)
    this.stores = memoryStores({
      date: dated(metaSkewMs),
      objectDate: dated(objectSkewMs),
      ...(options.watch && { watch: options.watch }),
    })
  }

  /** Starts a process; one that has the name already, dead or alive, is left as it is. */
  process(name: string, options: ProcessOptions = {}): SimProcess {
    const incarnation = this.#processes.filter(other => other.name === name).length + 1
    const started = this.#core.scheduler.now
    const at = { name, incarnation, index: this.#processes.length + 1, started }
    const process = new SimProcess(at, options, made => this.#makePorts(made))
    this.#processes.push(process)
    return process
  }

  #makePorts(process: SimProcess): Ports {
    const prng = this.prng.fork(`process ${process.label}`)
    const { objects, meta } = this.stores.connect(new SimFaults(this.#core, process, prng.fork("calls")))
    return {
      objects,
      meta,
      clock: simClock(this.#core, process),
      random: simRandom(prng.fork("random")),
      wake: this.#hints.wakeFor(process),
    }
  }

  /**
   * Runs `work` in the process, beginning on a step of its own. An error that it throws ends the run, unless `mayFail`.
   */
  spawn<T>(
    process: SimProcess,
    work: () => Promise<T>,
    options: { readonly label?: string; readonly mayFail?: boolean } = {},
  ): SimTask<T> {
    const task = startTask(this.#core, process, work, options, error => {
      this.#running.delete(task)
      if (error === undefined || options.mayFail) return
      this.#core.scheduler.fail(this.#explain(`${task.label} failed`, error.cause))
    })
    if (!process.crashed) this.#running.add(task)
    return task
  }

  /** A process's call of something beside its stores: `take` answers it, outside the process. */
  call<T>(process: SimProcess, label: string, take: () => Promise<T>): Promise<T> {
    return sendCall(this.#core, process, label, take)
  }

  /** Kills the process now: nothing that it waits for ever comes; calls that it has sent go on. */
  crash(process: SimProcess): void {
    this.#core.crash(process)
  }

  /** Stops the process for `ms` of virtual time; with `staleClock` its clock stands still too. */
  freeze(process: SimProcess, ms: number, options: { readonly staleClock?: boolean } = {}): void {
    this.#core.freeze(process, ms, options.staleClock === true ? "both" : "none")
  }

  /** Stops the process after what reaches it by then, until `unpark`, as a function is between two requests. */
  park(process: SimProcess, afterMs: number, onParked: () => void): void {
    this.#core.deliver(process, afterMs, 13, () => {
      this.#core.park(process)
      onParked()
    })
  }

  /** @param standing which clocks stood meanwhile; default: as chance has it */
  unpark(process: SimProcess, standing?: StandingClocks): void {
    this.#core.unpark(process, standing)
  }

  /** Does `run` after `ms` of virtual time, outside every process: a test's own hand. */
  after(ms: number, run: () => void): void {
    this.#core.scheduler.after(ms, 9, run)
  }

  /** No more new faults: what is under way still lands. */
  calm(): void {
    this.#core.plan = noFaults
  }

  setFaults(plan: FaultPlan): void {
    this.#core.plan = plan
  }

  get faults(): FaultPlan {
    return this.#core.plan
  }

  /** Real asynchronous work, for which virtual time waits. */
  external<T>(work: Promise<T>): Promise<T> {
    return this.#core.scheduler.external(work)
  }

  /**
   * Runs until `until` says so, `forMs` of virtual time are over, or nothing is left to do. Throws the error of a task
   * that failed, and `SimulationError` when nothing is left to do though a task still waits, or after `stepsMax` steps.
   */
  async run(limits: { until?: () => boolean; forMs?: number; stepsMax?: number } = {}): Promise<StopReason> {
    const { until, forMs, stepsMax = STEPS_MAX } = limits
    const bounds: RunLimits = {
      stepsMax,
      ...(until && { until }),
      ...(forMs !== undefined && { timeMax: this.#core.scheduler.now + forMs }),
    }
    let reason: StopReason
    const stackFrames = Error.stackTraceLimit
    if (this.#core.traceLines === undefined) Error.stackTraceLimit = STACK_FRAMES
    try {
      reason = await this.#core.scheduler.run(bounds)
    } catch (error) {
      if (error instanceof SimulationError) throw error
      throw this.#explain("the run failed", error)
    } finally {
      Error.stackTraceLimit = stackFrames
    }
    if (reason === "idle" && !this.settled) throw this.#explain("nothing is left to do, and yet tasks wait")
    return reason
  }

  /** Whether every task has ended, one way or another. */
  get settled(): boolean {
    return this.#running.size === 0
  }

  /** Runs until every task has ended. */
  async settle(limits: { stepsMax?: number } = {}): Promise<void> {
    await this.run({ ...limits, until: () => this.settled })
  }

  /** The world's true time, epoch ms. */
  get now(): number {
    return WORLD_START + this.#core.scheduler.now
  }

  get steps(): number {
    return this.#core.scheduler.steps
  }

  /** A digest of every event, call and answer so far. */
  get traceHash(): string {
    return this.#core.scheduler.hash
  }

  get trace(): readonly string[] {
    return this.#core.traceLines ?? []
  }

  /** Adds a line of the test's own to the trace and its digest. */
  note(text: string): void {
    this.#core.note(undefined, "note", text)
  }

  /** Awaited port calls by label: each is a place where a process can die. */
  get crashPoints(): ReadonlyMap<string, number> {
    return this.#core.crashPoints
  }

  /** The calls at which processes were frozen: the process's name without its number, and the call. */
  get freezePoints(): ReadonlyMap<string, number> {
    return this.#core.freezePoints
  }

  /** How often each kind of fault was met. */
  get faultsMet(): ReadonlyMap<string, number> {
    return this.#core.faultsMet
  }

  get processes(): readonly SimProcess[] {
    return this.#processes
  }

  #explain(what: string, cause?: unknown): SimulationError {
    return new SimulationError(stuckMessage(what, this, [...this.#running], cause), { cause })
  }
}
