import { Duration, RemovalPolicy } from "aws-cdk-lib"
import { Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs"
import { Construct } from "constructs"
import { acknowledge } from "./acknowledge.ts"

/** SQS keeps nothing longer. */
const KEPT = Duration.days(14)
/** A letter that somebody takes out by hand is nobody else's for so long; `maintain` says itself what it needs. */
const HELD = Duration.minutes(5)

export interface DeadLettersProps {
  /**
   * What becomes of the queue when the stack goes.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy
}

/** Where what `build` failed at and what `journal` set aside waits for somebody to look at it. */
export class DeadLetters extends Construct {
  readonly queue: Queue

  constructor(scope: Construct, id: string, props: DeadLettersProps = {}) {
    super(scope, id)
    this.queue = new Queue(this, "Queue", {
      retentionPeriod: KEPT,
      visibilityTimeout: HELD,
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    })
    acknowledge(this.queue, "SQS3", "This is the dead-letter queue: of invocations, which name it elsewhere.")
  }
}
