import type { NewSlot } from "../../shared/serving/builder/wake-rule.ts"

/** What is read of a DynamoDB stream's event. */
export interface StreamEvent {
  readonly Records: readonly {
    readonly eventName?: string
    readonly dynamodb?: {
      readonly Keys?: Readonly<Record<string, { readonly S?: string }>>
      /** Epoch seconds. */
      readonly ApproximateCreationDateTime?: number
    }
  }[]
}

/** Keys of slots, as the log makes them: topic id and partition; `s#` and the base offset in 20 digits. */
const PARTITION_KEY = /^([^#]+)#(\d+)$/
const SLOT_KEY = /^s#(\d{20})$/

interface ToldSlot {
  readonly topicId: string
  readonly partition: number
  readonly slot: NewSlot
}

/** The new slots that an event tells of; anything else in it is nobody's concern. */
export function slotsOf(event: StreamEvent): readonly ToldSlot[] {
  return event.Records.flatMap(({ eventName, dynamodb }) => {
    const place = PARTITION_KEY.exec(dynamodb?.Keys?.pk?.S ?? "")
    const base = SLOT_KEY.exec(dynamodb?.Keys?.sk?.S ?? "")
    if (eventName !== "INSERT" || place === null || base === null) return []
    const atMs = (dynamodb?.ApproximateCreationDateTime ?? 0) * 1000
    return [{ topicId: place[1]!, partition: Number(place[2]), slot: { base: Number(base[1]), atMs } }]
  })
}
