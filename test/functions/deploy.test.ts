import { once } from "node:events"
import { createServer, type Server } from "node:http"
import type { AddressInfo } from "node:net"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { createDeploy } from "../../functions/deploy.ts"
import { answerText, type ResourceRequest } from "../../functions/runtime/custom-resource.ts"
import { openHome } from "../../functions/runtime/home.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { type AppDefinition, DEFINITION_VERSION } from "../../shared/definition/app-definition.ts"
import type { JobDefinition } from "../../shared/definition/job/job-definition.ts"
import { JobStore } from "../../shared/processing/jobs/job-store.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { ample, type TestBase, testBase } from "./support.ts"

/** What CloudFormation was answered, and with which content type. */
interface Answer {
  readonly type: string | undefined
  readonly text: string
}

let server: Server
let answers: Answer[]
/** Statuses that the server answers before it takes one. */
let refusals: number[]

beforeEach(async () => {
  answers = []
  refusals = []
  server = createServer(async (request, response) => {
    const pieces: Buffer[] = []
    for await (const piece of request) pieces.push(piece)
    const status = refusals.shift() ?? 200
    if (status === 200) {
      answers.push({ type: request.headers["content-type"], text: Buffer.concat(pieces).toString() })
    }
    response.writeHead(status).end()
  }).listen(0, "127.0.0.1")
  await once(server, "listening")
})
afterEach(() => void server.close())

const APP: AppDefinition = {
  v: DEFINITION_VERSION,
  app: "shop",
  stage: "test",
  topics: [
    {
      name: "orders",
      partitions: 2,
      config: {},
      schema: { type: "object", properties: { id: { type: "integer" } } },
      validate: "reader",
      external: false,
    },
  ],
  tables: [{ name: "orders", topic: "orders", columns: [{ name: "id", type: "int" }] }],
  jobs: [],
}

const KEY = `mr_${"f".repeat(43)}`

function withDefinition(definition: unknown = APP): TestBase {
  const base = testBase()
  base.cloud.texts.set("assets/app.json", JSON.stringify(definition))
  base.cloud.texts.set("arn:secret", KEY)
  return base
}

function request(type: ResourceRequest["RequestType"], rest: Partial<ResourceRequest> = {}): ResourceRequest {
  return {
    RequestType: type,
    ResponseURL: `http://127.0.0.1:${(server.address() as AddressInfo).port}/answer?X-Amz-Signature=abc`,
    StackId: "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/guid",
    RequestId: "request-1",
    LogicalResourceId: "Deployment",
    ResourceProperties: {
      ServiceToken: "arn",
      DefinitionBucket: "assets",
      DefinitionKey: "app.json",
      DefinitionDigest: "0",
      FirstKeySecret: "arn:secret",
    },
    ...rest,
  }
}

const lastAnswer = () => JSON.parse(answers.at(-1)!.text)

describe("deploy", () => {
  test("applies the definition, keeps the first key's hash, and answers without a content type", async () => {
    const base = withDefinition()
    const deploy = createDeploy(base)
    await deploy.handle(request("Create"), ample)
    expect(lastAnswer()).toEqual({
      Status: "SUCCESS",
      PhysicalResourceId: "millrace-shop",
      StackId: "arn:aws:cloudformation:eu-west-1:123456789012:stack/shop/guid",
      RequestId: "request-1",
      LogicalResourceId: "Deployment",
    })
    expect(answers[0]!.type).toBeUndefined()
    const { log, tables } = openHome(base)
    expect((await log.topic("orders")).owner).toBe("app:shop")
    expect((await tables.list()).map(({ spec }) => spec.name)).toEqual(["orders"])
    expect(await keyStore(base.ports).find(KEY)).toMatchObject({ name: "first", scopes: ["*"] })
    expect(JSON.stringify(base.lines)).not.toContain("f".repeat(43))
  })

  test("delivered again, and as an update, comes to the same", async () => {
    const base = withDefinition()
    const deploy = createDeploy(base)
    for (const type of ["Create", "Create", "Update"] as const) {
      await deploy.handle(request(type, type === "Update" ? { PhysicalResourceId: "kept" } : {}), ample)
      expect(lastAnswer().Status).toBe("SUCCESS")
    }
    expect(lastAnswer().PhysicalResourceId).toBe("kept")
    expect(await openHome(base).log.listTopics()).toHaveLength(1)
  })

  test("refused, it answers with the whole plan; the rollback applies the old definition", async () => {
    const base = withDefinition()
    const deploy = createDeploy(base)
    await deploy.handle(request("Create"), ample)
    const fewer = { ...APP, topics: [{ ...APP.topics[0]!, partitions: 1 }] }
    base.cloud.texts.set("assets/new.json", JSON.stringify(fewer))
    const properties = { ...request("Update").ResourceProperties, DefinitionKey: "new.json" }
    await deploy.handle(request("Update", { ResourceProperties: properties }), ample)
    expect(lastAnswer().Status).toBe("FAILED")
    expect(lastAnswer().Reason).toMatch(/^The app shop cannot be deployed over what stands:\n/)
    expect(lastAnswer().Reason).toContain("partitions")
    await deploy.handle(request("Update"), ample)
    expect(lastAnswer().Status).toBe("SUCCESS")
    expect((await openHome(base).log.topic("orders")).partitions).toBe(2)
  })

  test("of a deletion destroys nothing", async () => {
    const base = withDefinition()
    const deploy = createDeploy(base)
    await deploy.handle(request("Create"), ample)
    await deploy.handle(request("Delete", { PhysicalResourceId: "millrace-shop" }), ample)
    expect(lastAnswer().Status).toBe("SUCCESS")
    expect(await openHome(base).log.listTopics()).toHaveLength(1)
  })

  test.each([
    [
      "another app's definition",
      { ...APP, app: "other" },
      {},
      /^the definition is of app other, expected shop$/,
    ],
    [
      "a definition that is not there",
      APP,
      { DefinitionKey: "gone.json" },
      /assets\/gone\.json is not there/,
    ],
    [
      "no place of a definition",
      APP,
      { DefinitionKey: undefined },
      /^properties: expected DefinitionBucket and/,
    ],
    ["a secret that is not there", APP, { FirstKeySecret: "arn:gone" }, /arn:gone is not there/],
  ])(
    "answers what %s fails of, and the next request works",
    async (_what, definition, properties, reason) => {
      const base = withDefinition(definition)
      const deploy = createDeploy(base)
      const ResourceProperties = { ...request("Create").ResourceProperties, ...properties }
      await deploy.handle(request("Create", { ResourceProperties }), ample)
      expect(lastAnswer()).toMatchObject({ Status: "FAILED", Reason: expect.stringMatching(reason) })
      base.cloud.texts.set("assets/app.json", JSON.stringify(APP))
      await deploy.handle(request("Create"), ample)
      expect(lastAnswer().Status).toBe("SUCCESS")
    },
  )

  test("that takes too long is answered before the function's end, and goes on no more", async () => {
    const base = withDefinition()
    const { promise: released, resolve: release } = Promise.withResolvers<void>()
    const slow = memoryPorts({
      stores: base.ports.stores,
      seed: 1,
      faults: { before: async call => (call.operation === "transact" ? void (await released) : undefined) },
    })
    const handled = createDeploy({ ...base, ports: slow }).handle(request("Create"), { leftMs: () => 30_050 })
    await expect.poll(() => answers.length).toBe(1)
    expect(lastAnswer()).toMatchObject({
      Status: "FAILED",
      Reason: expect.stringContaining("takes too long"),
    })
    release()
    await handled
    expect(await openHome(base).tables.list()).toEqual([])
    await createDeploy(base).handle(request("Create"), ample)
    expect(lastAnswer().Status).toBe("SUCCESS")
  })

  test("answers again when the answer was not taken", async () => {
    refusals = [503]
    await createDeploy(withDefinition()).handle(request("Create"), ample)
    expect(lastAnswer().Status).toBe("SUCCESS")
  })
})

describe("an answer to CloudFormation", () => {
  test.each([
    ["a short reason", "no"],
    ["a long one", "a line of the plan\n".repeat(1_000)],
    ["one full of escapes", '"\\\n'.repeat(2_000)],
    ["one in other scripts", "流れ🌊".repeat(1_000)],
  ])("with %s fits its bound, and begins as the reason does", (_what, reason) => {
    const text = answerText(request("Create"), "millrace-shop", { status: "FAILED", reason })
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(4096)
    const { Reason } = JSON.parse(text)
    if (reason.length < 100) expect(Reason).toBe(reason)
    else expect(reason.startsWith(Reason.replace(/\uFFFD?\n… \(cut.*$/, ""))).toBe(true)
    expect(Reason.length).toBeGreaterThan(Math.min(reason.length, 500) - 1)
  })
})

const JOB: JobDefinition = {
  name: "totals",
  nodes: [{ kind: "source", inputs: [], uid: "source" }],
  reads: ["orders"],
  writes: [],
  parallelism: "per-partition",
  poison: "fail",
  bounded: false,
  memoryMb: 512,
  version: 1,
  dropState: [],
}

test("deploy makes jobs and wakes them; one that is named no more is sealed, and nothing fails for a lost wake", async () => {
  const base = withDefinition({ ...APP, jobs: [JOB] })
  const settings = { ...base.settings, MILLRACE_PROCESS_FUNCTIONS: JSON.stringify({ totals: "run-totals" }) }
  await createDeploy({ ...base, settings }).handle(request("Create"), ample)
  expect(JSON.parse(answers[0]!.text)).toMatchObject({ Status: "SUCCESS" })
  const jobs = new JobStore(base.ports)
  expect((await jobs.get("totals")).item).toMatchObject({ state: "running", attached: true, generation: 1 })
  expect(base.cloud.invoked.splice(0)).toEqual([
    { functionName: "run-totals", event: { job: "totals", tasks: [0, 1] } },
  ])
  base.cloud.failure = new Error("throttled")
  base.cloud.texts.set("assets/app.json", JSON.stringify({ ...APP, jobs: [{ ...JOB, memoryMb: 1_024 }] }))
  await createDeploy({ ...base, settings }).handle(request("Update"), ample)
  expect(JSON.parse(answers[1]!.text)).toMatchObject({ Status: "SUCCESS" })
  expect((await jobs.get("totals")).item).toMatchObject({ generation: 1, definition: { memoryMb: 1_024 } })
  expect(base.lines).toContainEqual({
    level: "error",
    message: "a job could not be woken",
    facts: "throttled",
  })
  base.cloud.texts.set("assets/app.json", JSON.stringify(APP))
  await createDeploy(base).handle(request("Update"), ample)
  expect((await jobs.get("totals")).item).toMatchObject({ state: "paused", attached: false, generation: 2 })
})
