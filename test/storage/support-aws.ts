import { randomUUID } from "node:crypto"
import {
  CreateTableCommand,
  DeleteTableCommand,
  DynamoDBClient,
  waitUntilTableExists,
} from "@aws-sdk/client-dynamodb"
import { CreateBucketCommand, DeleteBucketCommand, S3Client } from "@aws-sdk/client-s3"
import { EMULATOR_CREDENTIALS, EMULATOR_REGION } from "../../localstack/endpoint.ts"
import type { AwsStores, AwsStoresOptions } from "../../shared/storage/aws/aws-stores.ts"
import { awsStores } from "../../shared/storage/aws/aws-stores.ts"
import type { MetaTable } from "../../shared/storage/meta-store.ts"
import type { ObjectStore } from "../../shared/storage/object-store.ts"

/** An emulator on a loaded machine is not a region: only a hang should end a call. */
export const PATIENT = { connectMs: 20_000, metaRequestMs: 30_000, objectRequestMs: 30_000 }
const TABLE_WAIT_SECONDS = 60

/** Opens empty stores at an endpoint: a new bucket and new tables, which go with them. */
export function emulatedStores(url: string) {
  const client = { endpoint: url, region: EMULATOR_REGION, credentials: EMULATOR_CREDENTIALS }
  const s3 = new S3Client({ ...client, forcePathStyle: true })
  const dynamo = new DynamoDBClient(client)
  return async (options: Partial<AwsStoresOptions> = {}): Promise<AwsStores> => {
    const id = randomUUID()
    const bucket = `millrace-${id}`
    const tables = { log: `log-${id}`, meta: `meta-${id}` }
    await s3.send(new CreateBucketCommand({ Bucket: bucket }))
    for (const table of ["log", "meta"] as const) await createTable(dynamo, tables[table])
    const stores = awsStores({ bucket, tables, client, timeouts: PATIENT, ...options })
    return {
      ...stores,
      async close() {
        await empty(stores.objects)
        await stores.close()
        await s3.send(new DeleteBucketCommand({ Bucket: bucket }))
        for (const table of ["log", "meta"] as MetaTable[]) {
          await dynamo.send(new DeleteTableCommand({ TableName: tables[table] }))
        }
      },
    }
  }
}

async function createTable(dynamo: DynamoDBClient, TableName: string): Promise<void> {
  const made = await dynamo.send(
    new CreateTableCommand({
      TableName,
      BillingMode: "PAY_PER_REQUEST",
      AttributeDefinitions: [
        { AttributeName: "pk", AttributeType: "S" },
        { AttributeName: "sk", AttributeType: "S" },
      ],
      KeySchema: [
        { AttributeName: "pk", KeyType: "HASH" },
        { AttributeName: "sk", KeyType: "RANGE" },
      ],
    }),
  )
  if (made.TableDescription?.TableStatus === "ACTIVE") return
  await waitUntilTableExists({ client: dynamo, maxWaitTime: TABLE_WAIT_SECONDS, minDelay: 1 }, { TableName })
}

async function empty(objects: ObjectStore): Promise<void> {
  for (;;) {
    const { objects: found, next } = await objects.list("")
    await objects.deleteMany(found.map(({ key }) => key))
    if (next === undefined) return
  }
}
