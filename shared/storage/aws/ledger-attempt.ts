import type { AttributeValue, ConsumedCapacity } from "@aws-sdk/client-dynamodb"
import { attributesBytes } from "./attribute-size.ts"
import type { Attributes } from "./attribute-values.ts"
import type { OpenLedger } from "./ledger.ts"
import { codeOf } from "./sdk-errors.ts"

/** One request that was sent, and what came of it. */
export interface Attempt {
  /** As AWS calls it: `PutObject`, `TransactWriteItems`. */
  readonly operation: string
  readonly input: object
  readonly output?: object
  readonly error?: unknown
}

/** DynamoDB's write and read units, Kinesis's payload unit and SQS's request, as bytes. */
const WRITE_UNIT_BYTES = 1024
const READ_UNIT_BYTES = 4 * 1024
const PAYLOAD_UNIT_BYTES = 25 * 1024
const QUEUE_UNIT_BYTES = 64 * 1024

const S3_LISTS = /^List/
const S3_READS = /^(?:Get|Head)/
const S3_DELETES = /^(?:Delete|Abort)/

export function countS3({ s3 }: OpenLedger, { operation, input, output }: Attempt): void {
  if (S3_LISTS.test(operation)) s3.lists++
  else if (S3_DELETES.test(operation)) s3.deletes++
  else if (S3_READS.test(operation)) s3.gets++
  else s3.puts++
  if (operation === "PutObject") s3.bytesPut += sizeOf((input as { Body?: unknown }).Body)
  if (operation === "GetObject") s3.bytesGot += (output as { ContentLength?: number })?.ContentLength ?? 0
}

interface WriteInput {
  readonly Item?: Attributes
  readonly Key?: Attributes
  readonly ConsistentRead?: boolean
  readonly TransactItems?: readonly Readonly<Record<string, WriteInput | undefined>>[]
  readonly RequestItems?: BatchItems
}

type BatchItems = Readonly<Record<string, readonly unknown[]>>

interface ReadOutput {
  readonly Item?: Attributes
  readonly Items?: readonly Attributes[]
  readonly UnprocessedItems?: BatchItems
  readonly ConsumedCapacity?: ConsumedCapacity | readonly ConsumedCapacity[]
}

const DYNAMO_NAMES = {
  GetItem: "gets",
  Query: "queries",
  PutItem: "puts",
  DeleteItem: "deletes",
  TransactWriteItems: "transactions",
  BatchWriteItem: "batches",
} as const

/** Transactions write everything twice. */
const TRANSACTION_FACTOR = 2
/** A read that need not be consistent costs half. */
const EVENTUAL_FACTOR = 0.5

export function countDynamo({ dynamodb }: OpenLedger, attempt: Attempt): void {
  const { operation, error } = attempt
  const name = DYNAMO_NAMES[operation as keyof typeof DYNAMO_NAMES]
  dynamodb[name ?? "others"]++
  const input = attempt.input as WriteInput
  const output = (attempt.output ?? {}) as ReadOutput
  const told = toldUnits(output)
  if (name === "gets" || name === "queries") {
    if (error !== undefined) return
    const items = output.Items ?? (output.Item === undefined ? [] : [output.Item])
    const bytes = items.reduce((sum, item) => sum + attributesBytes(item), 0)
    const factor = input.ConsistentRead === true ? 1 : EVENTUAL_FACTOR
    dynamodb.bytesRead += bytes
    dynamodb.readUnits += Math.max(told, units(bytes, READ_UNIT_BYTES) * factor)
    return
  }
  if (/^(?:BatchGetItem|TransactGetItems|Scan|ExecuteStatement)$/.test(operation)) {
    dynamodb.readUnits += told
    return
  }
  if (error !== undefined) {
    if (!isRefusal(error)) return
    dynamodb.refused++
  }
  if (name === "batches") {
    dynamodb.writeUnits += Math.max(
      told,
      batchWrites(input.RequestItems) - batchWrites(output.UnprocessedItems),
    )
    return
  }
  const steps = input.TransactItems?.map(step => Object.values(step)[0]) ?? [input]
  let computed = 0
  for (const step of steps) {
    const bytes = Math.max(attributesBytes(step?.Item), standingBytes(error))
    // What a deleted item's size was, only the service knows.
    computed += units(bytes, WRITE_UNIT_BYTES)
    if (error === undefined) dynamodb.bytesWritten += attributesBytes(step?.Item)
  }
  if (name === "transactions") computed *= TRANSACTION_FACTOR
  if (name === undefined) computed = 0
  dynamodb.writeUnits += Math.max(told, computed)
}

/** Writes of a batch. They are deletes, a unit each at least; what was throttled takes none. */
function batchWrites(items: BatchItems | undefined): number {
  return Object.values(items ?? {}).flat().length
}

function units(bytes: number, unitBytes: number): number {
  return Math.max(1, Math.ceil(bytes / unitBytes))
}

function toldUnits({ ConsumedCapacity: told }: ReadOutput): number {
  const all = (Array.isArray(told) ? told : [told]) as readonly (ConsumedCapacity | undefined)[]
  return all.reduce((sum, one) => sum + (one?.CapacityUnits ?? 0), 0)
}

/** Refusals take capacity; throttles and requests that are wrong take none. */
function isRefusal(error: unknown): boolean {
  return /^(?:ConditionalCheckFailed|TransactionCanceled|TransactionConflict)Exception$/.test(codeOf(error))
}

function standingBytes(error: unknown): number {
  const item = (error as { Item?: Record<string, AttributeValue> } | undefined)?.Item
  return item === undefined ? 0 : attributesBytes(item)
}

interface KinesisEntry {
  readonly Data?: Uint8Array
  readonly PartitionKey?: string
}

export function countKinesis({ kinesis }: OpenLedger, { operation, input }: Attempt): void {
  const puts = operation === "PutRecords" || operation === "PutRecord"
  if (!puts) {
    kinesis.others++
    return
  }
  kinesis.puts++
  const records = (input as { Records?: readonly KinesisEntry[] }).Records ?? [input as KinesisEntry]
  for (const { Data, PartitionKey } of records) {
    const bytes = sizeOf(Data) + sizeOf(PartitionKey)
    kinesis.records++
    kinesis.bytesPut += bytes
    kinesis.payloadUnits += units(bytes, PAYLOAD_UNIT_BYTES)
  }
}

interface QueueInput {
  readonly MessageBody?: string
  readonly Entries?: readonly { readonly MessageBody?: string }[]
}

interface QueueOutput {
  readonly Messages?: readonly { readonly Body?: string }[]
}

export function countSqs({ sqs }: OpenLedger, { input, output }: Attempt): void {
  const { MessageBody, Entries = [] } = input as QueueInput
  const received = (output as QueueOutput | undefined)?.Messages ?? []
  let bytes = sizeOf(MessageBody)
  for (const entry of Entries) bytes += sizeOf(entry.MessageBody)
  for (const message of received) bytes += sizeOf(message.Body)
  sqs.calls++
  sqs.units += units(bytes, QUEUE_UNIT_BYTES)
}

export function countLambda({ lambda }: OpenLedger, { operation, input }: Attempt): void {
  if (/^Invoke/.test(operation)) lambda.invocations++
  else lambda.others++
  lambda.bytesSent += sizeOf((input as { Payload?: unknown }).Payload)
}

/** Bytes of a body, where it is of a kind that has a size. */
function sizeOf(body: unknown): number {
  if (typeof body === "string") return Buffer.byteLength(body)
  return body instanceof Uint8Array ? body.byteLength : 0
}
