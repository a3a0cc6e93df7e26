import { createHash } from "node:crypto"
import { CfnOutput, Lazy, Stack, Tags } from "aws-cdk-lib"
import { HttpIamAuthorizer } from "aws-cdk-lib/aws-apigatewayv2-authorizers"
import type { Metric, MetricOptions } from "aws-cdk-lib/aws-cloudwatch"
import type { ITable } from "aws-cdk-lib/aws-dynamodb"
import type { Grant, IGrantable } from "aws-cdk-lib/aws-iam"
import type { IStream } from "aws-cdk-lib/aws-kinesis"
import type { IBucket } from "aws-cdk-lib/aws-s3"
import type { IQueue } from "aws-cdk-lib/aws-sqs"
import { Construct } from "constructs"
import type { AppDefinition } from "../../shared/definition/app-definition.ts"
import { DEFAULT_STAGE } from "../../shared/definition/resolve.ts"
import { digestOf } from "../../shared/definition/stored.ts"
import { evaluateEntry } from "../evaluation/evaluate-entry.ts"
import { MillraceAlarms } from "./alarms.ts"
import { authenticationConfig } from "./authentication.ts"
import { MillraceDashboard } from "./dashboard.ts"
import { DeadLetters } from "./dead-letters.ts"
import { Deployment } from "./deployment.ts"
import { FirstKey } from "./first-key.ts"
import { MillraceFunctions } from "./functions.ts"
import { MillraceGrants } from "./grants.ts"
import { MillraceApi } from "./http-api.ts"
import { checkJobs, MillraceJobs } from "./jobs.ts"
import { MillraceJournal } from "./journal.ts"
import { LogDispatch } from "./log-dispatch.ts"
import { MillraceMetrics } from "./metrics.ts"
import type { MillraceProps } from "./millrace-props.ts"
import { MillraceStorage } from "./storage.ts"
import { Tick } from "./tick.ts"

/**
 * An app on AWS: a durable log, tables over it, SQL over HTTPS.
 *
 * ```ts
 * new Millrace(stack, "Flights", { entry: "app.ts" })
 * ```
 *
 * Nothing is public: every route but `/health` wants a key, a token or a signature. Data outlives the stack unless
 * `removalPolicy` says otherwise.
 */
export class Millrace extends Construct {
  /** What is deployed. */
  readonly definition: AppDefinition
  readonly storage: MillraceStorage
  readonly functions: MillraceFunctions
  readonly deadLetters: DeadLetters
  readonly api: MillraceApi
  readonly dispatch: LogDispatch
  readonly tick: Tick
  readonly deployment: Deployment
  /** Only with a journal. */
  readonly journal?: MillraceJournal
  /** Only where the app has jobs. */
  readonly jobs?: MillraceJobs
  /** Only where keys are accepted. */
  readonly firstKey?: FirstKey
  /** Only unless `alarms` is false. */
  readonly alarms?: MillraceAlarms
  /** Only with `dashboard`. */
  readonly dashboard?: MillraceDashboard
  /** `grants.produce(grantee, …topics)` is `grantProduce`, and so on. */
  readonly grants: MillraceGrants
  /** The metrics that the methods `metric…` give, and more. */
  readonly metrics: MillraceMetrics
  readonly #props: MillraceProps
  #signedApi: MillraceApi | undefined

  constructor(scope: Construct, id: string, props: MillraceProps) {
    super(scope, id)
    this.#props = props
    checkIgnored(props)
    const { definition, digest } = definitionOf(props)
    this.definition = definition
    checkJobs(definition.jobs, props.jobs ?? {}, props.secrets)
    const { authentication = {}, removalPolicy } = props
    const removal = removalPolicy === undefined ? {} : { removalPolicy }
    this.storage = new MillraceStorage(this, "Storage", props)
    this.deadLetters = new DeadLetters(this, "DeadLetters", removal)
    if (props.journal ?? props.journalStream !== undefined) this.journal = this.#journal()
    this.functions = this.#functions()
    this.api = new MillraceApi(this, "Api", {
      ...this.#behindApi(),
      description: `Millrace: ${definition.app}, ${definition.stage}`,
    })
    this.dispatch = new LogDispatch(this, "Dispatch", {
      logTable: this.storage.logTable,
      dispatch: this.functions.dispatch,
    })
    if (this.functions.journal !== undefined) this.journal?.deliverTo(this.functions.journal)
    if (definition.jobs.length > 0) this.jobs = this.#jobs()
    this.tick = new Tick(this, "Tick", { maintain: this.functions.maintain })
    if (authentication.apiKey ?? true) this.firstKey = new FirstKey(this, "FirstKey")
    this.deployment = new Deployment(this, "Deployment", {
      definition,
      digest,
      deploy: this.functions.deploy,
      ...(this.firstKey === undefined ? {} : { firstKey: this.firstKey.secret }),
    })
    // The new definition meets the new code.
    this.deployment.node.addDependency(this.storage, this.functions)
    if (this.jobs !== undefined) this.deployment.node.addDependency(this.jobs)

    this.grants = new MillraceGrants(() => this.#signed().stage)
    this.metrics = new MillraceMetrics({
      functions: this.functions,
      api: this.api,
      deadLetters: this.deadLetters,
      app: definition.app,
      stage: definition.stage,
      ...(this.journal === undefined ? {} : { stream: this.journal.stream }),
      ...(this.jobs === undefined ? {} : { jobs: this.jobs }),
    })
    if (props.alarms ?? true) {
      const topic = props.alarmTopic === undefined ? {} : { topic: props.alarmTopic }
      this.alarms = new MillraceAlarms(this, "Alarms", { metrics: this.metrics, ...topic })
      for (const [job, { alarm }] of Object.entries(props.jobs ?? {})) {
        const metric = this.metrics.jobErrors(job)
        if (alarm === true && metric !== undefined) this.alarms.addJobErrors(job, metric)
      }
    }
    if (props.dashboard === true) {
      const alarms = this.alarms?.alarms ?? []
      this.dashboard = new MillraceDashboard(this, "Dashboard", { metrics: this.metrics, alarms })
    }
    this.#outputs()
    if (authentication.iam === true) this.#signed()
    this.node.addValidation({ validate: () => this.#faults() })
    Tags.of(this).add("millrace:app", definition.app)
    Tags.of(this).add("millrace:stage", definition.stage)
  }

  /** URL of the HTTP API, without a slash at its end. */
  get apiUrl(): string {
    return this.api.url
  }

  /** URL of the HTTP API that asks for AWS's signatures; undefined until there is one. */
  get iamApiUrl(): string | undefined {
    return this.#signedApi?.url
  }

  /** The HTTP API that asks for AWS's signatures; undefined until there is one. */
  get iamApi(): MillraceApi | undefined {
    return this.#signedApi
  }

  get bucket(): IBucket {
    return this.storage.bucket
  }

  get logTable(): ITable {
    return this.storage.logTable
  }

  get metaTable(): ITable {
    return this.storage.metaTable
  }

  get deadLetterQueue(): IQueue {
    return this.deadLetters.queue
  }

  /** Undefined without a journal. */
  get journalStream(): IStream | undefined {
    return this.journal?.stream
  }

  /** Lets somebody produce to topics, by AWS's signatures; to all of them when none is named. */
  grantProduce(grantee: IGrantable, ...topics: string[]): Grant {
    return this.grants.produce(grantee, ...topics)
  }

  /** Lets somebody consume topics, by AWS's signatures; all of them when none is named. */
  grantConsume(grantee: IGrantable, ...topics: string[]): Grant {
    return this.grants.consume(grantee, ...topics)
  }

  /** Lets somebody query every table, by AWS's signatures. */
  grantQuery(grantee: IGrantable): Grant {
    return this.grants.query(grantee)
  }

  /** Invocations of `api` that ended in an error of its own. */
  metricIngestErrors(props?: MetricOptions): Metric {
    return this.metrics.ingestErrors(props)
  }

  /** How long `api` takes, ms: p99. */
  metricIngestLatency(props?: MetricOptions): Metric {
    return this.metrics.ingestLatency(props)
  }

  /** Invocations of `query` that ended in an error of its own; wrong SQL is none. */
  metricQueryErrors(props?: MetricOptions): Metric {
    return this.metrics.queryErrors(props)
  }

  /** How long `query` takes, ms: p99. */
  metricQueryLatency(props?: MetricOptions): Metric {
    return this.metrics.queryLatency(props)
  }

  /** Dead letters that wait. */
  metricDeadLetters(props?: MetricOptions): Metric {
    return this.metrics.deadLetters(props)
  }

  /** Age of the oldest journalled record that is not in the log, ms. Throws without a journal. */
  metricJournalAge(props?: MetricOptions): Metric {
    const metric = this.metrics.journalAge(props)
    if (metric === undefined) throw new Error("metricJournalAge: there is no journal, expected journal: true")
    return metric
  }

  #journal(): MillraceJournal {
    const { journalStream, journalShards, journalRetention, removalPolicy } = this.#props
    return new MillraceJournal(this, "Journal", {
      ...(journalStream === undefined ? {} : { stream: journalStream }),
      ...(journalShards === undefined ? {} : { shards: journalShards }),
      ...(journalRetention === undefined ? {} : { retention: journalRetention }),
      ...(removalPolicy === undefined ? {} : { removalPolicy }),
    })
  }

  #functions(): MillraceFunctions {
    const settings = this.#props.functions
    return new MillraceFunctions(this, "Functions", {
      ...this.#asFunctions(),
      // An issuer may be known only at the deployment.
      authentication: Lazy.string({
        produce: () => Stack.of(this).toJsonString(this.#authentication()),
      }),
      ...(this.journal === undefined ? {} : { stream: this.journal.stream }),
      ...(settings === undefined ? {} : { settings }),
    })
  }

  #jobs(): MillraceJobs {
    const { entry, jobCode = entry, jobs, secrets } = this.#props
    if (jobCode === undefined) {
      throw new Error(
        "Millrace: the definition has jobs, expected jobCode: the path of the app file with their code",
      )
    }
    return new MillraceJobs(this, "Jobs", {
      ...this.#asFunctions(),
      functions: this.functions,
      definitions: this.definition.jobs,
      entry: jobCode,
      ...(jobs === undefined ? {} : { settings: jobs }),
      ...(secrets === undefined ? {} : { secrets }),
    })
  }

  /** What all functions have in common. */
  #asFunctions() {
    const { architecture, logRetention, vpc, vpcSubnets, securityGroups, requestLedger } = this.#props
    const { bucket, logTable, metaTable } = this.storage
    return {
      storage: this.storage,
      deadLetters: this.deadLetters.queue,
      environment: {
        MILLRACE_APP: this.definition.app,
        MILLRACE_STAGE: this.definition.stage,
        MILLRACE_BUCKET: bucket.bucketName,
        MILLRACE_LOG_TABLE: logTable.tableName,
        MILLRACE_META_TABLE: metaTable.tableName,
        ...(requestLedger === true && { MILLRACE_LEDGER: "1" }),
      },
      ...(architecture === undefined ? {} : { architecture }),
      ...(logRetention === undefined ? {} : { logRetention }),
      ...(vpc === undefined ? {} : { vpc }),
      ...(vpcSubnets === undefined ? {} : { vpcSubnets }),
      ...(securityGroups === undefined ? {} : { securityGroups }),
    }
  }

  #authentication() {
    return authenticationConfig(this.#props.authentication ?? {}, this.#signedApi !== undefined)
  }

  /** What both APIs have in common. */
  #behindApi() {
    const { throttle, logRetention } = this.#props
    return {
      api: this.functions.api,
      query: this.functions.query,
      ...(throttle === undefined ? {} : { throttle }),
      ...(logRetention === undefined ? {} : { logRetention }),
    }
  }

  /** The signed API: made when it is first asked for. */
  #signed(): MillraceApi {
    if (this.#signedApi === undefined) {
      this.#signedApi = new MillraceApi(this, "IamApi", {
        ...this.#behindApi(),
        description: `Millrace: ${this.definition.app}, ${this.definition.stage}, by AWS's signatures`,
        authorizer: new HttpIamAuthorizer(),
      })
      this.alarms?.addServerErrors("IamServerErrors", this.#signedApi.stage)
      this.#output("IamApiUrl", "Where requests with AWS's signatures go", this.#signedApi.url)
    }
    return this.#signedApi
  }

  #faults(): string[] {
    const { apiKey, iam, jwt } = this.#authentication()
    if (apiKey || iam || jwt !== undefined) return []
    return ["authentication: nobody could prove who they are, expected apiKey, iam, jwt or a grant"]
  }

  #outputs(): void {
    const { functions, storage, deadLetters, journal, jobs, firstKey } = this
    this.#output("ApiUrl", "Where requests go", this.apiUrl)
    this.#output("BucketName", "The bucket", storage.bucket.bucketName)
    this.#output("LogTableName", "The table of slots", storage.logTable.tableName)
    this.#output("MetaTableName", "The table of everything else", storage.metaTable.tableName)
    this.#output("DeadLettersUrl", "The queue of dead letters", deadLetters.queue.queueUrl)
    for (const name of ["api", "query", "build", "maintain"] as const) {
      const title = `${name[0]!.toUpperCase()}${name.slice(1)}`
      this.#output(`${title}FunctionName`, `The function ${name}`, functions[name].functionName)
    }
    if (journal !== undefined) {
      this.#output("JournalStreamName", "The journal", journal.stream.streamName)
    }
    if (jobs !== undefined) {
      const names = [...jobs.functions].map(([job, { functionName }]) => [job, functionName])
      const text = Stack.of(this).toJsonString(Object.fromEntries(names))
      this.#output("JobFunctionNames", "The functions that run jobs, by job", text)
    }
    if (firstKey !== undefined) this.#output("KeyCommand", "Prints the first key", firstKey.command)
  }

  #output(id: string, description: string, value: string): void {
    new CfnOutput(this, id, { description, value })
  }
}

function definitionOf(props: MillraceProps): { definition: AppDefinition; digest: string } {
  const { entry, definition, stage } = props
  if ((entry === undefined) === (definition === undefined)) {
    const got = entry === undefined ? "neither" : "both"
    throw new Error(`Millrace: expected entry or definition, got ${got}`)
  }
  if (entry !== undefined) return evaluateEntry(entry, stage ?? DEFAULT_STAGE)
  const given = definition!
  if (stage !== undefined && stage !== given.stage) {
    throw new Error(`Millrace: stage is "${stage}", but the definition is of the stage "${given.stage}"`)
  }
  return { definition: given, digest: digestOf(given, sha256) }
}

/** What is set and could mean nothing is refused: somebody counts on it. */
function checkIgnored(props: MillraceProps): void {
  const { journal, journalStream, alarms, alarmTopic } = props
  if (journal === false && journalStream !== undefined) {
    throw new Error("Millrace: journal is false, but a journalStream is given: expected one or the other")
  }
  for (const name of ["journalShards", "journalRetention"] as const) {
    if (props[name] === undefined || (journal === true && journalStream === undefined)) continue
    const why = journalStream === undefined ? "expected journal: true beside it" : "journalStream has its own"
    throw new Error(`Millrace: ${name} is set, but no stream is made: ${why}`)
  }
  if (alarms === false && alarmTopic !== undefined) {
    throw new Error("Millrace: alarms is false, but an alarmTopic is given: expected one or the other")
  }
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
