import { Duration, RemovalPolicy, Size, Stack } from "aws-cdk-lib"
import { Match, type Template } from "aws-cdk-lib/assertions"
import { AttributeType, StreamViewType, Table } from "aws-cdk-lib/aws-dynamodb"
import { Vpc } from "aws-cdk-lib/aws-ec2"
import { User } from "aws-cdk-lib/aws-iam"
import { Stream } from "aws-cdk-lib/aws-kinesis"
import { Architecture } from "aws-cdk-lib/aws-lambda"
import { RetentionDays } from "aws-cdk-lib/aws-logs"
import { Bucket } from "aws-cdk-lib/aws-s3"
import { Topic } from "aws-cdk-lib/aws-sns"
import { describe, expect, test } from "vitest"
import { FUNCTION_DEFAULTS, Millrace, MillraceStorage } from "../../infra/index.ts"
import { routes } from "../../shared/api/routes.ts"
import { allowed, definition, flat, newStack, resourcesOf, statementsByRole, synthesize } from "./support.ts"

const plain = synthesize()
const full = synthesize({
  journal: true,
  journalShards: 3,
  journalRetention: Duration.days(7),
  removalPolicy: RemovalPolicy.DESTROY,
  architecture: Architecture.X86_64,
  dashboard: true,
  requestLedger: true,
  logRetention: RetentionDays.ONE_WEEK,
  throttle: { rateLimit: 50, burstLimit: 60 },
  authentication: { iam: true, jwt: { issuer: "https://id.example", audience: ["air"] } },
  functions: {
    query: { memorySize: 3008, ephemeralStorageSize: Size.gibibytes(2), reservedConcurrentExecutions: 7 },
    build: { timeout: Duration.minutes(1) },
  },
})

const functionsOf = (template: Template) =>
  Object.fromEntries(
    Object.entries(resourcesOf(template, "AWS::Lambda::Function"))
      .filter(([id]) => id.startsWith("Functions"))
      .map(([id, { Properties }]) => [id.replace(/^Functions(.*)[0-9A-F]{8}$/, "$1"), Properties]),
  )
const environmentOf = (template: Template, name: string) =>
  (functionsOf(template)[name]!.Environment as { Variables: Record<string, unknown> }).Variables
const count = (template: Template, type: string) => Object.keys(resourcesOf(template, type)).length

describe("storage", () => {
  test("tables are on demand, can be restored to any second, and only the log's has a stream", () => {
    const tables = Object.entries(resourcesOf(plain.template, "AWS::DynamoDB::Table"))
    expect(tables).toHaveLength(2)
    for (const [id, { Properties }] of tables) {
      expect(Properties).toMatchObject({
        BillingMode: "PAY_PER_REQUEST",
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        KeySchema: [
          { AttributeName: "pk", KeyType: "HASH" },
          { AttributeName: "sk", KeyType: "RANGE" },
        ],
      })
      const stream = id.includes("LogTable") ? { StreamViewType: "KEYS_ONLY" } : undefined
      expect(Properties.StreamSpecification).toEqual(stream)
      expect(Properties.LocalSecondaryIndexes).toBeUndefined()
    }
  })

  test("the bucket is encrypted, closed, TLS only; what the engine names does not expire", () => {
    plain.template.hasResource("AWS::S3::Bucket", {
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: "AES256" } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
        LifecycleConfiguration: {
          Rules: [
            {
              Id: "upload-parts",
              AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
              Status: "Enabled",
            },
            { Id: "dead-records", Prefix: "dead/", ExpirationInDays: 90, Status: "Enabled" },
          ],
        },
      },
    })
    plain.template.hasResourceProperties("AWS::S3::BucketPolicy", {
      PolicyDocument: {
        Statement: Match.arrayWith([
          Match.objectLike({ Effect: "Deny", Condition: { Bool: { "aws:SecureTransport": "false" } } }),
        ]),
      },
    })
  })

  const KEEPING = ["AWS::DynamoDB::Table", "AWS::S3::Bucket", "AWS::Kinesis::Stream", "AWS::SQS::Queue"]

  test("data outlives the stack, but not a first deployment that fails: nothing is protected then", () => {
    const { template } = synthesize({ journal: true })
    for (const type of KEEPING) {
      const resources = Object.values(resourcesOf(template, type))
      expect(resources.length).toBeGreaterThan(0)
      for (const resource of resources) {
        expect([type, resource.DeletionPolicy]).toEqual([type, "RetainExceptOnCreate"])
        expect(resource.UpdateReplacePolicy).toBe("Retain")
        expect(resource.Properties.DeletionProtectionEnabled ?? false).toBe(false)
      }
    }
  })

  test("with RETAIN tables are protected, and all stays whatever happens", () => {
    const { template } = synthesize({ journal: true, removalPolicy: RemovalPolicy.RETAIN })
    for (const type of KEEPING) {
      for (const resource of Object.values(resourcesOf(template, type))) {
        expect([type, resource.DeletionPolicy]).toEqual([type, "Retain"])
        const isTable = type === "AWS::DynamoDB::Table"
        expect(resource.Properties.DeletionProtectionEnabled ?? false).toBe(isTable)
      }
    }
  })

  test("with DESTROY nothing is left, and the bucket is emptied", () => {
    for (const type of KEEPING) {
      for (const resource of Object.values(resourcesOf(full.template, type))) {
        expect([type, resource.DeletionPolicy]).toEqual([type, "Delete"])
        expect(resource.Properties.DeletionProtectionEnabled ?? false).toBe(false)
      }
    }
    full.template.resourceCountIs("Custom::S3AutoDeleteObjects", 1)
    plain.template.resourceCountIs("Custom::S3AutoDeleteObjects", 0)
  })

  test("bring your own: nothing is made in its place, and rights are to yours", () => {
    const { template } = synthesize(stack => {
      const keys = {
        partitionKey: { name: "pk", type: AttributeType.STRING },
        sortKey: { name: "sk", type: AttributeType.STRING },
      }
      return {
        bucket: Bucket.fromBucketName(stack, "Mine", "mine"),
        logTable: new Table(stack, "MyLog", { ...keys, stream: StreamViewType.KEYS_ONLY }),
        metaTable: Table.fromTableName(stack, "MyMeta", "my-meta"),
        journalStream: Stream.fromStreamArn(stack, "MyStream", "arn:aws:kinesis:us-east-1:1:stream/mine"),
      }
    })
    expect(count(template, "AWS::S3::Bucket")).toBe(0)
    expect(count(template, "AWS::DynamoDB::Table")).toBe(1)
    expect(count(template, "AWS::Kinesis::Stream")).toBe(0)
    expect(environmentOf(template, "Api")).toMatchObject({
      MILLRACE_BUCKET: "mine",
      MILLRACE_META_TABLE: "my-meta",
      MILLRACE_STREAM: "mine",
    })
    const rights = allowed(statementsByRole(template).get("FunctionsApiRole") ?? [])
    expect(rights).toContain("kinesis:PutRecords arn:aws:kinesis:us-east-1:1:stream/mine")
    expect(rights).toContain("s3:PutObject arn:<AWS::Partition>:s3:::mine/wal/*")
  })

  test("a log table without a stream is refused, and what it lacks is said", () => {
    const stack = newStack()
    const logTable = Table.fromTableName(stack, "Mine", "mine")
    expect(() => new MillraceStorage(stack, "Storage", { logTable })).toThrow(
      /^logTable has no stream, expected/,
    )
    expect(() => new MillraceStorage(stack, "Other")).not.toThrow()
  })
})

describe("functions", () => {
  test("run on Node 24, arm64 unless told otherwise, each with logs that expire", () => {
    const names = ["Api", "Build", "Deploy", "Dispatch", "Maintain", "Query"]
    expect(Object.keys(functionsOf(plain.template)).sort()).toEqual(names)
    expect(Object.keys(functionsOf(full.template)).sort()).toEqual([...names, "Journal"].sort())
    for (const [{ template }, architecture] of [[plain, "arm64"] as const, [full, "x86_64"] as const]) {
      for (const properties of Object.values(functionsOf(template))) {
        expect(properties).toMatchObject({
          Runtime: "nodejs24.x",
          Handler: "index.handler",
          Architectures: [architecture],
          LoggingConfig: { LogGroup: { Ref: expect.stringContaining("Logs") } },
        })
        expect(properties.FunctionName).toBeUndefined()
      }
    }
    const days = (template: Template) =>
      new Set(
        Object.values(resourcesOf(template, "AWS::Logs::LogGroup")).map(it => it.Properties.RetentionInDays),
      )
    expect(days(plain.template)).toEqual(new Set([30]))
    expect(days(full.template)).toEqual(new Set([7]))
  })

  test("DuckDB goes with query alone, codecs with all that read records", () => {
    const layers = Object.entries(functionsOf(plain.template)).map(
      ([name, { Layers }]) => `${name} ${((Layers as unknown[]) ?? []).map(flat).join(" ")}`,
    )
    expect(layers.sort()).toEqual([
      "Api <FunctionsCodecs>",
      "Build <FunctionsCodecs>",
      "Deploy <FunctionsCodecs>",
      "Dispatch ",
      "Maintain <FunctionsCodecs>",
      "Query <FunctionsCodecs> <FunctionsDuckDB>",
    ])
  })

  test("are told what they need, and no more", () => {
    const names = (name: string, { template } = full) =>
      Object.keys(environmentOf(template, name))
        .filter(it => it.startsWith("MILLRACE_"))
        .sort()
    const common = ["APP", "BUCKET", "LEDGER", "LOG_TABLE", "META_TABLE", "STAGE"]
    const expected = {
      Api: ["AUTHENTICATION", "MAINTAIN_FUNCTION", "STREAM"],
      Query: ["AUTHENTICATION"],
      Dispatch: ["BUILD_FUNCTION"],
      Build: [],
      Journal: ["DEAD_LETTERS", "STREAM"],
      Maintain: ["BUILD_FUNCTION", "DEAD_LETTERS", "STREAM"],
      Deploy: [],
    }
    for (const [name, own] of Object.entries(expected)) {
      expect([name, ...names(name)]).toEqual([
        name,
        ...[...common, ...own].sort().map(it => `MILLRACE_${it}`),
      ])
    }
    expect(names("Api", plain)).not.toContain("MILLRACE_LEDGER")
    expect(names("Api", plain)).not.toContain("MILLRACE_STREAM")
  })

  test("have their settings, and reserve no concurrency by default", () => {
    for (const [name, properties] of Object.entries(functionsOf(plain.template))) {
      const defaults = FUNCTION_DEFAULTS[name.toLowerCase() as keyof typeof FUNCTION_DEFAULTS]
      expect([properties.MemorySize, properties.Timeout]).toEqual([
        defaults.memorySize,
        defaults.timeout.toSeconds(),
      ])
      expect(properties.ReservedConcurrentExecutions).toBeUndefined()
    }
    const { Query, Build } = functionsOf(full.template)
    expect(Query).toMatchObject({
      MemorySize: 3008,
      EphemeralStorage: { Size: 2048 },
      ReservedConcurrentExecutions: 7,
      Timeout: 29,
    })
    expect(Build).toMatchObject({ MemorySize: 1769, Timeout: 60 })
  })

  test("may come round to themselves where wakes do", () => {
    const allowing = Object.entries(functionsOf(plain.template)).filter(
      ([, it]) => it.RecursiveLoop === "Allow",
    )
    expect(allowing.map(([name]) => name).sort()).toEqual(["Build", "Dispatch"])
  })

  test("run in a VPC where one is given", () => {
    const { template } = synthesize(stack => ({
      vpc: Vpc.fromVpcAttributes(stack, "Vpc", {
        vpcId: "vpc-12345678",
        availabilityZones: ["us-east-1a"],
        privateSubnetIds: ["subnet-12345678"],
      }),
    }))
    for (const properties of Object.values(functionsOf(template))) {
      expect(properties.VpcConfig).toMatchObject({ SubnetIds: ["subnet-12345678"] })
    }
    const rights = allowed(statementsByRole(template).get("FunctionsApiRole") ?? [])
    expect(rights).toContain("ec2:CreateNetworkInterface *")
  })
})

describe("wakes", () => {
  test("only insertions of slots reach dispatch, for a minute, and no failure is tried again", () => {
    plain.template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      FunctionName: { Ref: Match.stringLikeRegexp("^FunctionsDispatch") },
      EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^StorageLogTable"), "StreamArn"] },
      MaximumRecordAgeInSeconds: 60,
      MaximumRetryAttempts: 0,
      MaximumBatchingWindowInSeconds: 1,
      FilterCriteria: {
        Filters: [
          {
            Pattern: JSON.stringify({
              eventName: ["INSERT"],
              dynamodb: { Keys: { sk: { S: [{ prefix: "s#" }] } } },
            }),
          },
        ],
      },
    })
  })

  test("a build that fails is a dead letter at once", () => {
    plain.template.hasResourceProperties("AWS::Lambda::EventInvokeConfig", {
      FunctionName: { Ref: Match.stringLikeRegexp("^FunctionsBuild") },
      MaximumRetryAttempts: 0,
      MaximumEventAgeInSeconds: 60,
      DestinationConfig: {
        OnFailure: { Destination: { "Fn::GetAtt": [Match.stringLikeRegexp("^DeadLettersQueue"), "Arn"] } },
      },
    })
    plain.template.hasResourceProperties("AWS::SQS::Queue", {
      MessageRetentionPeriod: 14 * 24 * 3600,
      SqsManagedSseEnabled: true,
    })
  })

  test("the tick comes every five minutes", () => {
    plain.template.hasResourceProperties("AWS::Events::Rule", { ScheduleExpression: "rate(5 minutes)" })
  })
})

describe("the journal", () => {
  test("is not there unless asked for", () => {
    expect(count(plain.template, "AWS::Kinesis::Stream")).toBe(0)
    expect(count(plain.template, "AWS::Lambda::EventSourceMapping")).toBe(1)
    expect(plain.millrace.journalStream).toBeUndefined()
    expect(() => plain.millrace.metricJournalAge()).toThrow(/expected journal: true$/)
    expect(plain.millrace.metricDeadLetters().metricName).toBe("ApproximateNumberOfMessagesVisible")
  })

  test("is encrypted; each shard is delivered in order, for ever, whole", () => {
    full.template.hasResourceProperties("AWS::Kinesis::Stream", {
      ShardCount: 3,
      RetentionPeriodHours: 168,
      StreamEncryption: { EncryptionType: "KMS", KeyId: "alias/aws/kinesis" },
    })
    full.template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
      FunctionName: { Ref: Match.stringLikeRegexp("^FunctionsJournal") },
      ParallelizationFactor: 1,
      BisectBatchOnFunctionError: false,
      StartingPosition: "TRIM_HORIZON",
      // Absent: no end.
      MaximumRetryAttempts: Match.absent(),
      MaximumRecordAgeInSeconds: Match.absent(),
    })
  })
})

describe("the HTTP APIs", () => {
  test("SQL goes to query, all else to api, throttled and logged without headers", () => {
    const keys = Object.values(resourcesOf(plain.template, "AWS::ApiGatewayV2::Route")).map(
      it => `${it.Properties.RouteKey} ${it.Properties.AuthorizationType}`,
    )
    expect(keys.sort()).toEqual([
      "$default NONE",
      "ANY /query NONE",
      "ANY /query/sql NONE",
      "ANY /responseStore/{proxy+} NONE",
    ])
    for (const { Properties } of Object.values(
      resourcesOf(plain.template, "AWS::ApiGatewayV2::Integration"),
    )) {
      expect(Properties.PayloadFormatVersion).toBe("2.0")
    }
    plain.template.hasResourceProperties("AWS::ApiGatewayV2::Stage", {
      StageName: "$default",
      AutoDeploy: true,
      DefaultRouteSettings: { ThrottlingRateLimit: 1000, ThrottlingBurstLimit: 2000 },
      AccessLogSettings: { Format: Match.not(Match.stringLikeRegexp("[aA]uthorization|header")) },
    })
    full.template.allResourcesProperties("AWS::ApiGatewayV2::Stage", {
      DefaultRouteSettings: { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 60 },
    })
  })

  test("the second one is made for signatures", () => {
    const types = Object.values(resourcesOf(full.template, "AWS::ApiGatewayV2::Route")).map(
      it => `${it.Properties.RouteKey} ${it.Properties.AuthorizationType}`,
    )
    expect(types.sort()).toEqual([
      "$default AWS_IAM",
      "$default NONE",
      "ANY /query AWS_IAM",
      "ANY /query NONE",
      "ANY /query/sql AWS_IAM",
      "ANY /query/sql NONE",
      "ANY /responseStore/{proxy+} AWS_IAM",
      "ANY /responseStore/{proxy+} NONE",
    ])
    expect(full.millrace.iamApiUrl).toBeDefined()
    expect(plain.millrace.iamApiUrl).toBeUndefined()
  })

  test("functions know how callers may prove who they are", () => {
    const told = (template: Template) =>
      JSON.parse(String(environmentOf(template, "Query").MILLRACE_AUTHENTICATION))
    expect(told(plain.template)).toEqual({ apiKey: true, iam: false })
    expect(told(full.template)).toEqual({
      apiKey: true,
      iam: true,
      jwt: { issuer: "https://id.example", audience: ["air"], scopesClaim: "scope" },
    })
  })

  test("an issuer may be known only at the deployment", () => {
    const { template } = synthesize(stack => ({
      authentication: { jwt: { issuer: `https://id.${stack.region}.example`, audience: [stack.account] } },
    }))
    const told = flat(environmentOf(template, "Api").MILLRACE_AUTHENTICATION)
    expect(JSON.parse(told).jwt).toEqual({
      issuer: "https://id.<AWS::Region>.example",
      audience: ["<AWS::AccountId>"],
      scopesClaim: "scope",
    })
  })

  test("nobody could get in: refused at synthesis, unless a grant lets somebody in", () => {
    const authentication = { apiKey: false }
    expect(() => synthesize({ authentication })).toThrow(
      /authentication: nobody could prove who they are, expected/,
    )
    const { template } = synthesize({ authentication }, (millrace, stack) =>
      millrace.grantQuery(new User(stack, "User")),
    )
    expect(count(template, "AWS::SecretsManager::Secret")).toBe(0)
    template.hasResourceProperties("Custom::MillraceDefinition", { FirstKeySecret: Match.absent() })
  })
})

describe("grants", () => {
  const base = "arn:<AWS::Partition>:execute-api:<AWS::Region>:<AWS::AccountId>:<IamApiHttpApi>/$default"

  test("allow routes of the signed API, topic by topic", () => {
    const { template } = synthesize({}, (millrace, stack) => {
      millrace.grantProduce(new User(stack, "Producer"), "flights", "delays")
      millrace.grants.consume(new User(stack, "Consumer"), "flights")
      millrace.grantQuery(new User(stack, "Analyst"))
      millrace.grants.produce(new User(stack, "Anything"))
    })
    expect(count(template, "AWS::ApiGatewayV2::Api")).toBe(2)
    const policies = Object.entries(resourcesOf(template, "AWS::IAM::Policy")).map(([id, { Properties }]) => {
      const { Statement } = Properties.PolicyDocument as { Statement: Parameters<typeof allowed>[0] }
      return [id.replace(/DefaultPolicy.*/, ""), allowed(Statement).map(it => it.replace(base, ""))] as const
    })
    const invoke = (paths: string[]) => paths.map(path => `execute-api:Invoke /${path}`).sort()
    const found = Object.fromEntries(policies)
    expect(found.Producer).toEqual(
      invoke([
        "POST/producers",
        "POST/topics/flights",
        "POST/topics/delays",
        "POST/topics/flights/partitions/*",
        "POST/topics/delays/partitions/*",
      ]),
    )
    expect(found.Consumer).toEqual(
      invoke([
        "GET/topics/flights",
        "GET/topics/flights/partitions/*/records",
        "GET/topics/flights/partitions/*/offsets",
      ]),
    )
    expect(found.Analyst).toEqual(
      invoke([
        "GET/query/sql",
        "POST/query/sql",
        "GET/query",
        "POST/query",
        "GET/responseStore/*",
        "DELETE/responseStore/*",
        "GET/tables",
        "GET/tables/*",
      ]),
    )
    // What names its topics in the body is for those alone who may use them all.
    expect(found.Anything).toEqual(
      invoke([
        "POST/producers",
        "POST/topics/*",
        "POST/topics/*/partitions/*",
        "POST/produce",
        "POST/transactions/*",
        "POST/transactions/*/commit",
        "POST/transactions/*/abort",
      ]),
    )
  })

  test("are of routes that exist", () => {
    const stack = newStack()
    const millrace = new Millrace(stack, "Default", { definition })
    const grants = [
      millrace.grantProduce(new User(stack, "A"), "T"),
      millrace.grantConsume(new User(stack, "B"), "T"),
      millrace.grantQuery(new User(stack, "C")),
      millrace.grantProduce(new User(stack, "D")),
      millrace.grantConsume(new User(stack, "E")),
    ]
    const granted = grants.flatMap(grant =>
      grant.principalStatements.flatMap(it => it.resources).map(it => flat(Stack.of(millrace).resolve(it))),
    )
    const known = routes.map(({ method, path }) => `${method}${path}`.replaceAll(/:[a-z]+/gi, "*"))
    const missing = granted
      .map(it => it.replace(`${base}/`, "").replace("/topics/T", "/topics/*"))
      .filter(it => !known.includes(it))
    // One wildcard stands for all of a table's routes.
    expect(missing).toEqual([])
  })
})

describe("the definition", () => {
  test("is an asset that deploy alone may read; its digest makes CloudFormation call again", () => {
    plain.template.hasResourceProperties("Custom::MillraceDefinition", {
      DefinitionKey: Match.stringLikeRegexp("^[0-9a-f]{64}\\.json$"),
      DefinitionDigest: Match.stringLikeRegexp("^[0-9a-f]{64}$"),
      FirstKeySecret: { Ref: Match.stringLikeRegexp("^FirstKey") },
      ServiceTimeout: "360",
    })
    const resourceOf = ({ template }: { template: Template }) =>
      Object.values(resourcesOf(template, "Custom::MillraceDefinition"))[0]?.Properties
    const [topic] = definition.topics
    const more = synthesize({ definition: { ...definition, topics: [{ ...topic!, partitions: 4 }] } })
    expect(resourceOf(more)?.DefinitionDigest).not.toBe(resourceOf(plain)?.DefinitionDigest)
    expect(resourceOf(more)?.DefinitionKey).not.toBe(resourceOf(plain)?.DefinitionKey)
    expect(resourceOf(synthesize())).toEqual(resourceOf(plain))
  })

  test("is waited for longer than deploy may take", () => {
    const { template } = synthesize({ functions: { deploy: { timeout: Duration.minutes(15) } } })
    template.hasResourceProperties("Custom::MillraceDefinition", { ServiceTimeout: "960" })
  })

  test("is required, once, and of the stage that is meant", () => {
    const make = (props: object) => () => new Millrace(newStack(), "Default", props)
    expect(make({})).toThrow("Millrace: expected entry or definition, got neither")
    expect(make({ entry: "app.ts", definition })).toThrow("Millrace: expected entry or definition, got both")
    expect(make({ definition, stage: "prod" })).toThrow(
      `Millrace: stage is "prod", but the definition is of the stage "dev"`,
    )
    expect(make({ definition, stage: "dev" })).not.toThrow()
  })
})

test("what is set and could mean nothing is refused", () => {
  const make = (props: object) => () => new Millrace(newStack(), "Default", { definition, ...props })
  const journalStream = new Stream(newStack("Theirs"), "Stream")
  expect(make({ journal: false, journalStream })).toThrow(
    "Millrace: journal is false, but a journalStream is given: expected one or the other",
  )
  expect(make({ journalShards: 2 })).toThrow(
    "Millrace: journalShards is set, but no stream is made: expected journal: true beside it",
  )
  expect(make({ journal: true, journalStream, journalRetention: Duration.days(2) })).toThrow(
    "Millrace: journalRetention is set, but no stream is made: journalStream has its own",
  )
  expect(make({ alarms: false, alarmTopic: new Topic(newStack("Told"), "Topic") })).toThrow(
    "Millrace: alarms is false, but an alarmTopic is given: expected one or the other",
  )
  expect(make({ journal: true, journalShards: 2, alarms: false })).not.toThrow()
})

describe("alarms", () => {
  test("are five, three more with a journal, one with a signed API, each on one metric that costs nothing", () => {
    expect(count(plain.template, "AWS::CloudWatch::Alarm")).toBe(5)
    expect(count(full.template, "AWS::CloudWatch::Alarm")).toBe(9)
    for (const { Properties } of Object.values(resourcesOf(full.template, "AWS::CloudWatch::Alarm"))) {
      expect(Properties.Metrics).toBeUndefined()
      expect(Properties.Namespace).toMatch(/^AWS\//)
      expect(Properties.TreatMissingData).toBe("notBreaching")
    }
  })

  test("tell the topic that is given, or are left out", () => {
    const { template } = synthesize(stack => ({ alarmTopic: new Topic(stack, "Told") }))
    template.allResourcesProperties("AWS::CloudWatch::Alarm", {
      AlarmActions: [{ Ref: Match.stringLikeRegexp("^Told") }],
    })
    expect(count(synthesize({ alarms: false }).template, "AWS::CloudWatch::Alarm")).toBe(0)
  })

  test("a dashboard comes when asked for", () => {
    expect(count(plain.template, "AWS::CloudWatch::Dashboard")).toBe(0)
    expect(count(full.template, "AWS::CloudWatch::Dashboard")).toBe(1)
  })
})

describe("outputs and names", () => {
  test("are plain", () => {
    const names = (template: Template) => Object.keys(template.findOutputs("*")).sort()
    const common = [
      "ApiFunctionName",
      "ApiUrl",
      "BucketName",
      "BuildFunctionName",
      "DeadLettersUrl",
      "KeyCommand",
      "LogTableName",
      "MaintainFunctionName",
      "MetaTableName",
      "QueryFunctionName",
    ]
    expect(names(plain.template)).toEqual(common)
    expect(names(full.template)).toEqual([...common, "IamApiUrl", "JournalStreamName"].sort())
  })

  test("no resource has a name of its own", () => {
    const named =
      /^(BucketName|TableName|FunctionName|RoleName|LogGroupName|QueueName|AlarmName|DashboardName)$/
    const own = Object.entries(
      full.template.toJSON().Resources as Record<string, { Type: string; Properties: object }>,
    )
      .filter(([, { Type }]) => !/Permission|EventSourceMapping|EventInvokeConfig|Custom::/.test(Type))
      .flatMap(([id, { Properties }]) =>
        Object.keys(Properties ?? {})
          .filter(it => named.test(it))
          .map(it => `${id}.${it}`),
      )
    expect(own).toEqual([])
  })

  test("everything that can be is tagged", () => {
    plain.template.hasResourceProperties("AWS::DynamoDB::Table", {
      Tags: Match.arrayWith([
        { Key: "millrace:app", Value: "air" },
        { Key: "millrace:stage", Value: "dev" },
      ]),
    })
  })
})
