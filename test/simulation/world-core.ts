import type { FaultPlan } from "./fault-plan.ts"
import { noFaults } from "./fault-plan.ts"
import type { Prng } from "./prng.ts"
import type { Scheduler } from "./scheduler.ts"
import type { CrashPhase, SimProcess } from "./sim-process.ts"
import { CRASH_PHASES } from "./sim-process.ts"

/** 2026-01-01T00:00:00Z, when every world begins. */
export const WORLD_START = Date.UTC(2026, 0, 1)

/** A frozen process stops for at least this long. */
const FREEZE_MS_MIN = 100
/** After a thaw what was waiting arrives within so much time, in any order. */
const THAW_JITTER_MS = 2
/** Half of the thaws find a clock that stood still too, as after a machine's suspension. */
const STALE_CLOCK_CHANCE = 0.5

/** Which of a process's clocks stand while it is frozen. */
export type StandingClocks = "none" | "monotonic" | "both"

/** The world's inside, which its ports share: what happens to calls and processes. */
export class WorldCore {
  readonly scheduler: Scheduler
  readonly prng: Prng
  plan: FaultPlan
  /** Awaited port calls by label: each is a place for a crash. */
  readonly crashPoints = new Map<string, number>()
  /** The calls at which processes were frozen: what kind of process, and which call. */
  readonly freezePoints = new Map<string, number>()
  /** How often each kind of fault was met. */
  readonly faultsMet = new Map<string, number>()
  readonly traceLines: string[] | undefined
  #leave: (process: SimProcess) => void = () => {}

  constructor(scheduler: Scheduler, prng: Prng, plan: FaultPlan, trace: boolean) {
    this.scheduler = scheduler
    this.prng = prng
    this.plan = plan
    this.traceLines = trace ? [] : undefined
  }

  /** @param leave called for every process that dies */
  onLeave(leave: (process: SimProcess) => void): void {
    this.#leave = leave
  }

  planFor(process: SimProcess): FaultPlan {
    return process.options.faults === false ? noFaults : this.plan
  }

  /** Tells events apart in the trace's digest. */
  tag(process: SimProcess | undefined, kind: number): number {
    return ((process?.index ?? 0) << 4) | kind
  }

  /** Resolves after `ms` of virtual time, whoever lives then. */
  passed(ms: number): Promise<void> {
    return new Promise(resolve => void this.scheduler.after(ms, this.tag(undefined, 3), resolve))
  }

  /**
   * Counts an awaited port call and decides whether its process dies at it, and when. For `before` it is dead already.
   */
  beginCall(process: SimProcess, label: string): CrashPhase | undefined {
    process.calls++
    this.crashPoints.set(label, (this.crashPoints.get(label) ?? 0) + 1)
    if (process.crashed) return "before"
    const crash = this.#crashOf(process)
    if (crash === "before") this.crash(process)
    else this.#maybeFreeze(process, label)
    return crash
  }

  #crashOf(process: SimProcess): CrashPhase | undefined {
    const { crashAt } = process.options
    if (crashAt?.call === process.calls) return crashAt.phase
    return this.prng.chance(this.planFor(process).crash) ? this.prng.pick(CRASH_PHASES) : undefined
  }

  #maybeFreeze(process: SimProcess, label: string): void {
    const plan = this.planFor(process)
    const { freezeMsMax } = plan
    const { freezeAt, freezeChance } = process.options
    const isNow = freezeAt?.call === process.calls
    const chance = plan === noFaults ? 0 : (freezeChance?.(label) ?? plan.freeze)
    if (!isNow && !this.prng.chance(chance)) return
    const ms = isNow ? freezeAt.ms : this.prng.magnitude(FREEZE_MS_MIN, freezeMsMax)
    const point = `${process.name.replace(/\d+$/, "")}: ${label}`
    this.freezePoints.set(point, (this.freezePoints.get(point) ?? 0) + 1)
    this.freeze(process, ms, this.#standing(process))
  }

  #standing(process: SimProcess): StandingClocks {
    if (!this.prng.chance(STALE_CLOCK_CHANCE)) return "none"
    return process.options.parks === true && this.prng.chance(0.5) ? "monotonic" : "both"
  }

  /** Nothing reaches the process for `ms`; where clocks stand it does not know afterwards that time has passed. */
  freeze(process: SimProcess, ms: number, standing: StandingClocks): void {
    process.frozenUntil = Math.max(process.frozenUntil, this.scheduler.now) + ms
    this.count("freeze")
    const clocks = { none: undefined, monotonic: "stale timers", both: "stale clock" }
    this.note(process, "freeze", `${Math.round(ms)} ms`, clocks[standing])
    if (standing === "none") return
    // On a step of its own: the process may be amid code that reads its clock.
    this.scheduler.after(0, this.tag(process, 11), () => loseTime(process, ms, standing))
  }

  /** Freezes the process until `unpark`; what arrives meanwhile waits. Only between two of its steps. */
  park(process: SimProcess): void {
    process.parkedAt = this.scheduler.now
    this.note(process, "park", "")
  }

  /**
   * Lets a parked process go on, with what came for it meanwhile.
   * @param asked which clocks stood; default: as chance has it
   */
  unpark(process: SimProcess, asked?: StandingClocks): void {
    if (process.parkedAt === undefined) return
    const ms = this.scheduler.now - process.parkedAt
    const standing = asked ?? this.#standing(process)
    process.parkedAt = undefined
    if (process.crashed) return
    this.count("parked")
    this.note(process, "unpark", `${Math.round(ms)} ms`, standing)
    loseTime(process, ms, standing)
    const held = process.held.splice(0)
    for (const arrive of held) {
      this.scheduler.after(this.prng.fraction() * THAW_JITTER_MS, this.tag(process, 12), arrive)
    }
  }

  /** Ends the process: nothing that it waits for ever comes. Calls that it has sent go on. */
  crash(process: SimProcess): void {
    if (process.crashed) return
    process.crashed = true
    process.pending.clear()
    process.held.length = 0
    this.count("crash")
    this.note(process, "crash", `at call ${process.calls}`)
    this.#leave(process)
    const { onCrash } = process.options
    // On a step of its own, so that it does not run amid the dead process's own code.
    if (onCrash !== undefined) this.scheduler.after(0, this.tag(process, 4), () => onCrash(process))
  }

  /** Runs `run` in the process after `ms`, later if it is frozen then, never if it is dead. */
  deliver(process: SimProcess, ms: number, kind: number, run: () => void): { cancel(): void } {
    let event = this.scheduler.after(ms, this.tag(process, kind), arrive)
    const core = this
    let cancelled = false
    function arrive(): void {
      if (process.crashed || cancelled) return
      if (process.parkedAt !== undefined) {
        process.held.push(arrive)
        return
      }
      const frozenMs = process.frozenUntil - core.scheduler.now
      if (frozenMs <= 0) run()
      else {
        const jitterMs = core.prng.fraction() * THAW_JITTER_MS
        event = core.scheduler.after(frozenMs + jitterMs, core.tag(process, kind), arrive)
      }
    }
    return {
      cancel() {
        cancelled = true
        event.run = undefined
      },
    }
  }

  /** Notes that the process waits for a call; the answer's function takes the note back. */
  pendingCall(process: SimProcess, label: string): () => void {
    const call = { label, since: this.scheduler.now }
    process.pending.add(call)
    return () => process.pending.delete(call)
  }

  count(fault: string): void {
    this.faultsMet.set(fault, (this.faultsMet.get(fault) ?? 0) + 1)
  }

  /** Adds to the trace. */
  note(process: SimProcess | undefined, what: string, about: string, detail?: string): void {
    this.scheduler.markText(what)
    this.scheduler.markText(about)
    if (detail !== undefined) this.scheduler.markText(detail)
    if (this.traceLines === undefined) return
    const time = (this.scheduler.now / 1_000).toFixed(6).padStart(14)
    this.traceLines.push(
      `${time}s ${process?.label ?? "-"}: ${what} ${about}${detail === undefined ? "" : ` [${detail}]`}`,
    )
  }
}

function loseTime(process: SimProcess, ms: number, standing: StandingClocks): void {
  if (standing !== "none") process.elapsedLagMs += ms
  if (standing === "both") process.skewMs -= ms
}
