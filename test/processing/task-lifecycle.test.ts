import { expect, test } from "vitest"
import { topic } from "../../shared/definition/index.ts"
import { JobError } from "../../shared/processing/jobs/job-error.ts"
import { Click, clickJob, definitionOf, endOf, oracle, randomClicks } from "./task-jobs.ts"
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

const USERS = ["ann", "bob", "gus"]
const job = clickJob()

async function started(of = job): Promise<Host> {
  const home = host()
  await makeTopics(home.log)
  await home.jobs.create(definitionOf(of), "app:test")
  return home
}

async function failure(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof JobError)) throw new Error(`no JobError: ${String(error)}`)
  return error.code
}

const input = [...randomClicks(chance(7), 90, USERS), ...endOf(USERS)]
const [first, second, third] = [input.slice(0, 30), input.slice(30, 60), input.slice(60)]

test("a paused job does nothing; resumed, it goes on", async () => {
  const home = await started()
  const runner = home.runner(job)
  await produce(home.log, first)
  await drain(runner)
  const { item } = await home.jobs.pause("clicks")
  expect([item.state, item.generation]).toEqual(["paused", 2])
  await produce(home.log, [...second, ...third])
  expect(await drain(runner)).toEqual({ kind: "stopped", why: "paused" })
  await home.jobs.resume("clicks")
  await drain(runner)
  expect(await results(home.log)).toEqual(oracle(input))
})

test("a restored savepoint: later results stay, and are given again", async () => {
  const home = await started()
  const runner = home.runner(job)
  await produce(home.log, first)
  await drain(runner)
  await home.jobs.takeSavepoint("clicks", "before")
  const upToSavepoint = await results(home.log)
  await produce(home.log, second)
  await drain(runner)
  const later = (await results(home.log)).seen.filter(row => !upToSavepoint.seen.includes(row))
  expect(later.length).toBeGreaterThan(0)
  await home.jobs.restore("clicks", "before")
  await produce(home.log, third)
  await drain(runner)
  const expected = oracle(input)
  expect((await results(home.log)).seen).toEqual([...expected.seen, ...later].sort())
  expect(new Set((await results(home.log)).sums)).toEqual(new Set(expected.sums))
  expect(
    (await home.jobs.savepoints.list((await home.jobs.store.get("clicks")).item.id)).map(({ id }) => id),
  ).toEqual(["before"])
})

test("faults of savepoints have codes, and the job goes on", async () => {
  const home = await started()
  await drain(home.runner(job))
  await home.jobs.takeSavepoint("clicks", "s")
  expect(await failure(home.jobs.takeSavepoint("clicks", "s"))).toBe("savepoint_exists")
  expect(await failure(home.jobs.restore("clicks", "t"))).toBe("unknown_savepoint")
  expect(await failure(home.jobs.pause("other"))).toBe("unknown_job")
  expect(await failure(home.jobs.create(definitionOf(job), "http"))).toBe("job_exists")
  await produce(home.log, input)
  await drain(home.runner(job))
  expect(await results(home.log)).toEqual(oracle(input))
})

test("a reset job begins anew, under new producers", async () => {
  const home = await started()
  const runner = home.runner(job)
  await produce(home.log, input)
  await drain(runner)
  await home.jobs.reset("clicks")
  await drain(runner)
  const { sums, seen } = oracle(input)
  expect(await results(home.log)).toEqual({
    sums: [...sums, ...sums].sort(),
    seen: [...seen, ...seen].sort(),
  })
})

test("an upgrade keeps the state of steps that stay; what is taken out does not come back", async () => {
  const home = await started()
  await produce(home.log, first)
  await drain(home.runner(job))
  const without = clickJob({ seen: false, dropState: ["process"] })
  await home.jobs.define("clicks", definitionOf(without))
  expect(await drain(home.runner(job))).toEqual({ kind: "stopped", why: "other_digest" })
  await produce(home.log, second)
  await drain(home.runner(without))
  const again = clickJob({ version: 3 })
  await home.jobs.define("clicks", definitionOf(again))
  await produce(home.log, third)
  await drain(another(home).runner(again))
  const found = await results(home.log)
  expect(found.sums).toEqual(oracle(input).sums)
  // The count began anew with the third part.
  const known = new Set([...first, ...second].map(({ id }) => id))
  const fresh = third.filter(({ id }) => !known.has(id))
  expect(found.seen).toEqual([...oracle(first).seen, ...oracle(fresh).seen].sort())
})

test("state that is to be dropped is, once, whether the graph changes or not", async () => {
  const home = await started()
  await produce(home.log, first)
  await drain(home.runner(job))
  const dropping = clickJob({ dropState: ["process"] })
  const { item } = await home.jobs.define("clicks", definitionOf(dropping))
  expect(item.generation).toBe(2)
  // A deployment of the same again changes nothing.
  expect((await home.jobs.define("clicks", definitionOf(dropping))).item.generation).toBe(2)
  await produce(home.log, second)
  await drain(home.runner(dropping))
  const later = clickJob({ dropState: ["process"], version: 2 })
  await home.jobs.define("clicks", definitionOf(later))
  await produce(home.log, third)
  await drain(another(home).runner(later))
  const found = await results(home.log)
  expect(found.sums).toEqual(oracle(input).sums)
  // The count began anew with the second part, and not with the third.
  const known = new Set(first.map(({ id }) => id))
  const fresh = [...second, ...third].filter(({ id }) => !known.has(id))
  expect(found.seen).toEqual([...oracle(first).seen, ...oracle(fresh).seen].sort())
})

test("a savepoint that does not fit is refused with what does not fit", async () => {
  const home = await started(clickJob({ seen: false }))
  await drain(home.runner(clickJob({ seen: false })))
  const { item } = await home.jobs.define("clicks", definitionOf(job))
  expect(item.generation).toBe(2)
  await drain(home.runner(job))
  await home.jobs.takeSavepoint("clicks", "with")
  await home.jobs.define("clicks", definitionOf(clickJob({ seen: false })))
  expect(await failure(home.jobs.restore("clicks", "with"))).toBe("savepoint_misfit")
  expect((await home.jobs.store.get("clicks")).item.intent).toBeUndefined()
})

test("a poison record stops the task and is shown; resumed with better code, it goes on", async () => {
  const bad = clickJob({ poisonId: "c40" })
  const home = await started(bad)
  await produce(home.log, input)
  expect(await drain(home.runner(bad))).toEqual({ kind: "stopped", why: "failed" })
  const { item } = await home.jobs.store.get("clicks")
  expect(item.state).toBe("failed")
  expect(item.fault).toMatchObject({ task: 0, error: "Error: no c40", at: { topic: "clicks" } })
  expect(item.fault?.record).toContain('"c40"')
  await home.jobs.resume("clicks")
  await drain(home.runner(job))
  expect(await results(home.log)).toEqual(oracle(input))
})

const letters = topic("letters", { schema: Click })

test("poison records are skipped and counted, or go to a topic", async () => {
  for (const poison of ["skip", { deadLetter: letters }] as const) {
    const lenient = clickJob({ poisonId: "c40", poison })
    const home = await started(lenient)
    await home.log.createTopic({ name: "letters", partitions: 1, owner: "http" })
    const runner = home.runner(lenient)
    await produce(home.log, input)
    await drain(runner)
    expect(await results(home.log)).toEqual(oracle(input.filter(({ id }) => id !== "c40")))
    const times = input.filter(({ id }) => id === "c40").length
    expect(runner.status()?.counters.skipped).toBe(times)
    const dead = await valuesOf<Click>(home.log, "letters")
    expect(dead.map(({ id }) => id)).toEqual(poison === "skip" ? [] : Array(times).fill("c40"))
  }
})

test("starting offsets are resolved when the job first starts, and only then", async () => {
  const late = clickJob({ startingOffsets: "latest" })
  const home = await started(late)
  await produce(home.log, first)
  const runner = home.runner(late)
  await drain(runner)
  await produce(home.log, [...second, ...third])
  await drain(another(home).runner(late))
  expect(await results(home.log)).toEqual(oracle([...second, ...third]))
})

test("a bounded run ends where its input ended at its start", async () => {
  const bounded = clickJob({ bounded: true })
  const home = await started(bounded)
  const runner = home.runner(bounded)
  await produce(home.log, first)
  await runner.step()
  await produce(home.log, second)
  expect(await drain(runner)).toEqual({ kind: "stopped", why: "finished" })
  expect((await home.jobs.store.get("clicks")).item.finished).toBe(true)
  expect(await results(home.log)).toEqual(oracle(first))
  await home.jobs.reset("clicks")
  await drain(runner)
  const both = oracle([...first, ...second])
  expect((await results(home.log)).sums).toEqual([...oracle(first).sums, ...both.sums].sort())
})

test("a task for each partition: together they give what one gives", async () => {
  const spread = clickJob({ parallelism: "per-partition" })
  const home = await started(spread)
  expect((await home.jobs.store.get("clicks")).item.tasks.length).toBe(3)
  await produce(home.log, input)
  for (let task = 0; task < 3; task++) await drain(home.runner(spread, { task }))
  expect(await drain(home.runner(spread, { task: 3 }))).toEqual({ kind: "stopped", why: "no_task" })
  expect(await results(home.log)).toEqual(oracle(input))
})

test("partitions that an input grows by are read from their start, by the generation that runs", async () => {
  const home = await started()
  const runner = home.runner(job)
  await produce(home.log, first)
  await drain(runner)
  const { item } = await home.jobs.store.get("clicks")
  await home.log.alterTopic("clicks", (await home.log.topic("clicks")).owner, { partitions: 5 })
  await produce(home.log, [...second, ...third])
  const { refreshTasks } = await import("../../shared/processing/jobs/assign-partitions.ts")
  await refreshTasks({ jobs: home.jobs.store, log: home.log }, "clicks", [{ topics: ["clicks"] }])
  await drain(runner)
  const grown = (await home.jobs.store.get("clicks")).item
  expect([grown.generation, grown.tasks[0]?.length]).toEqual([item.generation, 5])
  // Windows wait for partitions that nothing came to, as for any that are new; what is counted per record does not.
  const rows = (all: readonly string[]) => all.map(row => row.split("=")[0]).sort()
  expect(rows((await results(home.log)).seen)).toEqual(rows(oracle(input).seen))
})

test("an input topic that is made anew is read from its start; the old one has ended", async () => {
  const home = await started()
  const runner = home.runner(job)
  await produce(home.log, first)
  await drain(runner)
  await home.log.deleteTopic("clicks", "http")
  await drain(runner)
  expect(runner.status()?.inputs.every(({ deleted }) => deleted)).toBe(true)
  await home.log.createTopic({ name: "clicks", partitions: 3, owner: "http" })
  await produce(home.log, [...second, ...third])
  const { refreshTasks } = await import("../../shared/processing/jobs/assign-partitions.ts")
  await refreshTasks({ jobs: home.jobs.store, log: home.log }, "clicks", [{ topics: ["clicks"] }])
  await drain(runner)
  expect((await results(home.log)).sums).toEqual(oracle(input).sums)
})
