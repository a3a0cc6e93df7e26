import { Duration } from "aws-cdk-lib"
import { Match, Template } from "aws-cdk-lib/assertions"
import { Secret } from "aws-cdk-lib/aws-secretsmanager"
import { AwsSolutionsChecks } from "cdk-nag"
import { describe, expect, test } from "vitest"
import { JOBS_MAX } from "../../infra/constructs/jobs.ts"
import { Millrace } from "../../infra/index.ts"
import type { JobDefinition } from "../../shared/definition/job/job-definition.ts"
import { allowed, definition, flat, newStack, resourcesOf, statementsByRole, synthesize } from "./support.ts"

const job = (name: string, more: Partial<JobDefinition> = {}): JobDefinition => ({
  name,
  nodes: [],
  reads: ["flights"],
  writes: ["delays"],
  parallelism: "single",
  poison: "fail",
  bounded: false,
  memoryMb: 1_024,
  version: 1,
  dropState: [],
  ...more,
})

const withJobs = {
  ...definition,
  jobs: [job("delays", { memoryMb: 2_048, concurrency: 3 }), job("by.origin")],
}
const jobCode = "app.ts"
const { template, stack } = synthesize({ definition: withJobs, jobCode, dashboard: true })

const functionsOf = (from: Template) =>
  Object.entries(resourcesOf(from, "AWS::Lambda::Function"))
    .filter(([id]) => id.startsWith("Jobs"))
    .map(([, { Properties }]) => Properties)
const delays = "<JobsJobdelaysProcess>"

describe("each job", () => {
  test("has a function with its memory, and concurrency only where it says so", () => {
    const [first, second] = functionsOf(template)
    expect(functionsOf(template)).toHaveLength(2)
    expect(first).toMatchObject({
      Description: "Millrace: runs the job delays",
      Handler: "index.handler",
      Runtime: "nodejs24.x",
      MemorySize: 2_048,
      Timeout: 900,
      ReservedConcurrentExecutions: 3,
      RecursiveLoop: "Allow",
    })
    expect((first!.Layers as unknown[]).map(flat)).toEqual(["<FunctionsCodecs>"])
    expect(second?.MemorySize).toBe(1_024)
    expect(second?.ReservedConcurrentExecutions).toBeUndefined()
  })

  test("may be given other settings, and an alarm of its own", () => {
    const settings = { delays: { memorySize: 4_096, timeout: Duration.minutes(5), alarm: true } }
    const set = synthesize({ definition: withJobs, jobCode, jobs: settings })
    expect(functionsOf(set.template)[0]).toMatchObject({
      MemorySize: 4_096,
      Timeout: 300,
      ReservedConcurrentExecutions: 3,
    })
    const alarms = Object.keys(resourcesOf(set.template, "AWS::CloudWatch::Alarm"))
    expect(alarms.filter(id => id.includes("JobErrors"))).toHaveLength(1)
  })

  test("may do what it does, and nothing else", () => {
    const roles = statementsByRole(template)
    expect(allowed(roles.get("JobsJobdelaysProcessRole") ?? [])).toMatchSnapshot()
    expect(allowed(roles.get("JobsJobbyoriginProcessRole") ?? [])).toHaveLength(
      allowed(roles.get("JobsJobdelaysProcessRole") ?? []).length,
    )
  })

  test("is woken by those who may, and told to them by name", () => {
    const roles = statementsByRole(template)
    for (const name of ["Dispatch", "Maintain", "Deploy", "Api"]) {
      const rights = allowed(roles.get(`Functions${name}Role`) ?? [])
      expect(rights).toContain(`lambda:InvokeFunction ${delays.replace(">", ".Arn>")}`)
      const { Properties } = Object.entries(resourcesOf(template, "AWS::Lambda::Function")).find(([id]) =>
        id.startsWith(`Functions${name}`),
      )![1]
      const { Variables } = Properties.Environment as { Variables: Record<string, unknown> }
      expect(flat(Variables.MILLRACE_PROCESS_FUNCTIONS)).toBe(
        `{"delays":"${delays}","by.origin":"<JobsJobbyoriginProcess>"}`,
      )
    }
    for (const name of ["Query", "Build"]) {
      const rights = allowed(roles.get(`Functions${name}Role`) ?? [])
      expect(rights.filter(right => right.includes("Process"))).toEqual([])
    }
  })

  test("leaves a dead letter when it fails, and takes turns where it must", () => {
    const configs = Object.values(resourcesOf(template, "AWS::Lambda::EventInvokeConfig"))
    const own = configs.filter(({ Properties }) => flat(Properties.FunctionName) === delays)
    expect(own[0]?.Properties).toMatchObject({ MaximumRetryAttempts: 0, MaximumEventAgeInSeconds: 1_200 })
    expect(JSON.stringify(own[0]?.Properties.DestinationConfig)).toContain("DeadLettersQueue")
  })
})

test("timers are a queue that dispatch reads, whose failures end with the dead letters", () => {
  template.hasResourceProperties("AWS::SQS::Queue", {
    VisibilityTimeout: 360,
    RedrivePolicy: { maxReceiveCount: 5 },
  })
  template.hasResourceProperties("AWS::Lambda::EventSourceMapping", {
    EventSourceArn: { "Fn::GetAtt": [Match.stringLikeRegexp("^JobsTimers"), "Arn"] },
    FunctionName: { Ref: Match.stringLikeRegexp("^FunctionsDispatch") },
    BatchSize: 10,
  })
})

test("a failed or stuck task is told by an alarm, and without jobs nothing of this is there", () => {
  template.hasResourceProperties("AWS::CloudWatch::Alarm", {
    Namespace: "Millrace",
    MetricName: "TasksStuck",
    // As `maintain` tells it.
    Dimensions: [
      { Name: "app", Value: withJobs.app },
      { Name: "service", Value: "maintain" },
      { Name: "stage", Value: withJobs.stage },
    ],
    Threshold: 1,
    TreatMissingData: "notBreaching",
  })
  template.resourceCountIs("AWS::CloudWatch::Alarm", 6)
  const plain = synthesize().template
  plain.resourceCountIs("AWS::SQS::Queue", 1)
  plain.resourceCountIs("AWS::CloudWatch::Alarm", 5)
  expect(JSON.stringify(plain.toJSON())).not.toMatch(/MILLRACE_PROCESS|MILLRACE_TIMERS|job\/\*/)
})

test("each job's metrics are there by name, and on the dashboard", () => {
  const { metrics } = new Millrace(newStack(), "Views", { definition: withJobs, jobCode })
  const [records, lag] = [metrics.job("delays", "RecordsIn"), metrics.job("by.origin", "Lag")]
  const { app, stage } = withJobs
  expect(records).toMatchObject({ namespace: "Millrace", metricName: "RecordsIn", statistic: "Sum" })
  expect(records?.dimensions).toEqual({ app, stage, service: "process", job: "delays" })
  expect(lag).toMatchObject({ metricName: "Lag", statistic: "Maximum" })
  expect(metrics.job("gone", "Lag")).toBeUndefined()
  const [dashboard] = Object.values(resourcesOf(template, "AWS::CloudWatch::Dashboard"))
  expect(flat(dashboard?.Properties.DashboardBody)).toMatch(/"Lag".*"job","delays".*"by.origin"/)
})

describe("secrets of jobs' sinks", () => {
  const jobs = [
    job("delays", { secrets: ["crm", "mail.key"] }),
    job("by.origin", { secrets: ["crm"] }),
    job("plain"),
  ]
  const guarded = { ...definition, jobs }
  const rights = (from: Template, name: string) =>
    allowed(statementsByRole(from).get(`JobsJob${name}ProcessRole`) ?? []).filter(right =>
      right.startsWith("secretsmanager"),
    )
  const idsOf = (from: Template) =>
    functionsOf(from).map(({ Environment }) => {
      const { Variables } = Environment as { Variables: Record<string, unknown> }
      return Variables.MILLRACE_SECRETS === undefined ? undefined : flat(Variables.MILLRACE_SECRETS)
    })

  test("are found by name, and granted to the functions of those jobs alone", () => {
    const { template: made } = synthesize({ definition: guarded, jobCode })
    const { app, stage } = definition
    const prefix = `millrace/${app}/${stage}`
    expect(idsOf(made)).toEqual([
      JSON.stringify({ crm: `${prefix}/crm`, "mail.key": `${prefix}/mail.key` }),
      JSON.stringify({ crm: `${prefix}/crm` }),
      undefined,
    ])
    expect(rights(made, "delays").map(right => right.replace(/^.*:secret:/, ""))).toEqual([
      `${prefix}/crm-??????`,
      `${prefix}/mail.key-??????`,
    ])
    expect(rights(made, "byorigin")).toHaveLength(1)
    expect(rights(made, "plain")).toEqual([])
    // The first key is the only one that anybody else may read.
    const others = [...statementsByRole(made)].filter(([role]) => !role.startsWith("JobsJob"))
    const read = others.flatMap(([, each]) =>
      allowed(each).filter(right => right.startsWith("secretsmanager")),
    )
    expect(read.join()).not.toContain("crm")
  })

  test("may be given; one that no job names is refused", () => {
    const own = newStack()
    const crm = new Secret(own, "Crm")
    const millrace = new Millrace(own, "Views", { definition: guarded, jobCode, secrets: { crm } })
    expect(millrace.jobs?.functions.size).toBe(3)
    const made = Template.fromStack(own)
    expect(JSON.stringify(made.toJSON())).toMatch(/GetSecretValue[^}]*\{"Ref":"Crm/)
    expect(() => synthesize({ definition: guarded, jobCode, secrets: { cmr: crm } })).toThrow(
      "Millrace: secrets: no job names the secret cmr, expected crm, mail.key",
    )
  })
})

test("what jobs add", () => {
  const plain = Object.keys(synthesize().template.toJSON().Resources)
  const added = Object.entries(template.toJSON().Resources as Record<string, { Type: string }>)
    .filter(([id]) => !plain.includes(id))
    .map(([id, { Type }]) => `${Type} ${id}`)
  expect(added.sort()).toMatchSnapshot()
})

test("it is clean under AwsSolutions", () => {
  const { violations } = new AwsSolutionsChecks().validateScope(stack.node.root)
  const found = violations.flatMap(({ ruleName, violatingResources }) =>
    violatingResources.map(({ constructPath }) => `${ruleName} ${constructPath}`),
  )
  expect(found).toEqual([])
})

test("jobs without code, too many of them, and settings of none are refused", () => {
  const make = (props: object) => () => new Millrace(newStack(), "Default", props)
  expect(make({ definition: withJobs })).toThrow(
    "Millrace: the definition has jobs, expected jobCode: the path of the app file with their code",
  )
  const many = Array.from({ length: JOBS_MAX + 1 }, (_, index) => job(`job-${index}`))
  expect(make({ definition: { ...definition, jobs: many }, jobCode })).toThrow(
    `Millrace: ${JOBS_MAX + 1} jobs, expected at most ${JOBS_MAX} in a deployment`,
  )
  expect(make({ definition: withJobs, jobCode, jobs: { delay: {} } })).toThrow(
    "Millrace: jobs: there is no job delay, expected delays, by.origin",
  )
  expect(make({ definition, jobs: { delay: {} } })).toThrow("there is no job delay, expected none")
  const shape = { path: "delays.csv", format: "csv" }
  const reading = job("delays", { nodes: [{ kind: "files", uid: "old", inputs: [], shape }] })
  expect(make({ definition: { ...definition, jobs: [reading] }, jobCode })).toThrow(
    "Millrace: jobs.delays.old: reads the file delays.csv, expected topics: files are for millrace run --bounded",
  )
  expect(make({ definition: withJobs, jobCode })).not.toThrow()
})
