import type { Ledger } from "../shared/storage/aws/ledger.ts"

// Public list prices, US East (N. Virginia), as of November 2026, without any free allowance. From each service's page of
// prices: aws.amazon.com/{s3,dynamodb,lambda,api-gateway,kinesis/data-streams,sqs,eventbridge,cloudwatch,secrets-manager}/pricing

export const PRICES_DATE = "2026-11"
export const PRICES_REGION = "us-east-1"

const MILLION = 1e6
const THOUSAND = 1e3
export const GIB = 1024 ** 3
/** As the services bill a month. */
export const HOURS_PER_MONTH = 730

/** Dollars, each for one unit. */
export const PRICES = {
  /** S3 Standard, a PUT, COPY, POST or LIST. */
  s3Put: 0.005 / THOUSAND,
  /** S3 Standard, a GET, HEAD or any other request. Deletes are free. */
  s3Get: 0.0004 / THOUSAND,
  s3GbMonth: 0.023,
  /** DynamoDB on demand, a write request unit: 1 KB. */
  dynamoWriteUnit: 0.625 / MILLION,
  /** DynamoDB on demand, a read request unit: 4 KB, consistent. */
  dynamoReadUnit: 0.125 / MILLION,
  dynamoGbMonth: 0.25,
  /** Point-in-time recovery, by the table's size. */
  dynamoRecoveryGbMonth: 0.2,
  lambdaRequest: 0.2 / MILLION,
  /** Lambda on arm64, a GB for a second, first tier. */
  lambdaGbSecond: 0.0000133334,
  /** API Gateway's HTTP API, a request of up to 512 KB. */
  httpApiRequest: 1 / MILLION,
  /** Kinesis, provisioned. */
  kinesisShardHour: 0.015,
  /** Kinesis, a piece of 25 KB of a record. */
  kinesisPayloadUnit: 0.014 / MILLION,
  /** SQS standard queue, a request of up to 64 KB. */
  sqsRequest: 0.4 / MILLION,
  /** EventBridge, an event of a rule. */
  eventBridgeEvent: 1 / MILLION,
  logsGbIngested: 0.5,
  logsGbMonth: 0.03,
  /** CloudWatch, an alarm on one metric of standard resolution. */
  alarmMonth: 0.1,
  dashboardMonth: 3,
  secretMonth: 0.4,
  secretCall: 0.05 / (10 * THOUSAND),
  /** To the internet, first tier. */
  transferOutGb: 0.09,
} as const

/** API Gateway counts a request in pieces of this size. */
export const HTTP_API_UNIT_BYTES = 512 * 1024

/** What a ledger's requests cost, dollars, by service. Invocations are the invoked function's to pay. */
export function ledgerCost(ledger: Ledger): { s3: number; dynamodb: number; kinesis: number; sqs: number } {
  const { s3, dynamodb, kinesis, sqs } = ledger
  return {
    s3: (s3.puts + s3.lists) * PRICES.s3Put + s3.gets * PRICES.s3Get,
    dynamodb: dynamodb.writeUnits * PRICES.dynamoWriteUnit + dynamodb.readUnits * PRICES.dynamoReadUnit,
    kinesis: kinesis.payloadUnits * PRICES.kinesisPayloadUnit,
    sqs: sqs.units * PRICES.sqsRequest,
  }
}

/** What an invocation costs, dollars. */
export function lambdaCost(memoryMb: number, durationMs: number): number {
  return PRICES.lambdaRequest + (memoryMb / 1024) * (durationMs / 1_000) * PRICES.lambdaGbSecond
}
