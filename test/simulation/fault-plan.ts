import type { Prng } from "./prng.ts"

/** How often what goes wrong: probabilities a call, 0 to 1, unless a name says otherwise. */
export interface FaultPlan {
  readonly timeoutBefore: number
  readonly timeoutAfter: number
  readonly lateApply: number
  /** A late apply lands up to this much later. */
  readonly lateMsMax: number
  readonly conflict: number
  readonly throttle: number
  readonly hiddenRetry: number
  readonly partialDelete: number
  /** Reads. */
  readonly unavailable: number
  readonly emptyPage: number
  /** A call takes long. */
  readonly slow: number
  readonly slowMsMax: number
  /** The process that calls dies, before, while or after the call is applied. */
  readonly crash: number
  /** The process that calls stops for a while, and everything it waits for with it. */
  readonly freeze: number
  readonly freezeMsMax: number
  /** Hints. */
  readonly hintLost: number
  readonly hintTwice: number
  readonly hintLate: number
  readonly hintLateMsMax: number
}

const SECOND_MS = 1_000
const HOUR_MS = 3_600 * SECOND_MS

export const noFaults: FaultPlan = {
  timeoutBefore: 0,
  timeoutAfter: 0,
  lateApply: 0,
  lateMsMax: HOUR_MS,
  conflict: 0,
  throttle: 0,
  hiddenRetry: 0,
  partialDelete: 0,
  unavailable: 0,
  emptyPage: 0,
  slow: 0,
  slowMsMax: 20 * SECOND_MS,
  crash: 0,
  freeze: 0,
  freezeMsMax: 30 * HOUR_MS,
  hintLost: 0,
  hintTwice: 0,
  hintLate: 0,
  hintLateMsMax: 60 * SECOND_MS,
}

/** Faults of every kind, each often enough to be met within a few hundred calls. */
export const everyFault: FaultPlan = {
  ...noFaults,
  timeoutBefore: 0.01,
  timeoutAfter: 0.02,
  lateApply: 0.01,
  conflict: 0.01,
  throttle: 0.01,
  hiddenRetry: 0.02,
  partialDelete: 0.05,
  unavailable: 0.02,
  emptyPage: 0.05,
  slow: 0.02,
  crash: 0.002,
  freeze: 0.001,
  hintLost: 0.1,
  hintTwice: 0.1,
  hintLate: 0.1,
}

/** A seed's own mixture leaves about this share of the kinds out. */
const LEFT_OUT = 0.4
/** The rest are this much rarer or more frequent than in `everyFault`. */
const FACTOR_MIN = 0.2
const FACTOR_MAX = 4
/** Above this hardly anything gets done. */
const PROBABILITY_MAX = 0.3

/**
 * A mixture for one seed: some kinds left out, the others in proportions of their own. Faults hide each other, so runs
 * that lack some kinds find what runs with all of them cannot. Source: Groce et al., "Swarm Testing", ISSTA 2012.
 */
export function drawFaultPlan(prng: Prng): FaultPlan {
  const plan: Record<string, number> = { ...everyFault }
  for (const name in plan) {
    if (name.endsWith("MsMax")) continue
    const factor = prng.chance(LEFT_OUT) ? 0 : prng.magnitude(FACTOR_MIN, FACTOR_MAX)
    plan[name] = Math.min(PROBABILITY_MAX, plan[name]! * factor)
  }
  return plan as unknown as FaultPlan
}
