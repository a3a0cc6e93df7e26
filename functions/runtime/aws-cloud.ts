import type { RequestLedger, SdkClient } from "../../shared/storage/aws/ledger.ts"
import type { Cloud, DeadLetterQueue, Invoker, Outside, TimerQueue } from "./cloud.ts"

/** SQS's bound of one call. */
const RECEIVE_MAX = 10
/** Long enough to try a letter again before it comes a second time. */
const INVISIBLE_SECONDS = 120
/** Without waiting SQS looks at some of its hosts only, and may find nothing though there is something. */
const WAIT_SECONDS = 1

export interface AwsCloudOptions {
  /** URL of the queue of dead letters, where this function has one. */
  readonly deadLetters: string | undefined
  /** URL of the queue of timers, where this function has one. */
  readonly timers: string | undefined
  readonly ledger: RequestLedger | undefined
}

/**
 * The ports on AWS. Their clients are loaded when they are first asked: most invocations never do. Each by a module of ours
 * that names what is used of the SDK's, since of a module that is imported late bundles keep everything.
 */
export function awsCloud({ deadLetters, timers, ledger }: AwsCloudOptions): Cloud {
  const watched = <Client extends SdkClient>(client: Client): Client => {
    ledger?.watch(client)
    return client
  }
  return {
    invoker: invoker(watched),
    deadLetters: queue(deadLetters ?? "", watched),
    timers: timerQueue(timers ?? "", watched),
    outside: outside(watched),
  }
}

type Watch = <Client extends SdkClient>(client: Client) => Client

/** The first call's result, for all. */
function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined
  return () => (made ??= make())
}

function invoker(watched: Watch): Invoker {
  const open = once(async () => {
    const { LambdaClient, InvokeCommand } = await import("./sdk/lambda.ts")
    return { client: watched(new LambdaClient()), InvokeCommand }
  })
  return {
    async invokeLater(functionName, event) {
      const { client, InvokeCommand } = await open()
      const Payload = JSON.stringify(event)
      await client.send(new InvokeCommand({ FunctionName: functionName, InvocationType: "Event", Payload }))
    },
    async invoke(functionName, event) {
      const { client, InvokeCommand } = await open()
      const Payload = JSON.stringify(event)
      const answer = await client.send(new InvokeCommand({ FunctionName: functionName, Payload }))
      const text = answer.Payload?.transformToString() ?? ""
      if (answer.FunctionError !== undefined) throw new Error(`${functionName} failed: ${text}`)
      return text === "" ? undefined : JSON.parse(text)
    },
  }
}

function timerQueue(QueueUrl: string, watched: Watch): TimerQueue {
  const open = once(async () => {
    const { SQSClient, SendMessageCommand } = await import("./sdk/sqs.ts")
    return { client: watched(new SQSClient({ useQueueUrlAsEndpoint: false })), SendMessageCommand }
  })
  return {
    async send(MessageBody, DelaySeconds) {
      const { client, SendMessageCommand } = await open()
      await client.send(new SendMessageCommand({ QueueUrl, MessageBody, DelaySeconds }))
    },
  }
}

function queue(url: string, watched: Watch): DeadLetterQueue {
  const open = once(async () => {
    const sqs = await import("./sdk/sqs.ts")
    return { client: watched(new sqs.SQSClient({ useQueueUrlAsEndpoint: false })), sqs }
  })
  const QueueUrl = url
  return {
    async send(MessageBody) {
      const { client, sqs } = await open()
      await client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody }))
    },
    async receive(max) {
      const { client, sqs } = await open()
      const input = { QueueUrl, MaxNumberOfMessages: Math.min(max, RECEIVE_MAX) }
      const answer = await client.send(
        new sqs.ReceiveMessageCommand({
          ...input,
          VisibilityTimeout: INVISIBLE_SECONDS,
          WaitTimeSeconds: WAIT_SECONDS,
        }),
      )
      return (answer.Messages ?? []).map(({ Body, ReceiptHandle }) => ({
        body: Body ?? "",
        receipt: ReceiptHandle ?? "",
      }))
    },
    async remove(ReceiptHandle) {
      const { client, sqs } = await open()
      await client.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle }))
    },
    async count() {
      const { client, sqs } = await open()
      const AttributeNames = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"] as const
      const answer = await client.send(
        new sqs.GetQueueAttributesCommand({ QueueUrl, AttributeNames: [...AttributeNames] }),
      )
      return AttributeNames.reduce((sum, name) => sum + Number(answer.Attributes?.[name] ?? 0), 0)
    },
  }
}

function outside(watched: Watch): Outside {
  return {
    async readObject(Bucket, Key) {
      const { S3Client, GetObjectCommand } = await import("./sdk/s3.ts")
      const forcePathStyle = process.env.AWS_ENDPOINT_URL !== undefined
      const client = watched(new S3Client({ forcePathStyle }))
      const answer = await client.send(new GetObjectCommand({ Bucket, Key }))
      return (await answer.Body?.transformToString()) ?? ""
    },
    async readSecret(SecretId) {
      const { SecretsManagerClient, GetSecretValueCommand } = await import("./sdk/secrets-manager.ts")
      const client = watched(new SecretsManagerClient())
      const answer = await client.send(new GetSecretValueCommand({ SecretId }))
      return answer.SecretString ?? ""
    },
  }
}
