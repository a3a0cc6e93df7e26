import { expect, test } from "vitest"
import { createApiFunction } from "../../functions/api.ts"
import { createDispatch } from "../../functions/dispatch.ts"
import { createMaintain } from "../../functions/maintain.ts"
import { createProcess } from "../../functions/process-runtime.ts"
import { openHome } from "../../functions/runtime/home.ts"
import { ownSecrets } from "../../functions/runtime/own-secrets.ts"
import type { ProcessEvent } from "../../functions/runtime/process-event.ts"
import { LEASE_MS, leasesKey } from "../../functions/runtime/task-lease.ts"
import { keyStore } from "../../shared/api/auth/keys.ts"
import { defineJob, from, type Job, sum, tumbling } from "../../shared/definition/index.ts"
import { decodeRecords } from "../../shared/log/records/index.ts"
import { partitionKey, slotKey } from "../../shared/log/slot.ts"
import { Jobs } from "../../shared/processing/jobs/lifecycle.ts"
import type { JobCode } from "../../shared/processing/task/job-code.ts"
import { localJobCode } from "../../shared/processing/task/local-job-code.ts"
import { clickJob, clicks, definitionOf, endOf, oracle, randomClicks, sums } from "../processing/task-jobs.ts"
import { chance, Killer, makeTopics, produce, results } from "../processing/task-support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { ample, callHttp, coldBase, type TestBase, testBase } from "./support.ts"

const USERS = ["ada", "bob", "cyd"]
const FUNCTIONS = JSON.stringify({ clicks: "process-clicks" })
const CLICKS: ProcessEvent = { job: "clicks", tasks: [0] }

async function withJob(job: Job = clickJob()) {
  const base = testBase({ settings: { MILLRACE_PROCESS_FUNCTIONS: FUNCTIONS } })
  const { log } = openHome(base)
  await makeTopics(log)
  const jobs = new Jobs(base.ports, log)
  await jobs.create(definitionOf(job), "app:shop")
  const input = [...randomClicks(chance(7), 60, USERS), ...endOf(USERS)]
  let seeds = 10
  const cold = () => ({
    ...coldBase(base, seeds++),
    settings: base.settings,
  })
  const runs = (on: TestBase = cold()) => createProcess(on, localJobCode(job, definitionOf(job)))
  return { base, log, jobs, input, cold, runs }
}

/** Windows by the clock: the first ends at the next full hour. */
function tickingJob(): Job {
  return defineJob("clicks", () =>
    from(clicks)
      .keyBy("user")
      .window(tumbling("1h", { time: "processing" }))
      .aggregate({ total: sum(click => click.amount) })
      .to(sums),
  )
}

const wakesOf = ({ cloud }: TestBase) => cloud.invoked.splice(0)

test("works what is there, publishes it, and lets go; another wake finds nothing to do", async () => {
  const { base, log, input, cold, runs } = await withJob()
  await produce(log, input)
  const run = runs()
  expect(await run.handle(CLICKS, ample)).toEqual({ records: input.length, left: [] })
  expect(await results(log)).toEqual(oracle(input))
  expect(await run.handle(CLICKS, ample)).toEqual({ records: 0, left: [] })
  expect(await runs(cold()).handle(CLICKS, ample)).toEqual({ records: 0, left: [] })
  expect(await results(log)).toEqual(oracle(input))
  expect(base.cloud.timed).toEqual([])
  await run.close?.()
})

test("secrets are read where the stack says they are, again after five minutes, and never told", async () => {
  const base = testBase({
    settings: { MILLRACE_SECRETS: JSON.stringify({ crm: "arn:crm", mail: "arn:mail" }) },
  })
  const read = ownSecrets(base)
  await expect(read("crm")).rejects.toThrow("arn:crm is not there")
  base.cloud.texts.set("arn:crm", "s3same")
  expect(await read("crm")).toBe("s3same")
  base.cloud.texts.set("arn:crm", "0pen")
  expect(await read("crm")).toBe("s3same")
  base.ports.advance(5 * 60_000)
  expect(await read("crm")).toBe("0pen")
  base.cloud.texts.set("arn:mail", "")
  await expect(read("mail")).rejects.toThrow("secret mail: arn:mail is empty, expected a text")
  await expect(read("other")).rejects.toThrow("secret other is missing: expected it among those of the stack")
  expect(base.lines).toEqual([])
})

test("a job's environment tells of it once a minute: what is not told goes with the next", async () => {
  const { log, input, cold, runs } = await withJob(clickJob({ parallelism: "per-partition" }))
  const own = cold()
  const run = runs(own)
  const all: ProcessEvent = { job: "clicks", tasks: [0, 1, 2] }
  await produce(log, input.slice(0, 20))
  await run.handle(all, ample)
  const [first] = own.told.splice(0)
  expect(first?.job).toBe("clicks")
  expect(first?.figures).toMatchObject({ RecordsIn: 20, LateDropped: 0, RecordsSkipped: 0, Lag: 0 })
  const { Commits, CommitBytes, StateBytes, BusyRatio, Watermark, WatermarkLag } = first!.figures
  expect(Commits).toBeGreaterThanOrEqual(3)
  expect(Math.min(CommitBytes, StateBytes)).toBeGreaterThan(0)
  expect(BusyRatio).toBeLessThanOrEqual(1)
  expect(WatermarkLag).toBe(Math.max(0, first!.at - Watermark!))
  await produce(log, input.slice(20, 30))
  await run.handle(all, ample)
  await produce(log, input.slice(30))
  await run.handle(all, ample)
  expect(own.told).toEqual([])
  own.ports.advance(60_000)
  await run.handle(all, ample)
  expect(own.told.splice(0).map(({ figures }) => figures.RecordsIn)).toEqual([input.length - 20])
  own.ports.advance(60_000)
  // Nothing came: nothing is told, and nothing paid.
  await run.handle(all, ample)
  expect(own.told).toEqual([])
})

test("an invocation that works for minutes tells meanwhile", async () => {
  const { log, input, cold, runs } = await withJob()
  const own = cold()
  await produce(log, input)
  const put = own.ports.meta.put.bind(own.ports.meta)
  let toldBefore = 0
  const meta = {
    ...own.ports.meta,
    put: async (...given: Parameters<typeof put>) => {
      if (given[1].pk.startsWith("task#")) own.ports.advance(70_000)
      else toldBefore = own.told.length
      return put(...given)
    },
  }
  await runs({ ...own, ports: { ...own.ports, meta } }).handle(CLICKS, ample)
  // The last thing that it writes is the lease.
  expect(toldBefore).toBe(1)
  expect(own.told.map(({ figures }) => figures.RecordsIn)).toEqual([input.length])
})

test("two at once: one works, and the other costs two calls at most, or one where the mark is set already", async () => {
  const { log, input, cold, runs } = await withJob()
  await produce(log, input.slice(0, 30))
  const worker = cold()
  // A worker in the middle of its first commit, when the others come.
  const { promise: goOn, resolve } = Promise.withResolvers<void>()
  let met = false
  const put = worker.ports.meta.put.bind(worker.ports.meta)
  const meta = {
    ...worker.ports.meta,
    put: async (...given: Parameters<typeof put>) => {
      if (given[1].pk.startsWith("task#") && !met) {
        met = true
        await goOn
      }
      return put(...given)
    },
  }
  const working = runs({ ...worker, ports: { ...worker.ports, meta } }).handle(CLICKS, ample)
  await expect.poll(() => met).toBe(true)
  await produce(log, input.slice(30))
  for (const calls of [
    { metaGet: 1, metaPut: 1 },
    { metaGet: 1, metaPut: 0 },
  ]) {
    const late = cold()
    const duplicate = runs(late)
    late.ports.counts.reset()
    expect(await duplicate.handle(CLICKS, ample)).toEqual({ records: 0, left: [] })
    expect(late.ports.counts.calls).toMatchObject({ ...calls, metaQuery: 0, metaTransact: 0, objectGet: 0 })
  }
  resolve()
  // It was told of what has come meanwhile.
  expect(await working).toEqual({ records: input.length, left: [] })
  expect(await results(log)).toEqual(oracle(input))
})

test("when time is short it lets go, and has itself woken", async () => {
  const { base, log, input, runs } = await withJob()
  await produce(log, input)
  let leftMs = 60_000
  const run = runs()
  const short = { leftMs: () => (leftMs -= 15_000) }
  const first = await run.handle(CLICKS, short)
  expect(first.left).toEqual([0])
  expect(base.cloud.timed.splice(0)).toEqual([{ event: CLICKS, delaySeconds: 0 }])
  await run.handle(CLICKS, ample)
  expect(await results(log)).toEqual(oracle(input))
})

test("killed at any of its first calls it leaves a lease that ends; whoever comes then goes on", async () => {
  for (const at of [3, 8, 14, 20]) {
    const { base, log, input, cold, runs } = await withJob()
    await produce(log, input)
    const killer = new Killer(at, at % 2 === 0)
    const killed = cold()
    const ports = memoryPorts({ stores: base.ports.stores, seed: 90 + at, faults: killer })
    void runs({ ...killed, ports }).handle(CLICKS, ample)
    await killer.dead
    const maintain = createMaintain(cold())
    await maintain.handle(null, ample)
    expect(wakesOf(base).filter(({ functionName }) => functionName === "process-clicks")).toEqual([])
    base.ports.advance(LEASE_MS)
    await maintain.handle(null, ample)
    expect(wakesOf(base)).toContainEqual({ functionName: "process-clicks", event: CLICKS })
    await runs().handle(CLICKS, ample)
    expect(await results(log)).toEqual(oracle(input))
    await maintain.handle(null, ample)
    expect(wakesOf(base)).toEqual([])
  }
})

test("a task that fails fails the invocation, and holds no lease; one for another job is refused", async () => {
  const { log, input, cold, runs } = await withJob()
  await produce(log, input)
  const broken = cold()
  const objects = {
    ...broken.ports.objects,
    get: async () => Promise.reject(new Error("no object today")),
  }
  const meta = {
    ...broken.ports.meta,
    queryPage: async () => Promise.reject(new Error("no chain today")),
  }
  const failing = runs({ ...broken, ports: { ...broken.ports, objects, meta } })
  await expect(failing.handle(CLICKS, ample)).rejects.toThrow("no chain today")
  expect(await runs().handle(CLICKS, ample)).toEqual({ records: input.length, left: [] })
  await expect(runs().handle({ job: "other", tasks: [0] }, ample)).rejects.toThrow(
    /^event: expected \{ job: "clicks", tasks: \[…\] \}$/,
  )
  expect(await results(log)).toEqual(oracle(input))
})

test("a timer is armed once, and again only when its message has come too early", async () => {
  const job = tickingJob()
  const { base, log, input, cold, runs } = await withJob(job)
  await produce(log, input.slice(0, 3))
  const run = runs()
  await run.handle(CLICKS, ample)
  // An hour's window: the queue takes a quarter of it at once.
  expect(base.cloud.timed).toEqual([{ event: CLICKS, delaySeconds: 900 }])
  await run.handle(CLICKS, ample)
  await runs(cold()).handle(CLICKS, ample)
  expect(base.cloud.timed.splice(0)).toHaveLength(1)
  base.ports.advance(910_000)
  const later = cold()
  later.ports.advance(910_000)
  await runs(later).handle(CLICKS, ample)
  expect(base.cloud.timed.splice(0)).toHaveLength(1)
})

const slotOf = (topicId: string, partition: number) => ({
  Records: [
    {
      eventName: "INSERT",
      dynamodb: {
        ApproximateCreationDateTime: 1_767_225_600,
        Keys: { pk: { S: partitionKey(topicId, partition) }, sk: { S: slotKey(0) } },
      },
    },
  ],
})
const message = (body: string) => ({ eventSource: "aws:sqs", messageId: "m", body })

test("dispatch wakes the tasks that read a new slot's partition, by their job's function", async () => {
  const { base, log, jobs } = await withJob(clickJob({ parallelism: "per-partition" }))
  const { id } = await log.topic("clicks")
  const dispatch = createDispatch(base)
  await dispatch.handle({ Records: [0, 2, 0].flatMap(it => slotOf(id, it).Records) }, ample)
  const woken = { functionName: "process-clicks", event: { job: "clicks", tasks: [0, 2] } }
  expect(wakesOf(base)).toEqual([woken])
  await jobs.pause("clicks")
  base.ports.advance(60_000)
  await dispatch.handle(slotOf(id, 1), ample)
  expect(wakesOf(base)).toEqual([])
})

test("a slot of a partition that a job does not know of yet wakes it, and so does the tick; it reads what is there", async () => {
  const { base, log, input, jobs, runs, cold } = await withJob()
  await runs().handle(CLICKS, ample)
  const { id, owner } = await log.topic("clicks")
  await log.alterTopic("clicks", owner, { partitions: 6 })
  const wake = { functionName: "process-clicks", event: CLICKS }
  await createDispatch(base).handle(slotOf(id, 5), ample)
  expect(wakesOf(base)).toEqual([wake])
  await createMaintain(base).handle(null, ample)
  expect(wakesOf(base)).toEqual([wake])
  await produce(log, input)
  expect(await runs(cold()).handle(CLICKS, ample)).toEqual({ records: input.length, left: [] })
  expect((await jobs.store.get("clicks")).item.tasks[0]).toHaveLength(6)
  await createMaintain(base).handle(null, ample)
  expect(wakesOf(base)).toEqual([])
})

test("dispatch passes timers on, each task once; what is not taken the queue keeps", async () => {
  const { base } = await withJob()
  const dispatch = createDispatch(base)
  const bodies = [CLICKS, CLICKS, { job: "gone", tasks: [1] }].map(it => JSON.stringify(it))
  const event = { Records: [...bodies, "no JSON", '{"job":1}'].map(message) }
  await dispatch.handle(event, ample)
  expect(wakesOf(base)).toEqual([{ functionName: "process-clicks", event: CLICKS }])
  base.cloud.failure = new Error("throttled")
  await expect(dispatch.handle(event, ample)).rejects.toMatchObject({ cause: { message: "throttled" } })
  expect(base.counts.get("WakesLost")).toBe(1)
  base.cloud.failure = undefined
  await dispatch.handle(event, ample)
  expect(wakesOf(base)).toHaveLength(1)
})

/** The code of a job that does not return from a batch with such a record; it tells that it has met it. */
function endless(job: Job, id: string, met: () => void = () => {}): JobCode {
  const code = localJobCode(job, definitionOf(job))
  return {
    ...code,
    async openEngine(request) {
      const engine = await code.openEngine(request)
      return {
        ...engine,
        get stateBytes() {
          return engine.stateBytes
        },
        work(batches, now, skip) {
          const texts = batches.flatMap(({ batches: stored, from, next }) =>
            stored.flatMap(bytes => decodeRecords(bytes).filter(at => at.offset >= from && at.offset < next)),
          )
          const isMet = texts.some(({ value }) => Buffer.from(value ?? []).includes(`"id":"${id}"`))
          if (!isMet) return engine.work(batches, now, skip)
          met()
          return new Promise<never>(() => {})
        },
      }
    },
  }
}

test("a record of which the function does not return fails the job after four tries; other tasks go on", async () => {
  const job = clickJob({ parallelism: "per-partition" })
  const { base, log, jobs, input, cold, runs } = await withJob(job)
  await produce(log, input)
  const all: ProcessEvent = { job: "clicks", tasks: [0, 1, 2] }
  const leases = () => [...base.ports.stores.items("meta")].filter(({ pk }) => pk === leasesKey("clicks"))
  const freeLeases = () => leases().filter(({ fields }) => fields.until === 0).length
  for (let tries = 0; tries < 4; tries++) {
    const { promise: met, resolve } = Promise.withResolvers<void>()
    void createProcess(cold(), endless(job, "c20", resolve)).handle(all, ample)
    await met
    await expect.poll(freeLeases).toBe(2)
    base.ports.advance(LEASE_MS + 1)
    expect((await jobs.store.get("clicks")).item.state).toBe("running")
    const woken = base.cloud.timed.splice(0).map(({ event }) => event)
    // What may die takes no other task along: those have invocations of their own.
    if (tries > 0) expect(woken).toHaveLength(2)
  }
  await createProcess(cold(), endless(job, "c20")).handle(all, ample)
  const { state, fault } = (await jobs.store.get("clicks")).item
  expect(state).toBe("failed")
  expect(fault).toMatchObject({
    error: expect.stringMatching(/^the worker died 4 times in a row: a function ended its process, did not/),
    at: { topic: "clicks" },
    record: expect.stringMatching(/"id":"c20"/),
  })
  await jobs.resume("clicks")
  for (const task of [0, 1, 2]) await runs(cold()).handle({ job: "clicks", tasks: [task] }, ample)
  expect(await results(log)).toEqual(oracle(input))
})

test("the tick wakes what has something to read, and tells of what does not get on", async () => {
  const { base, log, input, jobs, cold, runs } = await withJob()
  const maintain = createMaintain(base)
  const wake = { functionName: "process-clicks", event: CLICKS }
  // Its first record says where it begins.
  await maintain.handle(null, ample)
  expect(wakesOf(base)).toEqual([wake])
  await runs().handle(CLICKS, ample)
  await maintain.handle(null, ample)
  expect(wakesOf(base)).toEqual([])
  await produce(log, input)
  base.counts.clear()
  await maintain.handle(null, ample)
  expect(base.counts.get("TasksStuck")).toBeUndefined()
  await maintain.handle(null, ample)
  expect(base.counts.get("TasksStuck")).toBe(1)
  expect(wakesOf(base)).toEqual([wake, wake])
  await runs(cold()).handle(CLICKS, ample)
  await jobs.pause("clicks")
  await maintain.handle(null, ample)
  expect(wakesOf(base)).toEqual([])
  expect(base.counts.get("TasksStuck")).toBe(1)
})

test("the tick tells of a failed job, and wakes it no more", async () => {
  const job = clickJob({ poisonId: "c3" })
  const { base, log, input, runs } = await withJob(job)
  await produce(log, input)
  await runs().handle(CLICKS, ample)
  await createMaintain(base).handle(null, ample)
  expect(base.counts.get("TasksStuck")).toBe(1)
  expect(wakesOf(base)).toEqual([])
})

test("a change that nobody carried through, of a job that has a function or none, the tick brings about", async () => {
  const { base, log, input, jobs, runs } = await withJob()
  await produce(log, input)
  await runs().handle(CLICKS, ample)
  const read = await jobs.store.get("clicks")
  await jobs.store.replace(read, { ...read.item, intent: { kind: "pause" } })
  await createMaintain(base).handle(null, ample)
  expect(wakesOf(base)).toEqual([{ functionName: "process-clicks", event: CLICKS }])
  const without = { ...base, settings: { ...base.settings, MILLRACE_PROCESS_FUNCTIONS: "" } }
  await createMaintain(without).handle(null, ample)
  expect((await jobs.store.get("clicks")).item).toMatchObject({ state: "paused", generation: 2 })
  expect(await results(log)).toEqual(oracle(input))
})

test("dead letters of jobs and timers are tried again", async () => {
  const { base } = await withJob()
  await base.cloud.deadLetters.send(JSON.stringify(CLICKS))
  await base.cloud.deadLetters.send(JSON.stringify({ version: "1.0", requestPayload: CLICKS }))
  await base.cloud.deadLetters.send(JSON.stringify({ job: "gone", tasks: [0] }))
  const result = await createMaintain(base).handle({ redrive: { max: 10 } }, ample)
  expect(result).toMatchObject({ redriven: 3, failed: 0 })
  expect(wakesOf(base)).toHaveLength(2)
})

test("jobs are seen and steered over HTTP, and whoever runs them is told", async () => {
  const { base, log, input, cold, runs } = await withJob()
  const key = `mr_${"k".repeat(43)}`
  await keyStore(base.ports).ensure(key, "first", ["*"])
  const api = createApiFunction(cold())
  const call = async (target: string) => {
    const { status, text } = await callHttp(api, target, { headers: { authorization: `Bearer ${key}` } })
    return { status, json: JSON.parse(text) }
  }
  await produce(log, input)
  await runs().handle(CLICKS, ample)
  expect((await call("GET /jobs/clicks")).json).toMatchObject({
    state: "running",
    tasks: [{ records_in: input.length, lag: 0 }],
  })
  expect(wakesOf(base)).toEqual([])
  expect(await call("POST /jobs/clicks/pause")).toMatchObject({ status: 200, json: { state: "paused" } })
  await call("POST /jobs/clicks/resume")
  const woken = { functionName: "process-clicks", event: CLICKS }
  expect(wakesOf(base)).toEqual([woken, woken])
  base.cloud.failure = new Error("throttled")
  expect((await call("POST /jobs/clicks/reset")).status).toBe(200)
  base.cloud.failure = undefined
  await runs().handle(CLICKS, ample)
  expect((await call("GET /jobs/clicks")).json).toMatchObject({ generation: 3, tasks: [{ lag: 0 }] })
})

test("the tick deletes what a job no longer needs, after an hour, and the job goes on", async () => {
  const { base, log, input, runs } = await withJob()
  const records = () => [...base.ports.stores.items("meta")].filter(({ sk }) => sk.startsWith("c#")).length
  const run = runs(base)
  const maintain = createMaintain(base)
  for (let at = 0; at < 50; at += 5) {
    await produce(log, input.slice(at, at + 5))
    await run.handle(CLICKS, ample)
  }
  const all = records()
  expect(all).toBeGreaterThan(8)
  await maintain.handle(null, ample)
  expect(records()).toBe(all)
  for (let hours = 0; hours < 2; hours++) {
    base.ports.advance(3_600_000)
    await produce(log, input.slice(50 + hours * 5, 55 + hours * 5))
    await run.handle(CLICKS, ample)
  }
  await maintain.handle(null, ample)
  expect(records()).toBeLessThan(5)
  await produce(log, input.slice(60))
  await runs().handle(CLICKS, ample)
  expect(await results(log)).toEqual(oracle(input))
})
