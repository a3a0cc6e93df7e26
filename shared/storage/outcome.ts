/**
 * What became of a write. There are three outcomes and no fourth:
 *
 * - `committed`: it is applied, durable, and every later consistent read sees it;
 * - `refused`: it was not applied and never will be;
 * - `unknown`: it may have been applied, or may yet be, up to its `notAfter`.
 */
export type WriteOutcome<Standing = undefined> = Committed | Refused<Standing> | Unknown

export interface Committed {
  readonly outcome: "committed"
  /** The store's time of the response, epoch ms. */
  readonly date: number
}

export interface Refused<Standing = undefined> {
  readonly outcome: "refused"
  readonly reason: RefusalReason
  /** What stands in the place of the refused write, where the store says so (`exists`, `version`). */
  readonly standing?: Standing
  readonly date: number
}

export interface Unknown {
  readonly outcome: "unknown"
  /** What the store or the network said, for logs. */
  readonly cause: unknown
}

/**
 * Why a write was refused:
 * `exists` the place is taken; `version` another version (or nothing) stands there; `expired` the store's time is past
 * `notAfter`; `conflict` another write to the same item is under way (try again); `throttled` (try again later).
 */
export type RefusalReason = "exists" | "version" | "expired" | "conflict" | "throttled"

/** What a consistent read found where a write of unknown outcome would stand. */
export interface StandingWrite<Standing> {
  /** It is the write itself that stands. */
  readonly own: boolean
  readonly standing: Standing | undefined
  readonly date: number
}
