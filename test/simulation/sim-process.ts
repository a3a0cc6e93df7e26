import type { Ports } from "../../shared/storage/time.ts"

/** A moment of an awaited call at which its process can die. `sent`: the call goes on without it. */
export type CrashPhase = "before" | "sent" | "applied"

export const CRASH_PHASES: readonly CrashPhase[] = ["before", "sent", "applied"]

export interface CrashPoint {
  /** Which of the process's awaited port calls, counted from 1. */
  readonly call: number
  readonly phase: CrashPhase
}

export interface ProcessOptions {
  /** How far its clock is ahead of the world's time; default 0. */
  readonly skewMs?: number
  /** Default: the world's plan. `false`: its calls meet no fault and it never dies or stops by itself. */
  readonly faults?: boolean
  readonly crashAt?: CrashPoint
  /** It is frozen for `ms` at this call. */
  readonly freezeAt?: { readonly call: number; readonly ms: number }
  /** How often it is frozen at a call, by label, instead of as often as the plan says; never in a calm world. */
  readonly freezeChance?: ((label: string) => number) | undefined
  /** It is parked between pieces of work: its monotonic clock may stand while its wall clock goes on. */
  readonly parks?: boolean
  /** Called when it has died, by whatever cause: the place to start a successor. */
  readonly onCrash?: (process: SimProcess) => void
}

export interface PendingCall {
  readonly label: string
  /** Virtual ms since the world began. */
  readonly since: number
}

/** One process of the simulated world: what runs in it sees the world through `ports` alone. */
export class SimProcess {
  readonly name: string
  /** Tells apart the processes that had this name one after the other, from 1. */
  readonly incarnation: number
  readonly index: number
  readonly options: ProcessOptions
  readonly ports: Ports
  readonly pending = new Set<PendingCall>()
  /** Awaited port calls so far. */
  calls = 0
  crashed = false
  /** Virtual ms; nothing reaches the process before this. */
  frozenUntil = 0
  /** Virtual ms since when it has been parked: nothing reaches it until it is unparked. */
  parkedAt: number | undefined
  /** What has come for it while parked. */
  readonly held: (() => void)[] = []
  skewMs: number
  /** What its timers missed while it stood still. */
  elapsedLagMs = 0
  /** Virtual ms. */
  readonly started: number

  constructor(
    at: { name: string; incarnation: number; index: number; started: number },
    options: ProcessOptions,
    makePorts: (process: SimProcess) => Ports,
  ) {
    this.name = at.name
    this.incarnation = at.incarnation
    this.index = at.index
    this.started = at.started
    this.options = options
    this.skewMs = options.skewMs ?? 0
    this.ports = makePorts(this)
  }

  get label(): string {
    return this.incarnation === 1 ? this.name : `${this.name}#${this.incarnation}`
  }
}
