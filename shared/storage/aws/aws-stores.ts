import { DynamoDBClient } from "@aws-sdk/client-dynamodb"
import type { S3ClientConfig } from "@aws-sdk/client-s3"
import { S3Client } from "@aws-sdk/client-s3"
import { NodeHttpHandler } from "@smithy/node-http-handler"
import type { MetaStore, MetaTable } from "../meta-store.ts"
import type { ObjectStore } from "../object-store.ts"
import type { RequestHandler } from "./dated-handler.ts"
import { DatedHandler } from "./dated-handler.ts"
import type { RequestLedger } from "./ledger.ts"
import { DynamoMetaStore } from "./meta-store.ts"
import { S3ObjectStore } from "./object-store.ts"
import type { OwnTime } from "./store-date.ts"
import { StoreDate } from "./store-date.ts"

/** Within a region a connection takes a few milliseconds. */
const CONNECT_MS = 2_000
/** DynamoDB answers in milliseconds; what takes this long is lost, and its caller's patience is three times as long. */
const META_REQUEST_MS = 3_000
/** The largest objects, some tens of megabytes, at a small function's share of the network. */
const OBJECT_REQUEST_MS = 20_000
/** What a read is tried by the SDK before the engine hears of it. */
const READ_ATTEMPTS = 3

/** How long to wait, ms; an emulator on a loaded machine wants more than a region. */
export interface AwsTimeouts {
  readonly connectMs: number
  readonly metaRequestMs: number
  readonly objectRequestMs: number
}

export interface AwsStoresOptions {
  readonly bucket: string
  /** The tables' names. Each has the keys `pk` (partition) and `sk` (sort), both text. */
  readonly tables: Readonly<Record<MetaTable, string>>
  /** Default: as the SDK finds them, in the environment or the machine's role. */
  readonly client?: Pick<S3ClientConfig, "region" | "endpoint" | "credentials">
  /** The bucket in the URL's path, not in its host name: emulators want it. Default: where an endpoint is given. */
  readonly pathStyle?: boolean
  readonly timeouts?: Partial<AwsTimeouts>
  /** This process's clocks. Default: Node's. */
  readonly clock?: OwnTime
  /** Counts every request. Default: none is, and DynamoDB is not asked what a request takes. */
  readonly ledger?: RequestLedger
  /** Wraps what carries signed requests, one for each service: to disturb them. */
  readonly carry?: (service: "s3" | "dynamodb", carrier: RequestHandler) => RequestHandler
}

export interface AwsStores {
  readonly objects: ObjectStore
  readonly meta: MetaStore
  /** Closes the connections. */
  close(): Promise<void>
}

/**
 * The ports on S3 and DynamoDB. Bucket and tables must be there; nothing is sent before the first call. The role needs
 * `s3:ListBucket` too: without it S3 does not tell an object that is absent from one that is forbidden.
 */
export function awsStores(options: AwsStoresOptions): AwsStores {
  const { client, timeouts } = options
  const clock = options.clock ?? { now: () => Date.now(), elapsed: () => performance.now() }
  const objectMs = timeouts?.objectRequestMs ?? OBJECT_REQUEST_MS
  const carry = options.carry ?? ((_service, carrier) => carrier)
  const connectMs = timeouts?.connectMs ?? CONNECT_MS

  const objectDate = new StoreDate(clock)
  const s3 = {
    ...client,
    requestHandler: new DatedHandler(carry("s3", nodeHandler(connectMs, objectMs)), objectDate),
    forcePathStyle: options.pathStyle ?? client?.endpoint !== undefined,
    // A round trip before each large body, on a connection of its own.
    expectContinueHeader: false,
    // What is read came through TLS, and S3 has checked it against what was put.
    responseChecksumValidation: "WHEN_REQUIRED",
  } as const
  const s3Clients = {
    reads: new S3Client({ ...s3, maxAttempts: READ_ATTEMPTS }),
    writes: new S3Client({ ...s3, maxAttempts: 1 }),
  }

  const metaDate = new StoreDate(clock)
  const metaMs = timeouts?.metaRequestMs ?? META_REQUEST_MS
  const dynamo = {
    ...client,
    requestHandler: new DatedHandler(carry("dynamodb", nodeHandler(connectMs, metaMs)), metaDate),
  }
  const dynamoClients = {
    reads: new DynamoDBClient({ ...dynamo, maxAttempts: READ_ATTEMPTS }),
    writes: new DynamoDBClient({ ...dynamo, maxAttempts: 1 }),
  }

  const { ledger } = options
  if (ledger !== undefined) {
    for (const client of [...Object.values(s3Clients), ...Object.values(dynamoClients)]) ledger.watch(client)
  }

  return {
    objects: new S3ObjectStore(s3Clients, options.bucket, objectMs, objectDate),
    meta: new DynamoMetaStore(dynamoClients, options.tables, metaDate),
    async close() {
      s3.requestHandler.destroy()
      dynamo.requestHandler.destroy()
    },
  }
}

/** Without `throwOnRequestTimeout` the SDK only logs that a request took too long. */
function nodeHandler(connectionTimeout: number, requestTimeout: number): NodeHttpHandler {
  return new NodeHttpHandler({ connectionTimeout, requestTimeout, throwOnRequestTimeout: true })
}
