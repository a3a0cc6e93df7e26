import { expect, test } from "vitest"
import { LogError } from "../../shared/log/errors.ts"
import type { Log } from "../../shared/log/types.ts"
import { SKIP_MISSING_MS } from "../../shared/processing/jobs/lifecycle.ts"
import { viewTasks } from "../../shared/processing/jobs/view-job.ts"
import { type Click, clickJob, definitionOf, endOf, oracle, randomClicks } from "./task-jobs.ts"
import {
  another,
  chance,
  drain,
  type Host,
  host,
  makeTopics,
  produce,
  results,
  valuesOf,
} from "./task-support.ts"

const USERS = ["ada", "bob", "cyd"]
const INPUTS = randomClicks(chance(5), 120, USERS)

/** The log as it is after retention: what is below `starts`, by partition, is not there any more. */
function shortened(log: Log, starts: readonly number[]): Log {
  const fetch: Log["fetch"] = async (topicId, partition, request) => {
    const start = starts[partition] ?? 0
    const { name } = await log.topicById(topicId)
    if (name !== "clicks" || request.offset >= start) return log.fetch(topicId, partition, request)
    throw new LogError("offset_out_of_range", "it is gone", { detail: { start } })
  }
  return new Proxy(log, {
    get(target, name) {
      if (name === "fetch") return fetch
      const value = target[name as keyof Log] as unknown
      return typeof value === "function" ? value.bind(target) : value
    },
  })
}

async function behind(options: Parameters<typeof clickJob>[0] = {}) {
  const first = host()
  await makeTopics(first.log)
  const job = clickJob(options)
  await first.jobs.create(definitionOf(job), "app:shop")
  await produce(first.log, INPUTS.slice(0, 40))
  await drain(first.runner(job))
  await produce(first.log, [...INPUTS.slice(40), ...endOf(USERS)])
  return { first, job }
}

/** Where each partition of the input is read to, in their order. */
async function positions({ jobs, commits, log }: Host): Promise<(number | undefined)[]> {
  const { item } = await jobs.store.get("clicks")
  const views = (await viewTasks(commits, log, item)).flatMap(({ inputs }) => inputs)
  return views.sort((left, right) => left.partition - right.partition).map(({ next }) => next)
}

const fault = async ({ jobs }: Host) => (await jobs.store.get("clicks")).item.fault

test("records that were deleted before they were read fail the job, with how many and where; so does a bare resume", async () => {
  const { first, job } = await behind()
  const [next = 0] = await positions(first)
  const log = shortened(first.log, [next + 3])
  for (let tries = 0; tries < 2; tries++) {
    const outcome = await drain(another(first).runner(job, { log }))
    expect(outcome).toEqual({ kind: "stopped", why: "failed" })
    expect(await fault(first)).toEqual({
      task: 0,
      error: `3 records from offset ${next} on were deleted before they were read: expected a resume that skips what is missing, or a reset`,
      at: { topic: "clicks", partition: 0, offset: next },
      missingTo: next + 3,
    })
    await first.jobs.resume("clicks")
  }
  // Nothing is lost that came back.
  await drain(another(first).runner(job))
  expect(await results(first.log)).toEqual(oracle([...INPUTS, ...endOf(USERS)]))
})

test("a resume that skips what is missing goes on from where the log begins, and counts it", async () => {
  const { first, job } = await behind()
  const at = (await positions(first)).map(next => next ?? 0)
  const starts = at.map((next, partition) => next + partition)
  const log = shortened(first.log, starts)
  expect((await drain(another(first).runner(job, { log }))).kind).toBe("stopped")
  await first.jobs.resume("clicks", { skipMissing: true })
  expect((await drain(another(first).runner(job, { log }))).kind).toBe("idle")
  const { item } = await first.jobs.store.get("clicks")
  expect(item).toMatchObject({ state: "running" })
  const [task] = await viewTasks(first.commits, first.log, item)
  expect(task).toMatchObject({ counters: { missed: 1 + 2, recordsIn: INPUTS.length + 3 - 3 } })
  expect(await results(first.log)).toEqual(oracle(await withoutMissing(first, at, starts)))
})

/** What the job could read. */
async function withoutMissing({ log }: Host, at: readonly number[], starts: readonly number[]) {
  const all = await valuesOf<Click>(log, "clicks")
  const ends = await ends0(log)
  let base = 0
  return ends.flatMap((end, partition) => {
    const own = all.slice(base, base + end)
    base += end
    return own.filter((_, offset) => offset < at[partition]! || offset >= starts[partition]!)
  })
}

async function ends0(log: Log): Promise<number[]> {
  const { id, partitions } = await log.topic("clicks")
  const ends = Array.from({ length: partitions }, (_, partition) => log.offsets(id, partition))
  return (await Promise.all(ends)).map(({ lastStableOffset }) => lastStableOffset)
}

test("what is lost later than that is told again", async () => {
  const { first, job } = await behind()
  const [next = 0] = await positions(first)
  await first.jobs.resume("clicks", { skipMissing: true })
  first.ports.advance(SKIP_MISSING_MS + 1)
  const late = another(first)
  late.ports.advance(SKIP_MISSING_MS + 1)
  const log = shortened(first.log, [next + 1])
  expect(await drain(late.runner(job, { log }))).toEqual({ kind: "stopped", why: "failed" })
  await first.jobs.resume("clicks", { skipMissing: true })
  expect((await drain(late.runner(job, { log }))).kind).toBe("idle")
})
