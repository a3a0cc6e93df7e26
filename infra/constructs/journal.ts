import { Duration, RemovalPolicy } from "aws-cdk-lib"
import { type IStream, Stream, StreamEncryption, StreamMode } from "aws-cdk-lib/aws-kinesis"
import { EventSourceMapping, StartingPosition } from "aws-cdk-lib/aws-lambda"
import { Construct } from "constructs"
import { allow } from "./permissions.ts"
import type { PlatformFunction } from "./platform-function.ts"

export interface MillraceJournalProps {
  /**
   * The stream. It must be this deployment's alone.
   * @default - one is made, encrypted
   */
  readonly stream?: IStream
  /**
   * Shards of the stream that is made: each takes 1 MB and 1,000 requests a second, and costs by the hour.
   * @default 1
   */
  readonly shards?: number
  /**
   * How long the stream that is made keeps records that could not be taken into the log.
   * @default Duration.hours(24)
   */
  readonly retention?: Duration
  /**
   * What becomes of the stream that is made when the stack goes.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy
}

/** Kinesis hands over no more than 10 MB at once; a function takes 6. */
const BATCH_RECORDS = 1_000
/** What comes within it goes into the log by one commit. */
const WINDOW = Duration.seconds(1)

/** The journal: a stream that takes records at once, and `journal`, which takes them into the log. */
export class MillraceJournal extends Construct {
  readonly stream: IStream
  /** Set by `deliverTo`. */
  mapping?: EventSourceMapping

  constructor(scope: Construct, id: string, props: MillraceJournalProps = {}) {
    super(scope, id)
    this.stream =
      props.stream ??
      new Stream(this, "Stream", {
        streamMode: StreamMode.PROVISIONED,
        shardCount: props.shards ?? 1,
        retentionPeriod: props.retention ?? Duration.hours(24),
        encryption: StreamEncryption.MANAGED,
        removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
      })
  }

  /** Has a function take what the stream keeps: each shard in order, again and again until it succeeds. */
  deliverTo(journal: PlatformFunction): void {
    const role = journal.ownRole
    allow(
      role,
      [
        "kinesis:DescribeStream",
        "kinesis:DescribeStreamSummary",
        "kinesis:GetRecords",
        "kinesis:GetShardIterator",
        "kinesis:ListShards",
      ],
      [this.stream.streamArn],
    )
    this.stream.encryptionKey?.grantDecrypt(role)
    this.mapping = new EventSourceMapping(this, "Mapping", {
      target: journal,
      eventSourceArn: this.stream.streamArn,
      startingPosition: StartingPosition.TRIM_HORIZON,
      batchSize: BATCH_RECORDS,
      maxBatchingWindow: WINDOW,
      // Going on without a record would mark it as seen: no end of tries, no age, no halves, no second reader.
      bisectBatchOnError: false,
      parallelizationFactor: 1,
    })
    this.mapping.node.addDependency(role)
  }
}
