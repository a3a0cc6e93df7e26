import { join } from "node:path"
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb"
import { KinesisClient, ListStreamsCommand } from "@aws-sdk/client-kinesis"
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda"
import { ListBucketsCommand, S3Client } from "@aws-sdk/client-s3"
import { ListSecretsCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager"
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs"
import { beforeAll, describe, expect, test } from "vitest"
import { runStreamClients } from "../../support/stream-checker/http-run.ts"
import { apiContract } from "../api-contract.ts"
import { repository } from "../support.ts"
import { callAws, Deployed, sdk, skipped } from "./deployed.ts"

/** Made by `cdk bootstrap`, not by us. */
const BOOTSTRAP = /^cdk-hnb659fds-/

/** What clients get done at the least. */
const STREAMED_MIN = { "send ok": 40, transformed: 3, polled: 10 }

/** What there is at the emulator, by kind. */
async function everything(): Promise<Record<string, readonly unknown[]>> {
  const { TableNames = [] } = await new DynamoDBClient(sdk).send(new ListTablesCommand({}))
  const { Functions = [] } = await new LambdaClient(sdk).send(new ListFunctionsCommand({}))
  const { StreamNames = [] } = await new KinesisClient(sdk).send(new ListStreamsCommand({}))
  const { Buckets = [] } = await new S3Client({ ...sdk, forcePathStyle: true }).send(
    new ListBucketsCommand({}),
  )
  const { SecretList = [] } = await new SecretsManagerClient(sdk).send(new ListSecretsCommand({}))
  const { QueueUrls = [] } = await new SQSClient(sdk).send(new ListQueuesCommand({}))
  const { logGroups } = await callAws<{ logGroups: { logGroupName: string }[] }>(
    "logs",
    "Logs_20140328.DescribeLogGroups",
    {},
  )
  return {
    tables: TableNames,
    functions: Functions.map(({ FunctionName }) => FunctionName),
    streams: StreamNames,
    buckets: Buckets.map(({ Name = "" }) => Name).filter(name => !BOOTSTRAP.test(name)),
    secrets: SecretList.map(({ Name }) => Name),
    queues: QueueUrls,
    // What AWS makes for the CDK's own function outlives it there too.
    logGroups: logGroups
      .map(({ logGroupName }) => logGroupName)
      .filter(name => !name.startsWith("/aws/lambda/")),
  }
}

describe.skipIf(skipped !== "")(`an app without a journal, deployed by CDK to an emulator${skipped}:`, () => {
  let deployed: Deployed
  beforeAll(async () => {
    const context = { stage: "trial", removal: "destroy" }
    deployed = await Deployed.open({ app: join(repository, "examples/flights/app.ts"), context })
  })

  const build = async (...tables: string[]) => {
    const event = { tables: tables.map(table => ({ table })), force: true }
    expect(await deployed.invoke("build", event)).toMatchObject({ failed: false, payload: { left: 0 } })
  }
  const carrier = () => ({ url: deployed.url, key: deployed.key! })
  apiContract("deployed", carrier, undefined, build)

  test("shows clients of the whole log nothing that a log must never show", async () => {
    const done = new Map<string, number>()
    const counted = (what: string) => void done.set(what, (done.get(what) ?? 0) + 1)
    const goesOn = () => Object.entries(STREAMED_MIN).some(([what, least]) => (done.get(what) ?? 0) < least)
    const options = { name: "stream", goesOn, counted, pauseMs: 50, large: 1 }
    const server = { url: () => deployed.url, token: deployed.key! }
    const { anomalies, counts } = await runStreamClients(server, options)
    process.stdout.write(`${JSON.stringify(Object.fromEntries(counts))}\n`)
    expect(anomalies).toEqual([])
    expect(counts.get("large")).toBe(1)
    expect(counts.get("transaction ok")).toBeGreaterThan(3)
  })

  test("looks after its tables, and those that were dropped, at the tick", async () => {
    expect(await deployed.invoke("maintain", {})).toMatchObject({ failed: false })
    expect((await deployed.call("GET /dead-letters")).json).toEqual({ count: 0 })
  })

  test("has no stream, and says that there is no journal", async () => {
    expect((await everything()).streams).toEqual([])
    const headers = { "content-type": "application/x-ndjson" }
    const answer = await deployed.call("POST /topics/contract?ack=journal", { headers, body: "1" })
    expect(answer).toMatchObject({ status: 422, json: { reason: "invalid" } })
    expect(answer.json.message).toMatch(/^query\.ack: this deployment has no journal/)
  })

  test("leaves nothing behind where it is told to", async () => {
    await deployed.destroy()
    for (const [kind, found] of Object.entries(await everything()))
      expect({ kind, found }).toEqual({ kind, found: [] })
  })
})
