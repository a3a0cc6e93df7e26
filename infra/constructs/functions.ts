import { Duration } from "aws-cdk-lib"
import type { IStream } from "aws-cdk-lib/aws-kinesis"
import { Architecture, LayerVersion, Runtime } from "aws-cdk-lib/aws-lambda"
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations"
import type { IQueue } from "aws-cdk-lib/aws-sqs"
import { Construct } from "constructs"
import type { FunctionEnvironment, FunctionName } from "../../functions/environment.ts"
import { layerCode } from "./assets.ts"
import { allow } from "./permissions.ts"
import {
  type FunctionSettings,
  PlatformFunction,
  type PlatformFunctionOptions,
  type PlatformFunctionProps,
} from "./platform-function.ts"
import type { MillraceStorage } from "./storage.ts"

/** What may be set of each function. */
export interface FunctionsSettings {
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly api?: FunctionSettings
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly query?: FunctionSettings
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly dispatch?: FunctionSettings
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly build?: FunctionSettings
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly journal?: FunctionSettings
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly maintain?: FunctionSettings
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly deploy?: FunctionSettings
}

export interface MillraceFunctionsProps extends PlatformFunctionOptions {
  readonly storage: MillraceStorage
  readonly deadLetters: IQueue
  /** @default - no journal: the function is not made */
  readonly stream?: IStream
  /** What every function is told: app, stage and the like. */
  readonly environment: FunctionEnvironment
  /** How callers may prove who they are, as JSON; it may be settled after the functions are made. */
  readonly authentication: string
  /** @default - see `FUNCTION_DEFAULTS` */
  readonly settings?: FunctionsSettings
}

/** HTTP APIs end a request after 30 s; what answers them ends before. */
const ANSWER = Duration.seconds(29)

/** Memory (MiB) and time of each function, unless set otherwise. */
export const FUNCTION_DEFAULTS: Readonly<
  Record<FunctionName, { readonly memorySize: number; readonly timeout: Duration }>
> = {
  // It waits for S3 most of the time; more than half a core is for checking and compressing records.
  api: { memorySize: 1024, timeout: ANSWER },
  // A child process of DuckDB may take 800 MB, and its threads want a core.
  query: { memorySize: 2048, timeout: ANSWER },
  dispatch: { memorySize: 256, timeout: Duration.minutes(1) },
  // One core: writing Parquet is its work.
  build: { memorySize: 1769, timeout: Duration.minutes(15) },
  // Its memory is the job's own: `memoryMb`.
  process: { memorySize: 1024, timeout: Duration.minutes(15) },
  journal: { memorySize: 1024, timeout: Duration.minutes(5) },
  // The next tick comes after five minutes.
  maintain: { memorySize: 512, timeout: Duration.minutes(5) },
  deploy: { memorySize: 512, timeout: Duration.minutes(5) },
}

const DESCRIPTIONS: Readonly<Record<FunctionName, string>> = {
  api: "Millrace: every route but SQL",
  query: "Millrace: SQL",
  dispatch: "Millrace: coalesces new slots into wakes",
  build: "Millrace: builds segments of tables",
  process: "Millrace: runs a job",
  journal: "Millrace: takes journalled records into the log",
  maintain: "Millrace: carries through what was left half done; redrives dead letters",
  deploy: "Millrace: applies the app's definition",
}

/** Older wakes are of no use: the tick has come meanwhile, or comes soon. */
export const WAKE_AGE_MAX = Duration.minutes(1)

/** Functions whose records need native codecs. */
const WITHOUT_RECORDS: ReadonlySet<FunctionName> = new Set(["dispatch"])

/** The platform's functions, and what they may ask of each other. */
export class MillraceFunctions extends Construct {
  readonly api: PlatformFunction
  readonly query: PlatformFunction
  readonly dispatch: PlatformFunction
  readonly build: PlatformFunction
  /** Only with a journal. */
  readonly journal?: PlatformFunction
  readonly maintain: PlatformFunction
  readonly deploy: PlatformFunction
  readonly #props: MillraceFunctionsProps
  /** The layer of native packages that whatever reads records needs. */
  readonly codecs: LayerVersion
  readonly #duckdb: LayerVersion

  constructor(scope: Construct, id: string, props: MillraceFunctionsProps) {
    super(scope, id)
    this.#props = props
    this.codecs = this.#layer("codecs")
    this.#duckdb = this.#layer("duckdb")
    const { stream, deadLetters, authentication } = props
    const journalled = stream === undefined ? {} : { MILLRACE_STREAM: stream.streamName }
    const letters = { MILLRACE_DEAD_LETTERS: deadLetters.queueUrl }
    const identified = { MILLRACE_AUTHENTICATION: authentication }

    this.build = this.#function("build", {}, { recursive: true })
    const builds = { MILLRACE_BUILD_FUNCTION: this.build.functionName }
    this.dispatch = this.#function("dispatch", builds, { recursive: true })
    this.maintain = this.#function("maintain", { ...builds, ...letters, ...journalled })
    const redrives = { MILLRACE_MAINTAIN_FUNCTION: this.maintain.functionName }
    this.api = this.#function("api", { ...identified, ...redrives, ...journalled })
    this.query = this.#function("query", identified)
    this.deploy = this.#function("deploy")
    if (stream !== undefined) this.journal = this.#function("journal", { ...letters, ...journalled })
    this.#connect()
  }

  /** All of them. */
  get all(): PlatformFunction[] {
    const { api, query, dispatch, build, journal, maintain, deploy } = this
    return [api, query, dispatch, build, ...(journal === undefined ? [] : [journal]), maintain, deploy]
  }

  #layer(layer: "codecs" | "duckdb"): LayerVersion {
    const architecture = this.#props.architecture ?? Architecture.ARM_64
    const name = architecture === Architecture.X86_64 ? "x86_64" : "arm64"
    return new LayerVersion(this, layer === "codecs" ? "Codecs" : "DuckDB", {
      description: `Millrace: native packages, ${layer}, ${name}`,
      code: layerCode(this, layer, name),
      compatibleRuntimes: [Runtime.NODEJS_24_X],
      compatibleArchitectures: [architecture],
    })
  }

  #function(
    name: Exclude<FunctionName, "process">,
    environment: Partial<FunctionEnvironment> = {},
    rest: Partial<PlatformFunctionProps> = {},
  ): PlatformFunction {
    const layers = WITHOUT_RECORDS.has(name) ? [] : [this.codecs]
    if (name === "query") layers.push(this.#duckdb)
    const { settings, ...common } = this.#props
    const own = settings?.[name]
    return new PlatformFunction(this, `${name[0]!.toUpperCase()}${name.slice(1)}`, {
      ...common,
      name,
      description: DESCRIPTIONS[name],
      defaults: FUNCTION_DEFAULTS[name],
      ...(own === undefined ? {} : { settings: own }),
      environment: { ...common.environment, ...environment },
      layers,
      ...rest,
    })
  }

  #connect(): void {
    const { deadLetters, stream } = this.#props
    invokes(this.dispatch, this.build)
    invokes(this.maintain, this.build)
    invokes(this.api, this.maintain)
    // A wake that fails is put aside at once: whoever redrives it decides when.
    this.build.configureAsyncInvoke({
      retryAttempts: 0,
      maxEventAge: WAKE_AGE_MAX,
      onFailure: new SqsDestination(deadLetters),
    })
    this.maintain.configureAsyncInvoke({ retryAttempts: 0, maxEventAge: FUNCTION_DEFAULTS.maintain.timeout })
    allow(
      this.maintain.ownRole,
      ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      [deadLetters.queueArn],
    )
    if (stream === undefined || this.journal === undefined) return
    allow(this.journal.ownRole, ["sqs:SendMessage"], [deadLetters.queueArn])
    allow(this.api.ownRole, ["kinesis:PutRecords"], [stream.streamArn])
    stream.encryptionKey?.grantEncrypt(this.api.ownRole)
  }
}

/** Not `grantInvoke`, which allows every version and alias too. */
export function invokes(caller: PlatformFunction, callee: PlatformFunction): void {
  allow(caller.ownRole, ["lambda:InvokeFunction"], [callee.functionArn])
}
