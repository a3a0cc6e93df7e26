import type { Fault, Faults, StoreCall } from "../../shared/storage/memory/faults.ts"
import type { WriteOutcome } from "../../shared/storage/outcome.ts"
import type { FaultPlan } from "./fault-plan.ts"
import type { Prng } from "./prng.ts"
import type { SimProcess } from "./sim-process.ts"
import type { WorldCore } from "./world-core.ts"

/** Milliseconds that one way of a call usually takes. */
const LATENCY_MS = 3
const TIMEOUT_MS_MIN = 500
const TIMEOUT_MS_MAX = 10_000
/** Of the requests of a process that stops, how many leave it only when it goes on. */
const HELD_CHANCE = 0.5

/**
 * Sends a call of a port beside the stores: `take` is what answers it, outside the process, which may be dead, frozen or
 * parked by then.
 */
export function sendCall<T>(
  core: WorldCore,
  process: SimProcess,
  label: string,
  take: () => Promise<T>,
): Promise<T> {
  const crash = core.beginCall(process, label)
  if (crash === "before") return new Promise(() => {})
  const answer = core.pendingCall(process, label)
  core.note(process, label, "")
  return new Promise(resolve => {
    core.scheduler.after(core.prng.around(LATENCY_MS), core.tag(process, 14), async () => {
      const taken = await take()
      if (crash === "applied") core.crash(process)
      core.deliver(process, core.prng.around(LATENCY_MS), 14, () => {
        answer()
        resolve(taken)
      })
    })
    if (crash === "sent") core.crash(process)
  })
}

/** Brings a process's store calls under the scheduler: when each is taken up, when answered, and what goes wrong. */
export class SimFaults implements Faults {
  readonly #core: WorldCore
  readonly #process: SimProcess
  readonly #prng: Prng
  /** The faults of calls under way, for their answers. */
  readonly #underWay = new Map<StoreCall, { fault: Fault | undefined; answer: () => void }>()

  constructor(core: WorldCore, process: SimProcess, prng: Prng) {
    this.#core = core
    this.#process = process
    this.#prng = prng
  }

  before(call: StoreCall): Promise<Fault | undefined> {
    const label = `${call.store}.${call.operation}${call.table === undefined ? "" : ` ${call.table}`}`
    const crash = this.#core.beginCall(this.#process, label)
    if (crash === "before") return new Promise(() => {})
    const fault = this.#draw(call)
    if (fault !== undefined) this.#core.count(fault.kind)
    const answer = this.#core.pendingCall(this.#process, label)
    this.#core.note(this.#process, label, call.key, fault?.kind)
    return new Promise(resolve => {
      const takenUp = () => {
        // A request of a process that was parked meanwhile may not have left it.
        if (this.#process.parkedAt !== undefined && this.#prng.chance(HELD_CHANCE)) {
          this.#process.held.push(takenUp)
          return
        }
        if (crash === "applied") this.#core.crash(this.#process)
        this.#underWay.set(call, { fault, answer })
        resolve(fault)
      }
      const ms = this.#heldMs() + this.#latency()
      this.#core.scheduler.after(ms, this.#core.tag(this.#process, 1), takenUp)
      if (crash === "sent") this.#core.crash(this.#process)
    })
  }

  after(call: StoreCall, outcome?: WriteOutcome<unknown>): Promise<void> {
    const { fault, answer } = this.#underWay.get(call)!
    this.#underWay.delete(call)
    this.#core.note(this.#process, "answer", call.key, outcome?.outcome)
    return new Promise(resolve => {
      const timedOut = fault?.kind.startsWith("timeout") || fault?.kind === "late-apply"
      const ms = timedOut ? this.#prng.magnitude(TIMEOUT_MS_MIN, TIMEOUT_MS_MAX) : this.#latency()
      this.#core.deliver(this.#process, ms, 2, () => {
        answer()
        resolve()
      })
    })
  }

  get #plan(): FaultPlan {
    return this.#core.planFor(this.#process)
  }

  /** A process that is stopped as it calls may be stopped before the request has left it. */
  #heldMs(): number {
    const ms = this.#process.frozenUntil - this.#core.scheduler.now
    return ms > 0 && this.#prng.chance(HELD_CHANCE) ? ms : 0
  }

  #latency(): number {
    const { slow, slowMsMax } = this.#plan
    return this.#prng.chance(slow)
      ? this.#prng.magnitude(LATENCY_MS, slowMsMax)
      : this.#prng.around(LATENCY_MS)
  }

  #draw(call: StoreCall): Fault | undefined {
    const plan = this.#plan
    return call.write ? this.#drawWrite(call, plan) : this.#drawRead(call, plan)
  }

  #drawWrite(call: StoreCall, plan: FaultPlan): Fault | undefined {
    const chance = (probability: number) => this.#prng.chance(probability)
    if (chance(plan.timeoutBefore)) return { kind: "timeout-before" }
    if (chance(plan.timeoutAfter)) return { kind: "timeout-after" }
    if (chance(plan.lateApply)) {
      return { kind: "late-apply", at: this.#core.passed(this.#prng.magnitude(1, plan.lateMsMax)) }
    }
    if (chance(plan.conflict)) return { kind: "conflict" }
    if (chance(plan.throttle)) return { kind: "throttle" }
    if (chance(plan.hiddenRetry)) {
      return { kind: "hidden-retry", again: this.#core.passed(2 * this.#latency()) }
    }
    const isDeleteMany = call.store === "objects" && call.operation === "delete"
    return isDeleteMany && chance(plan.partialDelete) ? { kind: "partial" } : undefined
  }

  #drawRead(call: StoreCall, plan: FaultPlan): Fault | undefined {
    if (this.#prng.chance(plan.unavailable)) return { kind: "unavailable" }
    const hasPages = call.operation === "query" || call.operation === "list"
    return hasPages && this.#prng.chance(plan.emptyPage) ? { kind: "empty-page" } : undefined
  }
}
