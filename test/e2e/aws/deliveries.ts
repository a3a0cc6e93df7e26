import {
  DescribeStreamCommand,
  GetRecordsCommand,
  GetShardIteratorCommand,
  KinesisClient,
} from "@aws-sdk/client-kinesis"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import { callAws, sdk } from "./deployed.ts"

/** An event as Lambda hands it to the reader of a stream. */
export interface StreamEvent {
  readonly Records: readonly object[]
}

/** All that the stream of a table still has, as one event. */
export async function tableStreamEvent(table: string): Promise<StreamEvent> {
  const streams = <T>(operation: string, body: object) =>
    callAws<T>("dynamodb", `DynamoDBStreams_20120810.${operation}`, body)
  const { Streams } = await streams<{ Streams: { StreamArn: string }[] }>("ListStreams", { TableName: table })
  const StreamArn = Streams[0]!.StreamArn
  const { StreamDescription } = await streams<{ StreamDescription: { Shards: { ShardId: string }[] } }>(
    "DescribeStream",
    { StreamArn },
  )
  const records: object[] = []
  for (const { ShardId } of StreamDescription.Shards) {
    const start = { StreamArn, ShardId, ShardIteratorType: "TRIM_HORIZON" }
    let { ShardIterator } = await streams<{ ShardIterator?: string }>("GetShardIterator", start)
    while (ShardIterator !== undefined) {
      const found = await streams<{ Records: object[]; NextShardIterator?: string }>("GetRecords", {
        ShardIterator,
      })
      if (found.Records.length === 0) break
      records.push(...found.Records.map(record => ({ ...record, eventSourceARN: StreamArn })))
      ShardIterator = found.NextShardIterator
    }
  }
  return { Records: records }
}

/** All that each shard of a Kinesis stream has, one event a shard. */
export async function journalEvents(stream: string): Promise<StreamEvent[]> {
  // Its own choice is HTTP/2, over which the emulator cuts answers off after 64 KiB.
  const kinesis = new KinesisClient({ ...sdk, requestHandler: new NodeHttpHandler() })
  const { StreamDescription } = await kinesis.send(new DescribeStreamCommand({ StreamName: stream }))
  const { Shards = [], StreamARN } = StreamDescription ?? {}
  const events: StreamEvent[] = []
  for (const { ShardId } of Shards) {
    const start = { StreamName: stream, ShardId, ShardIteratorType: "TRIM_HORIZON" } as const
    let { ShardIterator } = await kinesis.send(new GetShardIteratorCommand(start))
    const records: object[] = []
    while (ShardIterator !== undefined) {
      const found = await kinesis.send(new GetRecordsCommand({ ShardIterator, Limit: 1_000 }))
      if (found.Records === undefined || found.Records.length === 0) break
      for (const { SequenceNumber, PartitionKey, Data, ApproximateArrivalTimestamp } of found.Records) {
        records.push({
          kinesis: {
            kinesisSchemaVersion: "1.0",
            partitionKey: PartitionKey,
            sequenceNumber: SequenceNumber,
            data: Buffer.from(Data!).toString("base64"),
            approximateArrivalTimestamp: Number(ApproximateArrivalTimestamp) / 1_000,
          },
          eventSource: "aws:kinesis",
          eventVersion: "1.0",
          eventID: `${ShardId}:${SequenceNumber}`,
          eventName: "aws:kinesis:record",
          awsRegion: sdk.region,
          eventSourceARN: StreamARN,
        })
      }
      ShardIterator = found.NextShardIterator
    }
    if (records.length > 0) events.push({ Records: records })
  }
  return events
}

/** The same records in pieces of their order, each of which overlaps the one before it. */
export function cutAnew({ Records }: StreamEvent, size: number): StreamEvent[] {
  const pieces: StreamEvent[] = []
  for (let at = 0; at < Records.length; at += size) {
    pieces.push({ Records: Records.slice(Math.max(0, at - Math.floor(size / 2)), at + size) })
  }
  return pieces
}
