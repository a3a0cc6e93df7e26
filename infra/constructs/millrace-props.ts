import type { Duration, RemovalPolicy } from "aws-cdk-lib"
import type { ThrottleSettings } from "aws-cdk-lib/aws-apigatewayv2"
import type { ITable } from "aws-cdk-lib/aws-dynamodb"
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2"
import type { IStream } from "aws-cdk-lib/aws-kinesis"
import type { Architecture } from "aws-cdk-lib/aws-lambda"
import type { RetentionDays } from "aws-cdk-lib/aws-logs"
import type { IBucket } from "aws-cdk-lib/aws-s3"
import type { ISecret } from "aws-cdk-lib/aws-secretsmanager"
import type { ITopic } from "aws-cdk-lib/aws-sns"
import type { AppDefinition } from "../../shared/definition/app-definition.ts"
import type { Authentication } from "./authentication.ts"
import type { FunctionsSettings } from "./functions.ts"
import type { JobSettings } from "./jobs.ts"

/** What a deployment is made of. `entry` or `definition` is required. */
export interface MillraceProps {
  /**
   * Path of the app file, relative to the working folder. It is evaluated at synthesis: what is wrong with it is told
   * there.
   * @default - `definition` says what is deployed
   */
  readonly entry?: string
  /**
   * What an app file came down to, for who has evaluated it already.
   * @default - `entry` is evaluated
   */
  readonly definition?: AppDefinition
  /**
   * Path of the app file that has the code of the definition's jobs, relative to the working folder.
   * @default - `entry`; required with a `definition` that has jobs
   */
  readonly jobCode?: string
  /**
   * Memory, time, concurrency and alarms of single jobs' functions, by job. A job's own options `memoryMb` and
   * `concurrency` hold where nothing is said here; without either no concurrency is reserved.
   * @default - the jobs' options
   */
  readonly jobs?: Readonly<Record<string, JobSettings>>
  /**
   * The secrets of jobs' sinks, by the names that they have there. Only the function of a job that names one may read it.
   * @default - the secret `millrace/<app>/<stage>/<name>` of Secrets Manager
   */
  readonly secrets?: Readonly<Record<string, ISecret>>
  /**
   * Whose quantities count, of an app file with `stages`.
   * @default "dev"
   */
  readonly stage?: string
  /**
   * A bucket of yours, for this deployment alone.
   * @default - one is made: encrypted, closed to the public, TLS only
   */
  readonly bucket?: IBucket
  /**
   * A table of yours for slots: text keys `pk` and `sk`, and a stream of keys.
   * @default - one is made: on demand, with point-in-time recovery
   */
  readonly logTable?: ITable
  /**
   * A table of yours for everything else: text keys `pk` and `sk`.
   * @default - one is made: on demand, with point-in-time recovery
   */
  readonly metaTable?: ITable
  /**
   * Whether there is a journalled door (`?ack=journal`), with a stream that costs by the hour.
   * @default - only with `journalStream`
   */
  readonly journal?: boolean
  /**
   * A Kinesis stream of yours, for this deployment alone. Implies `journal`.
   * @default - one is made, when there is a journal
   */
  readonly journalStream?: IStream
  /**
   * Shards of the stream that is made.
   * @default 1
   */
  readonly journalShards?: number
  /**
   * How long the stream that is made keeps records that could not be taken into the log.
   * @default Duration.hours(24)
   */
  readonly journalRetention?: Duration
  /**
   * The network to run in. It needs ways to S3, DynamoDB, Lambda, SQS, with keys to Secrets Manager, with a journal to
   * Kinesis, with tokens to their issuer: endpoints, or a NAT.
   * @default - none: functions reach AWS directly
   */
  readonly vpc?: IVpc
  /** @default - the VPC's private subnets */
  readonly vpcSubnets?: SubnetSelection
  /** @default - one is made for each function */
  readonly securityGroups?: ISecurityGroup[]
  /**
   * What the functions run on.
   * @default Architecture.ARM_64
   */
  readonly architecture?: Architecture
  /**
   * How callers may prove who they are.
   * @default - by keys
   */
  readonly authentication?: Authentication
  /**
   * What becomes of the data when the stack goes: bucket, tables, stream, dead letters. With `DESTROY` the bucket is
   * emptied too; with `RETAIN` tables are protected from being deleted by anybody.
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE - it stays, save for what a failed deployment has just made
   */
  readonly removalPolicy?: RemovalPolicy
  /**
   * Memory, time and concurrency of single functions.
   * @default - see `FUNCTION_DEFAULTS`
   */
  readonly functions?: FunctionsSettings
  /**
   * Requests a second, and at once, before callers are told to wait (429).
   * @default - 1,000 a second, 2,000 at once
   */
  readonly throttle?: ThrottleSettings
  /**
   * How long logs are kept, those of access included.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays
  /**
   * Whether there are alarms: five, three more with a journal, one with jobs, one with a signed API; at $0.10 a month each.
   * @default true
   */
  readonly alarms?: boolean
  /**
   * Who is told of alarms.
   * @default - nobody
   */
  readonly alarmTopic?: ITopic
  /**
   * Whether there is a dashboard. An account's first three cost nothing, each further one $3 a month.
   * @default false
   */
  readonly dashboard?: boolean
  /**
   * Whether functions log every request that they make of other services, in the units of the bill.
   * @default false
   */
  readonly requestLedger?: boolean
}
