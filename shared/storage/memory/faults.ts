import { StorageError } from "../errors.ts"
import type { MetaTable } from "../meta-store.ts"
import type { RefusalReason, Unknown, WriteOutcome } from "../outcome.ts"

/** One call of a store, as its faults see it. */
export interface StoreCall {
  readonly store: "objects" | "meta"
  readonly operation: "get" | "put" | "delete" | "list" | "query" | "transact"
  readonly write: boolean
  /** The table of an item; of a transaction, its first step's. */
  readonly table?: MetaTable
  /** An object's key or prefix, or `pk/sk` (of a transaction, its first step's); of a delete of many, the first key. */
  readonly key: string
}

/**
 * What goes wrong with a call. Writes:
 *
 * - `timeout-before`: the answer is `unknown`; never applied.
 * - `timeout-after`: the answer is `unknown`; applied.
 * - `late-apply`: the answer is `unknown`; applied once `at` resolves, if condition and `notAfter` hold then.
 * - `conflict`, `throttle`: refused for that reason, not applied.
 * - `hidden-retry`: applied, and then, once `again` resolves, sent a second time by a layer below that had lost the
 *   first answer; the caller sees the second answer alone.
 * - `partial`: of a `deleteMany`, of objects or items, `unknown` after the first half, as where the rest was throttled
 *   until patience ended; any other write takes it as `timeout-after`.
 *
 * Reads: `empty-page` makes a query's page empty with a `next`, and a listing's page short; every other fault is a
 * `StorageError` (`unavailable`).
 */
export type Fault =
  | {
      readonly kind: "timeout-before" | "timeout-after" | "conflict" | "throttle" | "partial" | "unavailable"
    }
  | { readonly kind: "late-apply"; readonly at: Promise<unknown> }
  | { readonly kind: "hidden-retry"; readonly again?: Promise<unknown> }
  | { readonly kind: "empty-page" }

/** Asked around every call. Both may take their time, which delays the call; neither may throw. */
export interface Faults {
  /** Resolves at the moment when the store takes the call up, with what shall go wrong with it, if anything. */
  before(call: StoreCall): Promise<Fault | undefined>
  /** Resolves when the caller is to have the answer; `outcome` is a write's. */
  after?(call: StoreCall, outcome?: WriteOutcome<unknown>): Promise<void>
}

/** A store's own moves in a write: each is one atomic step. */
export interface WriteSteps<Standing> {
  apply(): WriteOutcome<Standing>
  applyPart?(): void
  refuse(reason: RefusalReason): WriteOutcome<Standing>
}

/** Sends a write through the faults. */
export async function faultyWrite<Standing>(
  faults: Faults | undefined,
  call: StoreCall,
  steps: WriteSteps<Standing>,
): Promise<WriteOutcome<Standing>> {
  // Even without faults a store never applies anything while the call is still being made.
  const fault = faults === undefined ? await undefined : await faults.before(call)
  const outcome = fault === undefined ? steps.apply() : await applyWith(fault, steps)
  if (faults?.after !== undefined) await faults.after(call, outcome)
  return outcome
}

async function applyWith<Standing>(
  fault: Fault,
  steps: WriteSteps<Standing>,
): Promise<WriteOutcome<Standing>> {
  switch (fault.kind) {
    case "timeout-after":
      steps.apply()
      return unknown("timed out after the store had applied it")
    case "partial":
      if (steps.applyPart === undefined) steps.apply()
      else steps.applyPart()
      return unknown("timed out half-way")
    case "late-apply":
      void fault.at.then(() => steps.apply())
      return unknown("timed out while under way")
    case "conflict":
      return steps.refuse("conflict")
    case "throttle":
      return steps.refuse("throttled")
    case "hidden-retry":
      steps.apply()
      await fault.again
      return steps.apply()
    default:
      return unknown("timed out before the store had it")
  }
}

function unknown(message: string): Unknown {
  return { outcome: "unknown", cause: new StorageError("unavailable", message) }
}

/** Sends a read through the faults; `read` is told whether its page is to be cut short. */
export async function faultyRead<Answer>(
  faults: Faults | undefined,
  call: StoreCall,
  read: (cutShort: boolean) => Answer,
): Promise<Answer> {
  const fault = faults === undefined ? await undefined : await faults.before(call)
  const failed = fault !== undefined && fault.kind !== "empty-page"
  const answer = failed ? undefined : read(fault !== undefined)
  if (faults?.after !== undefined) await faults.after(call)
  if (failed) throw new StorageError("unavailable", `${call.operation} of ${call.key}: ${fault.kind}`)
  return answer as Answer
}
