import { sequenceOf } from "../../shared/storage/aws/sequence.ts"
import type { JournalDelivery } from "../../shared/storage/journal.ts"

/** What is read of a Kinesis event. */
export interface KinesisEvent {
  readonly Records: readonly {
    /** `shardId-000000000006:` and the sequence number. */
    readonly eventID: string
    readonly kinesis: { readonly data: string; readonly sequenceNumber: string }
  }[]
}

/** The records of an event in their order. */
export function deliveriesOf(event: KinesisEvent): readonly JournalDelivery[] {
  return event.Records.map(({ eventID, kinesis }) => ({
    position: {
      shard: eventID.slice(0, Math.max(0, eventID.indexOf(":"))),
      sequence: sequenceOf(kinesis.sequenceNumber),
    },
    data: Buffer.from(kinesis.data, "base64"),
  }))
}
