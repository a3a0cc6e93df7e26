import { Duration, RemovalPolicy, Stack } from "aws-cdk-lib"
import { type Code, EventSourceMapping } from "aws-cdk-lib/aws-lambda"
import { SqsDestination } from "aws-cdk-lib/aws-lambda-destinations"
import { type ISecret, Secret } from "aws-cdk-lib/aws-secretsmanager"
import { type IQueue, Queue, QueueEncryption } from "aws-cdk-lib/aws-sqs"
import { Construct } from "constructs"
import type { FunctionEnvironment } from "../../functions/environment.ts"
import type { JobDefinition } from "../../shared/definition/job/job-definition.ts"
import { jobCodes } from "./assets.ts"
import { FUNCTION_DEFAULTS, invokes, type MillraceFunctions } from "./functions.ts"
import { allow, grantCollection, grantJobs } from "./permissions.ts"
import { type FunctionSettings, PlatformFunction, type PlatformFunctionOptions } from "./platform-function.ts"
import type { MillraceStorage } from "./storage.ts"

/** What may be set of one job's function; memory and concurrency are options of the job itself too. */
export interface JobSettings extends FunctionSettings {
  /**
   * Whether the job has an alarm of its own, at $0.10 a month, on failures of its function.
   * @default false - its failures are dead letters, of which one alarm tells for all
   */
  readonly alarm?: boolean
}

export interface MillraceJobsProps extends PlatformFunctionOptions {
  readonly definitions: readonly JobDefinition[]
  /** Path of the app file that has the jobs' code, relative to the working folder. */
  readonly entry: string
  readonly functions: MillraceFunctions
  readonly storage: MillraceStorage
  readonly deadLetters: IQueue
  /** What every function is told: app, stage and the like. */
  readonly environment: FunctionEnvironment
  /** @default - secrets are found by name */
  readonly secrets?: Readonly<Record<string, ISecret>>
  /** @default - each job's options hold */
  readonly settings?: Readonly<Record<string, JobSettings>>
}

/** Functions are told the functions of all jobs by a variable, and Lambda takes 4 KB of them: names are 170 bytes at most. */
export const JOBS_MAX = 20
/** With a limited concurrency tasks take turns, of 15 minutes at most. */
const WAKE_AGE_MAX = Duration.minutes(20)
/** A message that `dispatch` has not taken by then comes again: six times its time-out, as AWS advises. */
const TIMER_HELD = FUNCTION_DEFAULTS.dispatch.timeout.toSeconds() * 6
/** What is older the tick has found. */
const TIMERS_KEPT = Duration.days(1)
/** Tries before a message becomes a dead letter. */
const TIMER_TRIES = 5
const TIMERS_AT_ONCE = 10

/** A function for each job, with that job's code alone, and the queue of their timers. */
export class MillraceJobs extends Construct {
  /** By job. */
  readonly functions: ReadonlyMap<string, PlatformFunction>
  readonly timers: Queue
  readonly #props: MillraceJobsProps
  /** Those that were found by name. */
  readonly #secrets = new Map<string, ISecret>()

  constructor(scope: Construct, id: string, props: MillraceJobsProps) {
    super(scope, id)
    this.#props = props
    const { definitions, entry, deadLetters } = props
    this.timers = new Queue(this, "Timers", {
      encryption: QueueEncryption.SQS_MANAGED,
      enforceSSL: true,
      retentionPeriod: TIMERS_KEPT,
      visibilityTimeout: Duration.seconds(TIMER_HELD),
      deadLetterQueue: { queue: deadLetters, maxReceiveCount: TIMER_TRIES },
      // What it holds are hints.
      removalPolicy: RemovalPolicy.DESTROY,
    })
    const names = definitions.map(({ name }) => name)
    const codes = jobCodes(this, entry, names)
    this.functions = new Map(
      definitions.map(job => [job.name, this.#function(job, codes.get(job.name)!)] as const),
    )
    this.#connect()
  }

  /** What tells functions the jobs' functions. */
  get #byName(): string {
    const names = [...this.functions].map(([job, { functionName }]) => [job, functionName])
    return Stack.of(this).toJsonString(Object.fromEntries(names))
  }

  #function(job: JobDefinition, code: Code): PlatformFunction {
    const { settings, secrets: _, functions, definitions: __, entry: ___, ...common } = this.#props
    const own = settings?.[job.name]
    const reserved = job.concurrency === undefined ? {} : { reservedConcurrentExecutions: job.concurrency }
    // A scope of its own: what is made for one job never takes the id of another's.
    const made = new PlatformFunction(new Construct(this, `Job-${job.name}`), "Process", {
      ...common,
      name: "process",
      code,
      description: `Millrace: runs the job ${job.name}`,
      defaults: { memorySize: job.memoryMb, timeout: FUNCTION_DEFAULTS.process.timeout },
      settings: { ...reserved, ...own },
      environment: {
        ...common.environment,
        MILLRACE_TIMERS: this.timers.queueUrl,
        ...this.#secretIds(job),
      },
      layers: [functions.codecs],
      recursive: true,
    })
    made.configureAsyncInvoke({
      // The tick tries again, and whoever redrives the letter.
      retryAttempts: 0,
      maxEventAge: WAKE_AGE_MAX,
      onFailure: new SqsDestination(this.#props.deadLetters),
    })
    allow(made.ownRole, ["sqs:SendMessage"], [this.timers.queueArn])
    for (const name of job.secrets ?? []) {
      const secret = this.#secret(name)
      // Of one that is found by its name, the six characters that Secrets Manager adds are not known.
      const arn = secret.secretFullArn ?? `${secret.secretArn}-??????`
      allow(made.ownRole, ["secretsmanager:GetSecretValue"], [arn])
      secret.encryptionKey?.grantDecrypt(made.ownRole)
    }
    return made
  }

  /** What tells a job's function where its secrets are. */
  #secretIds({ secrets = [] }: JobDefinition): Pick<FunctionEnvironment, "MILLRACE_SECRETS"> {
    if (secrets.length === 0) return {}
    const ids = secrets.map(name => {
      const { secretFullArn, secretName } = this.#secret(name)
      return [name, secretFullArn ?? secretName]
    })
    return { MILLRACE_SECRETS: Stack.of(this).toJsonString(Object.fromEntries(ids)) }
  }

  /** As it was given, or the one that has the deployment's name and its own. */
  #secret(name: string): ISecret {
    const { secrets, environment } = this.#props
    const known = secrets?.[name] ?? this.#secrets.get(name)
    if (known !== undefined) return known
    const { MILLRACE_APP: app, MILLRACE_STAGE: stage } = environment
    const found = Secret.fromSecretNameV2(this, `Secret-${name}`, `millrace/${app}/${stage}/${name}`)
    this.#secrets.set(name, found)
    return found
  }

  #connect(): void {
    const { functions, storage } = this.#props
    const { dispatch, maintain, deploy, api } = functions
    for (const caller of [dispatch, maintain, deploy, api]) {
      caller.addEnvironment("MILLRACE_PROCESS_FUNCTIONS", this.#byName)
      for (const callee of this.functions.values()) invokes(caller, callee)
    }
    // Each of them may have to carry a job's change through: seal its tasks, and publish what they left.
    for (const { ownRole } of [maintain, deploy, api]) grantJobs(ownRole, storage)
    grantCollection(maintain.ownRole, storage)
    allow(
      dispatch.ownRole,
      ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
      [this.timers.queueArn],
    )
    const mapping = new EventSourceMapping(this, "TimerMapping", {
      target: dispatch,
      eventSourceArn: this.timers.queueArn,
      batchSize: TIMERS_AT_ONCE,
    })
    mapping.node.addDependency(dispatch.ownRole)
  }
}

/** Throws where there are too many jobs, one that reads files, or settings or secrets of none. */
export function checkJobs(
  definitions: readonly JobDefinition[],
  settings: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, unknown>> = {},
): void {
  if (definitions.length > JOBS_MAX) {
    throw new Error(`Millrace: ${definitions.length} jobs, expected at most ${JOBS_MAX} in a deployment`)
  }
  for (const { name, nodes } of definitions) {
    const file = nodes.find(({ kind }) => kind === "files")
    if (file === undefined) continue
    const step = `jobs.${name}.${file.uid ?? file.kind}: reads the file ${String(file.shape?.path)}`
    throw new Error(`Millrace: ${step}, expected topics: files are for millrace run --bounded`)
  }
  const known = new Set(definitions.map(({ name }) => name))
  const unknown = Object.keys(settings).find(name => !known.has(name))
  if (unknown !== undefined) {
    throw new Error(`Millrace: jobs: there is no job ${unknown}, expected ${[...known].join(", ") || "none"}`)
  }
  const wanted = new Set(definitions.flatMap(({ secrets: names = [] }) => names))
  const idle = Object.keys(secrets).find(name => !wanted.has(name))
  if (idle !== undefined) {
    throw new Error(
      `Millrace: secrets: no job names the secret ${idle}, expected ${[...wanted].join(", ") || "none"}`,
    )
  }
}
