import { randomUUID } from "node:crypto"
import { CreateTableCommand, DynamoDBClient } from "@aws-sdk/client-dynamodb"
import { CreateBucketCommand, S3Client } from "@aws-sdk/client-s3"
import { EMULATOR_CREDENTIALS, EMULATOR_REGION, type Endpoint, openEndpoint } from "../localstack/endpoint.ts"
import { type AwsStores, awsStores } from "../shared/storage/aws/aws-stores.ts"
import type { RequestLedger } from "../shared/storage/aws/ledger.ts"
import { localClock } from "../shared/storage/local/clock.ts"
import { localRandom } from "../shared/storage/local/random.ts"
import { localWake } from "../shared/storage/local/wake.ts"
import type { MetaTable } from "../shared/storage/meta-store.ts"
import type { Ports } from "../shared/storage/time.ts"

/** An emulator on a loaded machine is not a region: only a hang should end a call. */
const PATIENT = { connectMs: 20_000, metaRequestMs: 30_000, objectRequestMs: 30_000 }

/** A bucket and two tables of an emulator, as another process can open them too. */
export interface EmulatedAddress {
  readonly url: string
  readonly bucket: string
  readonly tables: Readonly<Record<MetaTable, string>>
}

/** Starts an emulator; ends this process in words where there is none. */
export async function openEmulator(): Promise<Endpoint> {
  const endpoint = await openEndpoint()
  if (!("skipped" in endpoint)) return endpoint
  process.stderr.write(`no emulator: ${endpoint.skipped}\n`)
  process.exit(1)
}

/** Makes an empty bucket and empty tables. */
export async function createStores(url: string): Promise<EmulatedAddress> {
  const client = { endpoint: url, region: EMULATOR_REGION, credentials: EMULATOR_CREDENTIALS }
  const s3 = new S3Client({ ...client, forcePathStyle: true })
  const dynamo = new DynamoDBClient(client)
  const id = randomUUID()
  const address = { url, bucket: `bench-${id}`, tables: { log: `log-${id}`, meta: `meta-${id}` } }
  await s3.send(new CreateBucketCommand({ Bucket: address.bucket }))
  for (const TableName of Object.values(address.tables)) {
    await dynamo.send(
      new CreateTableCommand({
        TableName,
        BillingMode: "PAY_PER_REQUEST",
        AttributeDefinitions: ["pk", "sk"].map(AttributeName => ({ AttributeName, AttributeType: "S" })),
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
      }),
    )
  }
  s3.destroy()
  dynamo.destroy()
  return address
}

/** One environment's ports over emulated stores. */
export function emulatedPorts(
  address: EmulatedAddress,
  ledger?: RequestLedger,
): Ports & Pick<AwsStores, "close"> {
  const { url, bucket, tables } = address
  const client = { endpoint: url, region: EMULATOR_REGION, credentials: EMULATOR_CREDENTIALS }
  const stores = awsStores({ bucket, tables, client, timeouts: PATIENT, ledger })
  return {
    objects: stores.objects,
    meta: stores.meta,
    clock: localClock(),
    random: localRandom(),
    wake: localWake(),
    close: () => stores.close(),
  }
}
