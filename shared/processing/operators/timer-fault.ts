import type { TimerPosition } from "../operator.ts"
import type { KeyPart } from "../state/keys.ts"

export function timerPosition(
  kind: TimerPosition["kind"],
  time: number,
  parts: readonly KeyPart[],
): TimerPosition {
  return { kind, time, key: JSON.stringify(parts) }
}

/** A function of the user's threw in a timer: there is no record to blame. */
export class TimerFault extends Error {
  override readonly name = "TimerFault"
  readonly timer: TimerPosition
  /** The step's; set by the program. */
  uid: string | undefined

  constructor(timer: TimerPosition, cause: unknown) {
    super(cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause), { cause })
    this.timer = timer
  }

  /** What is thrown within a timer: this timer's fault, unless it is one of a timer further down. */
  static of(cause: unknown, timer: TimerPosition): TimerFault {
    return cause instanceof TimerFault ? cause : new TimerFault(timer, cause)
  }
}
