import { expect, test } from "vitest"
import { type CollectCursor, collectStep } from "../../shared/processing/jobs/collect-commits.ts"
import { clickJob, definitionOf, endOf, oracle, randomClicks } from "./task-jobs.ts"
import { another, chance, drain, type Host, host, makeTopics, produce, results } from "./task-support.ts"

const USERS = ["ann", "bob", "gus"]
const job = clickJob()
const HOUR_MS = 3_600_000

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
