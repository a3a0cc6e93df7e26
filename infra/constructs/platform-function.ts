import { type Duration, RemovalPolicy, type Size } from "aws-cdk-lib"
import type { ISecurityGroup, IVpc, SubnetSelection } from "aws-cdk-lib/aws-ec2"
import { Role, ServicePrincipal } from "aws-cdk-lib/aws-iam"
import {
  Architecture,
  type Code,
  Function as LambdaFunction,
  type FunctionProps as LambdaFunctionProps,
  type LayerVersion,
  RecursiveLoop,
  Runtime,
} from "aws-cdk-lib/aws-lambda"
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs"
import type { Construct } from "constructs"
import type { FunctionEnvironment, FunctionName } from "../../functions/environment.ts"
import { acknowledgeWildcards } from "./acknowledge.ts"
import { functionCode } from "./assets.ts"
import { allow, grantStorage } from "./permissions.ts"
import type { MillraceStorage } from "./storage.ts"

/** What may be set of one function. */
export interface FunctionSettings {
  /**
   * Memory in MiB; CPU comes in proportion, one core at 1769.
   * @default - by function: see `FUNCTION_DEFAULTS`
   */
  readonly memorySize?: number
  /**
   * How long one invocation may take.
   * @default - by function: see `FUNCTION_DEFAULTS`
   */
  readonly timeout?: Duration
  /**
   * How many invocations there may be at once; as many are kept free for this function.
   * @default - no limit but the account's
   */
  readonly reservedConcurrentExecutions?: number
  /**
   * Size of `/tmp`.
   * @default - 512 MiB
   */
  readonly ephemeralStorageSize?: Size
}

/** What all functions of a deployment have in common. */
export interface PlatformFunctionOptions {
  /** @default Architecture.ARM_64 */
  readonly architecture?: Architecture
  /**
   * How long logs are kept.
   * @default RetentionDays.ONE_MONTH
   */
  readonly logRetention?: RetentionDays
  /**
   * The network to run in. It needs ways to S3, DynamoDB, Lambda, SQS, with keys to Secrets Manager, with a journal to
   * Kinesis, with tokens to their issuer: endpoints, or a NAT.
   * @default - none: functions reach AWS directly
   */
  readonly vpc?: IVpc
  /** @default - the VPC's private subnets */
  readonly vpcSubnets?: SubnetSelection
  /** @default - one is made */
  readonly securityGroups?: ISecurityGroup[]
}

export interface PlatformFunctionProps extends PlatformFunctionOptions {
  readonly name: FunctionName
  /** @default - the function's own */
  readonly code?: Code
  readonly description: string
  /** What holds unless `settings` says otherwise. */
  readonly defaults: { readonly memorySize: number; readonly timeout: Duration }
  readonly settings?: FunctionSettings
  readonly environment: FunctionEnvironment
  readonly storage: MillraceStorage
  readonly layers?: LayerVersion[]
  /** Whether it may come round to itself through others, as wakes do. */
  readonly recursive?: boolean
}

/** Network interfaces have no names before they are made. */
const NETWORK_ACTIONS = [
  "ec2:CreateNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:DeleteNetworkInterface",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
]

/** Somebody waits for these two; reading source maps would take them a tenth more time to start. */
const IN_HASTE: ReadonlySet<FunctionName> = new Set(["api", "query"])
/** Stack traces in logs name the sources' lines. */
const WITH_SOURCES = { NODE_OPTIONS: "--enable-source-maps" }

/** One of the platform's functions: its code, a role of its own with nothing but what it needs, a log group. */
export class PlatformFunction extends LambdaFunction {
  readonly logs: LogGroup
  readonly ownRole: Role

  constructor(scope: Construct, id: string, props: PlatformFunctionProps) {
    const logs = new LogGroup(scope, `${id}Logs`, {
      retention: props.logRetention ?? RetentionDays.ONE_MONTH,
      // They expire anyway, and nothing refers to them.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const role = new Role(scope, `${id}Role`, { assumedBy: new ServicePrincipal("lambda.amazonaws.com") })
    allow(role, ["logs:CreateLogStream", "logs:PutLogEvents"], [logs.logGroupArn])
    grantStorage(role, props.name, props.storage)
    if (props.vpc !== undefined) {
      allow(role, NETWORK_ACTIONS, ["*"])
      acknowledgeWildcards(
        role,
        ["*"],
        "A function in a VPC makes network interfaces, which have no names before.",
      )
    }
    super(scope, id, lambdaProps(scope, props, logs, role))
    this.logs = logs
    this.ownRole = role
  }
}

function lambdaProps(
  scope: Construct,
  props: PlatformFunctionProps,
  logGroup: LogGroup,
  role: Role,
): LambdaFunctionProps {
  const { settings, defaults, vpc, vpcSubnets, securityGroups } = props
  return {
    description: props.description,
    runtime: Runtime.NODEJS_24_X,
    architecture: props.architecture ?? Architecture.ARM_64,
    code: props.code ?? functionCode(scope, props.name),
    handler: "index.handler",
    role,
    logGroup,
    environment: { ...props.environment, ...(!IN_HASTE.has(props.name) && WITH_SOURCES) },
    layers: props.layers ?? [],
    memorySize: settings?.memorySize ?? defaults.memorySize,
    timeout: settings?.timeout ?? defaults.timeout,
    ...(props.recursive === true && { recursiveLoop: RecursiveLoop.ALLOW }),
    ...(settings?.reservedConcurrentExecutions !== undefined && {
      reservedConcurrentExecutions: settings.reservedConcurrentExecutions,
    }),
    ...(settings?.ephemeralStorageSize !== undefined && {
      ephemeralStorageSize: settings.ephemeralStorageSize,
    }),
    ...(vpc !== undefined && { vpc }),
    ...(vpcSubnets !== undefined && { vpcSubnets }),
    ...(securityGroups !== undefined && { securityGroups }),
  }
}
