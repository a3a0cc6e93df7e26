import { type BuildEvent, buildEvent } from "./build-event.ts"
import { type ProcessEvent, processEvent } from "./process-event.ts"

/** What `journal` set aside, as its message in the queue tells it; the record itself is an object. */
export interface JournalLetter {
  readonly kind: "journal"
  readonly shard: string
  readonly sequence: string
  /** The object that holds the record. */
  readonly key: string
  readonly fault: string
  readonly message: string
}

export type DeadLetter =
  | JournalLetter
  | { readonly kind: "build"; readonly event: BuildEvent }
  | { readonly kind: "process"; readonly event: ProcessEvent }

/** Where a record that was set aside lies. */
export function deadRecordKey(shard: string, sequence: string): string {
  return `dead/journal/${shard}/${sequence}`
}

/**
 * Reads a message: one of `journal`'s, a timer's, or Lambda's own record of an invocation that failed. Undefined: none of
 * these, and nothing that could be tried again.
 */
export function deadLetterOf(body: string): DeadLetter | undefined {
  let value: Record<string, unknown> | null
  try {
    value = JSON.parse(body)
  } catch {
    return undefined
  }
  if (typeof value !== "object" || value === null) return undefined
  if (value.kind === "journal") {
    const { shard, sequence, key } = value
    const fine = [shard, sequence, key].every(text => typeof text === "string")
    return fine ? (value as unknown as JournalLetter) : undefined
  }
  const wake = processEvent(value) ?? processEvent(value.requestPayload)
  if (wake !== undefined) return { kind: "process", event: wake }
  const event = buildEvent(value.requestPayload)
  return event === undefined ? undefined : { kind: "build", event }
}
