import type { Context } from "aws-lambda"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { lambda } from "../../functions/runtime/lambda.ts"
import { SETTINGS } from "./support.ts"

const context = {
  functionName: "millrace-api",
  functionVersion: "$LATEST",
  invokedFunctionArn: "arn:aws:lambda:eu-west-1:123456789012:function:millrace-api",
  memoryLimitInMB: "1024",
  awsRequestId: "0f8fad5b",
  logGroupName: "group",
  logStreamName: "stream",
  callbackWaitsForEmptyEventLoop: true,
  getRemainingTimeInMillis: () => 5_000,
  done: () => undefined,
  fail: () => undefined,
  succeed: () => undefined,
} satisfies Context

let printed: string[]

beforeEach(() => {
  for (const [name, value] of Object.entries(SETTINGS)) vi.stubEnv(name, value)
  vi.stubEnv("AWS_REGION", "eu-west-1")
  // Powertools would log whole events, were it not told otherwise.
  vi.stubEnv("POWERTOOLS_LOGGER_LOG_EVENT", "true")
  printed = []
  for (const stream of [process.stdout, process.stderr]) {
    vi.spyOn(stream, "write").mockImplementation(text => printed.push(String(text)) > 0)
  }
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

const lines = () =>
  printed.flatMap(text =>
    text
      .split("\n")
      .filter(line => line.startsWith("{"))
      .map(line => JSON.parse(line)),
  )

test("an invocation is over when nothing runs any more, and prints nothing where nothing happened", async () => {
  let isIdle = false
  const handler = lambda("api", [], () => ({
    handle: async (event: { n: number }, { leftMs }) => event.n + leftMs(),
    idle: async () => {
      await new Promise(resolve => setTimeout(resolve, 5))
      isIdle = true
    },
  }))
  expect(await handler({ n: 1 }, context)).toBe(5_001)
  expect(isIdle).toBe(true)
  expect(lines()).toEqual([])
})

test("an answer does not wait for what will not end", async () => {
  const never = new Promise<void>(() => {})
  const handler = lambda("api", [], () => ({ handle: async () => "answered", idle: () => never }))
  expect(await handler({}, { ...context, getRemainingTimeInMillis: () => 510 })).toBe("answered")
})

test("what it stands on is opened once", async () => {
  const create = vi.fn(() => ({ handle: async () => "done" }))
  const handler = lambda("api", ["MILLRACE_STREAM"], create)
  expect(create).not.toHaveBeenCalled()
  await handler({}, context)
  await handler({}, context)
  expect(create).toHaveBeenCalledTimes(1)
})

test("what is thrown is logged with its invocation, goes on to Lambda, and the next one works", async () => {
  const idle = vi.fn(async () => undefined)
  let fails = true
  const handler = lambda("build", [], () => ({
    handle: async (_event: object) => {
      if (fails) throw new Error("no disk")
      return "built"
    },
    idle,
  }))
  await expect(handler({ headers: { authorization: "Bearer mr_secret" } }, context)).rejects.toThrow(
    "no disk",
  )
  expect(idle).toHaveBeenCalledTimes(1)
  expect(lines()).toEqual([
    expect.objectContaining({
      level: "ERROR",
      service: "build",
      function_request_id: "0f8fad5b",
      error: expect.objectContaining({ message: "no disk" }),
    }),
  ])
  expect(printed.join("")).not.toContain("mr_secret")
  fails = false
  expect(await handler({}, context)).toBe("built")
})

test("what was counted is told once, as metrics of the deployment", async () => {
  const handler = lambda("build", [], ({ meter }) => ({
    handle: async (rows: number) => {
      meter.count("RowsBuilt", rows)
      meter.count("WakesLost", 0)
    },
  }))
  await handler(3, context)
  await handler(0, context)
  const told = lines()
  expect(told).toHaveLength(1)
  expect(told[0]).toMatchObject({ service: "build", app: "shop", stage: "test", RowsBuilt: 3 })
  const [{ Namespace, Dimensions, Metrics }] = told[0]._aws.CloudWatchMetrics
  expect(Namespace).toBe("Millrace")
  expect([...Dimensions[0]].sort()).toEqual(["app", "service", "stage"])
  expect(Metrics).toEqual([{ Name: "RowsBuilt", Unit: "Count" }])
})

test("what a job did is told by job, at the time at which it was", async () => {
  const figures = { RecordsIn: 7, RecordsOut: 0, LateDropped: 0, RecordsSkipped: 1, Commits: 2 }
  const gauges = { CommitBytes: 800, CommitTime: 12, BusyRatio: 0.25, Lag: 0, StateBytes: 64 }
  const time = { Watermark: 1_767_225_600_000, WatermarkLag: 5_000 }
  const at = Date.now() - 60_000
  const handler = lambda("process", ["MILLRACE_TIMERS"], ({ meter }) => ({
    handle: () => meter.tellJob("ad-stats", { ...figures, ...gauges, ...time }, at),
  }))
  await handler({}, context)
  const [line] = lines()
  expect(line).toMatchObject({
    service: "process",
    app: "shop",
    stage: "test",
    job: "ad-stats",
    RecordsIn: 7,
  })
  expect(line).toMatchObject({
    RecordsOut: 0,
    Lag: 0,
    BusyRatio: 0.25,
    watermark: "2026-01-01T00:00:00.000Z",
  })
  const { Timestamp, CloudWatchMetrics } = line._aws
  expect(Timestamp).toBe(at)
  const [{ Dimensions, Metrics }] = CloudWatchMetrics
  expect([...Dimensions[0]].sort()).toEqual(["app", "job", "service", "stage"])
  const units = Object.fromEntries(
    Metrics.map(({ Name, Unit }: { Name: string; Unit: string }) => [Name, Unit]),
  )
  // Nothing was late, and event time is no metric.
  expect(Object.keys(units)).toHaveLength(10)
  expect(units).toMatchObject({ CommitBytes: "Bytes", CommitTime: "Milliseconds", BusyRatio: "None" })
})

test("with a ledger every invocation tells what it asked for", async () => {
  vi.stubEnv("MILLRACE_LEDGER", "1")
  const handler = lambda("api", [], () => ({ handle: async () => "done" }))
  await handler({}, context)
  expect(lines()).toEqual([expect.objectContaining({ message: "ledger", ledger: {} })])
})

test("a variable that is missing is named", async () => {
  vi.stubEnv("MILLRACE_STREAM", "")
  const handler = lambda("journal", ["MILLRACE_STREAM"], () => ({ handle: async () => "done" }))
  await expect(handler({}, context)).rejects.toThrow(/^environment: MILLRACE_STREAM missing/)
  vi.stubEnv("MILLRACE_STREAM", "journal")
  expect(await handler({}, context)).toBe("done")
})
