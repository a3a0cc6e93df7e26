import type { Clock } from "../../storage/time.ts"

/** This process's clocks at one moment; to be taken before a question is sent, since it may be frozen after that. */
export interface Moment {
  readonly now: number
  readonly elapsed: number
}

type OwnTime = Pick<Clock, "now" | "elapsed">

export const moment = (clock: OwnTime): Moment => ({ now: clock.now(), elapsed: clock.elapsed() })

/** Milliseconds since then, by whichever clock says more: while a process is frozen either may stand still. */
export function passedMs(clock: OwnTime, since: Moment): number {
  return Math.max(clock.now() - since.now, clock.elapsed() - since.elapsed)
}
