import { expect, test } from "vitest"
import { type CollectCursor, collectStep } from "../../shared/processing/jobs/collect-commits.ts"
import { JobCollector } from "../../shared/processing/jobs/job-collector.ts"
import { removeJob } from "../../shared/processing/jobs/remove-job.ts"
import { clickJob, definitionOf, endOf, oracle, randomClicks } from "./task-jobs.ts"
import { another, chance, drain, type Host, host, makeTopics, produce, results } from "./task-support.ts"

const USERS = ["ann", "bob", "gus"]
const job = clickJob()
const HOUR_MS = 3_600_000

/** All that one tick after the other finds. */
async function tick(home: Host, collector = new JobCollector()): Promise<void> {
  const context = { ports: home.ports, commits: home.commits, savepoints: home.jobs.savepoints }
  for (const { name } of await home.jobs.store.list()) {
    await collector.collect(context, home.jobs.store, name, () => true)
  }
  await collector.collectRemoved(context, () => true)
}

const idOf = async (home: Host) => (await home.jobs.store.get("clicks")).item.id

/** All steps there are. */
async function collect(home: Host): Promise<{ records: number; objects: number }> {
  const read = await home.jobs.store.get("clicks")
  const context = { ports: home.ports, commits: home.commits, savepoints: home.jobs.savepoints }
  const sum = { records: 0, objects: 0 }
  let at: CollectCursor | undefined = { generation: read.item.generation, task: 0 }
  while (at !== undefined) {
    const step: Awaited<ReturnType<typeof collectStep>> = await collectStep(context, read, at)
    sum.records += step.records
    sum.objects += step.objects
    at = step.next
  }
  return sum
}

const chains = (home: Host) =>
  [...home.ports.stores.items("meta")].filter(({ pk, sk }) => pk.startsWith("task#") && sk.startsWith("c#"))

test("old records and their objects go; head, savepoints and what they need stay", async () => {
  const home = host({ commits: { inlineBytesMax: 0 } })
  await makeTopics(home.log)
  await home.jobs.create(definitionOf(job), "app:test")
  const input = [...randomClicks(chance(9), 200, USERS), ...endOf(USERS)]
  const runner = home.runner(job)
  const work = async (from: number, to: number) => {
    for (let at = from; at < to; at += 5) {
      await produce(home.log, input.slice(at, Math.min(at + 5, to)))
      await drain(runner)
    }
  }
  await work(0, 60)
  await home.jobs.takeSavepoint("clicks", "s")
  await work(60, 120)
  expect(await collect(home)).toEqual({ records: 0, objects: 0 })
  home.ports.advance(HOUR_MS)
  await work(120, 150)
  home.ports.advance(HOUR_MS)
  const before = home.ports.stores.objectKeys().length
  const gone = await collect(home)
  expect(gone.records).toBeGreaterThan(20)
  expect(gone.objects).toBeGreaterThan(10)
  expect(home.ports.stores.objectKeys().length).toBe(before - gone.objects)
  expect((await collect(home)).records).toBe(0)
  // Another process recovers from what is left.
  const heir = another(home)
  await drain(heir.runner(job))
  await produce(home.log, input.slice(150))
  await drain(heir.runner(job))
  expect(await results(home.log)).toEqual(oracle(input))
  // A generation that ended goes too, but for what the savepoint pins.
  await home.jobs.pause("clicks")
  await home.jobs.resume("clicks")
  await drain(runner)
  home.ports.advance(2 * HOUR_MS)
  await collect(home)
  await collect(home)
  const left = chains(home).filter(({ pk }) => pk.includes("#1#0#0"))
  expect(left.length).toBeLessThanOrEqual(2)
  await home.jobs.restore("clicks", "s")
  await drain(another(home).runner(job))
  expect(new Set((await results(home.log)).seen)).toEqual(new Set(oracle(input).seen))
})

/** A job with some commits, all in objects. */
async function worked() {
  const home = host({ commits: { inlineBytesMax: 0 } })
  await makeTopics(home.log)
  await home.jobs.create(definitionOf(job), "app:test")
  const input = [...randomClicks(chance(4), 60, USERS), ...endOf(USERS)]
  const runner = home.runner(job)
  for (let at = 0; at < 40; at += 10) {
    await produce(home.log, input.slice(at, at + 10))
    await drain(runner)
  }
  return { home, input, runner }
}

test("objects that no record names go once they are a day old; all others stay", async () => {
  const { home, input, runner } = await worked()
  const id = await idOf(home)
  // Of a commit that was cut off before its record; of one that another worker won; of nothing that is known here.
  const lost = [`job/${id}/1/0-0/2-cut`, `job/${id}/1/0-0/99999-lost`]
  const foreign = [`job/${id}/notes/1`, `job/${id}/1/0-0/x/2-y`, "job/other/1/0-0/2-z"]
  for (const key of [...lost, ...foreign]) await home.ports.objects.put(key, new Uint8Array(9))
  const all = () => new Set(home.ports.stores.objectKeys())
  const before = all()
  await tick(home)
  home.ports.advance(23 * HOUR_MS)
  await produce(home.log, input.slice(40, 50))
  await drain(runner)
  await tick(home)
  for (const key of [...lost, ...foreign]) expect(all()).toContain(key)
  home.ports.advance(1.1 * HOUR_MS)
  const young = `job/${id}/1/0-0/3-young`
  await home.ports.objects.put(young, new Uint8Array(9))
  await tick(home)
  for (const key of lost) expect(all()).not.toContain(key)
  for (const key of [...foreign, young]) expect(all()).toContain(key)
  // What the head's state is made of is as old, and there.
  expect([...before].filter(key => all().has(key)).length).toBeGreaterThan(foreign.length)
  const heir = another(home)
  await produce(home.log, input.slice(50))
  await drain(heir.runner(job))
  expect(await results(home.log)).toEqual(oracle(input))
})

test("what only a savepoint of an earlier generation needs stays, and it can be restored", async () => {
  const { home, input, runner } = await worked()
  await home.jobs.takeSavepoint("clicks", "s")
  for (let times = 0; times < 2; times++) {
    await home.jobs.reset("clicks")
    await drain(runner)
  }
  home.ports.advance(26 * HOUR_MS)
  for (let ticks = 0; ticks < 3; ticks++) await tick(home)
  home.ports.advance(26 * HOUR_MS)
  await tick(home)
  await home.jobs.restore("clicks", "s")
  await produce(home.log, input.slice(40))
  await drain(another(home).runner(job))
  const { seen } = await results(home.log)
  expect(seen).toEqual(expect.arrayContaining([...new Set(oracle(input).seen)]))
})

test("of a removed job nothing is left after a day, and nothing of any other is touched", async () => {
  const { home, input } = await worked()
  const id = await idOf(home)
  await home.jobs.takeSavepoint("clicks", "s")
  await home.jobs.detach("clicks")
  await removeJob(home.ports, home.jobs, "clicks")
  await home.jobs.create(definitionOf(job), "app:test")
  const heir = another(home).runner(job)
  await produce(home.log, input.slice(40))
  await drain(heir)
  const given = await results(home.log)
  const items = (prefix: string) => chains(home).filter(({ pk }) => pk.startsWith(prefix)).length
  const objects = () => home.ports.stores.objectKeys().filter(key => key.startsWith(`job/${id}/`)).length
  const notes = () => [...home.ports.stores.items("meta")].filter(({ pk }) => pk === "removed-jobs").length
  expect([items(`task#${id}#`) > 0, objects() > 0, notes()]).toEqual([true, true, 1])
  const collector = new JobCollector()
  home.ports.advance(HOUR_MS)
  await tick(home, collector)
  expect(items(`task#${id}#`)).toBeGreaterThan(0)
  home.ports.advance(HOUR_MS)
  await tick(home, collector)
  expect([items(`task#${id}#`), objects() > 0, notes()]).toEqual([0, true, 1])
  home.ports.advance(23 * HOUR_MS)
  await tick(home, collector)
  home.ports.advance(HOUR_MS)
  await tick(home, collector)
  expect([objects(), notes(), items(`task#${await idOf(home)}#`) > 0]).toEqual([0, 0, true])
  await drain(another(home).runner(job))
  expect(await results(home.log)).toEqual(given)
})
