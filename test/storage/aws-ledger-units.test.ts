import { KinesisClient, PutRecordsCommand } from "@aws-sdk/client-kinesis"
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda"
import { GetSecretValueCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager"
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs"
import { expect, test } from "vitest"
import {
  addLedgers,
  diffLedgers,
  emptyLedger,
  ledgerToJson,
  RequestLedger,
} from "../../shared/storage/aws/ledger.ts"
import { bytes, makeItem } from "./support.ts"
import { dynamoError, only, type Service, START, stubbedStores } from "./support-aws-stub.ts"

const absent = { condition: { absent: true }, notAfter: START + 60_000 } as const

/** Stores that count, over a service that a test makes up. The date is known already. */
async function counted(service: Service) {
  const ledger = new RequestLedger()
  const bodies: string[] = []
  const stores = stubbedStores(
    (operation, request) => {
      if (request.body instanceof Uint8Array) bodies.push(new TextDecoder().decode(request.body))
      return service(operation, request)
    },
    { ledger },
  )
  await stores.meta.get("meta", { pk: "warm", sk: "warm" })
  await stores.objects.list("warm")
  const before = ledger.snapshot()
  return { ...stores, bodies, ledger, told: () => ledgerToJson(diffLedgers(ledger.snapshot(), before)) }
}

test("writes are counted by their size, and DynamoDB is asked what they take", async () => {
  const { meta, told, bodies } = await counted(() => ({}))
  const item = makeItem("p", "s", { body: bytes(2_000) })
  await meta.put("log", item, absent)
  await meta.delete("log", { pk: "p", sk: "s" })
  expect(told()).toMatchObject({ dynamodb: { puts: 1, deletes: 1, writeUnits: 3 } })
  expect(JSON.parse(bodies.at(-1)!)).toMatchObject({ ReturnConsumedCapacity: "TOTAL" })
})

test("what the service tells counts where it is more", async () => {
  const answer = { body: { ConsumedCapacity: { TableName: "log", CapacityUnits: 7 } } }
  const { meta, told } = await counted(only("PutItem", answer))
  await meta.put("log", makeItem("p", "s"))
  expect(told()).toMatchObject({ dynamodb: { puts: 1, writeUnits: 7 } })
})

test("a lost put takes what stands there; a throttled one takes nothing", async () => {
  const standing = { pk: { S: "p" }, sk: { S: "s" }, _version: { S: "v" }, b: { S: "x".repeat(3_000) } }
  const lost = await counted(
    only("PutItem", dynamoError("ConditionalCheckFailedException", { Item: standing })),
  )
  expect(await lost.meta.put("log", makeItem("p", "s"), absent)).toMatchObject({ reason: "exists" })
  expect(lost.told()).toEqual({ dynamodb: { puts: 1, refused: 1, writeUnits: 3 } })

  const slow = await counted(only("PutItem", dynamoError("ThrottlingException")))
  await slow.meta.put("log", makeItem("p", "s"), absent)
  expect(slow.told()).toEqual({ dynamodb: { puts: 1 } })
})

test("a transaction takes twice what its items come to", async () => {
  const { meta, told } = await counted(() => ({}))
  const steps = [
    { kind: "put", table: "meta", item: makeItem("p", "s", { body: bytes(1_500) }) },
    { kind: "check", table: "meta", key: { pk: "p", sk: "t" }, condition: { absent: true } },
  ] as const
  await meta.transact(steps, { notAfter: START + 60_000, token: "0".repeat(32) })
  expect(told()).toMatchObject({ dynamodb: { transactions: 1, writeUnits: 6 } })
})

test("a batch takes a unit for each delete that was not throttled", async () => {
  let throttled = 1
  const { meta, told } = await counted((operation, request) => {
    if (operation !== "BatchWriteItem" || throttled-- < 1) return {}
    const { RequestItems } = JSON.parse(new TextDecoder().decode(request.body as Uint8Array))
    return { body: { UnprocessedItems: { log: RequestItems.log.slice(0, 5) } } }
  })
  const keys = Array.from({ length: 30 }, (_, at) => ({ pk: "p", sk: `${at}` }))
  await meta.deleteMany("log", keys)
  expect(told()).toEqual({ dynamodb: { batches: 2, writeUnits: 30 } })
})

test("reads are counted in pieces of 4 KB, each repetition of the SDK's apart", async () => {
  const item = { pk: { S: "p" }, sk: { S: "s" }, _version: { S: "v" }, b: { S: "x".repeat(9_000) } }
  let failures = 1
  const { meta, told } = await counted(operation => {
    if (operation !== "Query") return {}
    return failures-- > 0 ? { status: 500, body: {} } : { body: { Items: [item, item] } }
  })
  await meta.queryPage("log", { pk: "p" })
  await meta.get("log", { pk: "p", sk: "s" })
  expect(told()).toMatchObject({ dynamodb: { queries: 2, gets: 1, readUnits: 6, bytesRead: 18_032 } })
})

test("objects are counted by class and bytes", async () => {
  const { objects, told } = await counted(() => ({}))
  await objects.put("k", [bytes(300), bytes(200)], { ifAbsent: true, notAfter: START + 60_000 })
  await objects.get("k")
  await objects.list("")
  await objects.deleteMany(["k"])
  expect(told()).toEqual({ s3: { puts: 1, gets: 1, lists: 1, deletes: 1, bytesPut: 500 } })
})

test("what is too late to be sent is not counted", async () => {
  const { meta, told } = await counted(() => ({}))
  await meta.put("log", makeItem("p", "s"), { ...absent, notAfter: START - 60_000 })
  // The question for the date is.
  expect(told()).toEqual({ dynamodb: { gets: 1, readUnits: 0.5 } })
})

test("any client is watched: payload units, requests, invocations", async () => {
  const ledger = new RequestLedger()
  const nowhere = {
    endpoint: "http://127.0.0.1:9",
    region: "us-east-1",
    credentials: { accessKeyId: "test", secretAccessKey: "test" },
    maxAttempts: 1,
  }
  const clients = {
    kinesis: new KinesisClient(nowhere),
    lambda: new LambdaClient(nowhere),
    sqs: new SQSClient(nowhere),
    secrets: new SecretsManagerClient(nowhere),
  }
  for (const client of Object.values(clients)) ledger.watch(client)
  const Records = [100, 26_000, 60_000].map(length => ({ Data: new Uint8Array(length), PartitionKey: "p" }))
  const sent = [
    clients.kinesis.send(new PutRecordsCommand({ StreamName: "s", Records })),
    clients.lambda.send(new InvokeCommand({ FunctionName: "f", Payload: "{}" })),
    clients.sqs.send(
      new SendMessageCommand({ QueueUrl: "http://127.0.0.1:9/q", MessageBody: "x".repeat(70_000) }),
    ),
    clients.secrets.send(new GetSecretValueCommand({ SecretId: "s" })),
  ]
  for (const { status } of await Promise.allSettled(sent)) expect(status).toBe("rejected")
  expect(ledger.toJSON()).toEqual({
    kinesis: { puts: 1, records: 3, payloadUnits: 6, bytesPut: 86_103 },
    lambda: { invocations: 1, bytesSent: 2 },
    sqs: { calls: 1, units: 2 },
    others: { calls: 1 },
  })
  for (const client of Object.values(clients)) client.destroy()
})

test("ledgers are added and taken from one another", () => {
  const one = emptyLedger()
  one.s3.puts = 2
  one.dynamodb.writeUnits = 3
  const two = addLedgers(one, one)
  expect(ledgerToJson(two)).toEqual({ s3: { puts: 4 }, dynamodb: { writeUnits: 6 } })
  expect(diffLedgers(two, one)).toEqual(one)
  expect(ledgerToJson(emptyLedger())).toEqual({})
})
