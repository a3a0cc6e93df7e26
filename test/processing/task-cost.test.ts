import { expect, test } from "vitest"
import type { TaskRunner } from "../../shared/processing/task/runner.ts"
import { clickJob, definitionOf, randomClicks } from "./task-jobs.ts"
import { another, chance, drain, type Host, host, makeTopics, produce } from "./task-support.ts"

const USERS = ["ann", "bob", "gus"]
const job = clickJob()

async function warm(inlineBytesMax?: number): Promise<{ home: Host; worker: Host; runner: TaskRunner }> {
  const home = host()
  await makeTopics(home.log)
  await home.jobs.create(definitionOf(job), "app:test")
  await produce(home.log, randomClicks(chance(4), 30, USERS))
  const worker = another(home, inlineBytesMax === undefined ? {} : { commits: { inlineBytesMax } })
  const runner = worker.runner(job)
  await drain(runner)
  return { home, worker, runner }
}

/** Which items a process puts. */
function puts(of: Host, before: ReadonlySet<string>): string[] {
  const found: string[] = []
  for (const table of ["meta", "log"] as const) {
    for (const { pk, sk, version } of of.ports.stores.items(table)) {
      if (!before.has(version))
        found.push(pk.startsWith("task#") ? "commit" : sk.startsWith("s#") ? "slot" : `${pk} ${sk}`)
    }
  }
  return found.sort()
}

function versions(of: Host): Set<string> {
  const found = new Set<string>()
  for (const table of ["meta", "log"] as const)
    for (const { version } of of.ports.stores.items(table)) found.add(version)
  return found
}

for (const inlineBytesMax of [undefined, 0]) {
  test(`a warm commit: one put, ${inlineBytesMax === 0 ? "one object" : "no object"}, one slot for each output partition`, async () => {
    const { home, worker, runner } = await warm(inlineBytesMax)
    for (const users of [["ann"], USERS]) {
      await produce(
        home.log,
        randomClicks(chance(users.length), 20, users).map(click => ({
          ...click,
          id: `${users.length}${click.id}`,
        })),
      )
      const before = versions(home)
      worker.ports.counts.reset()
      await drain(runner)
      const made = puts(home, before)
      const { metaPut, metaTransact, objectPut, objectGet, metaGet } = worker.ports.counts.calls
      expect(made.filter(what => what === "commit")).toEqual(["commit"])
      // Windows are still open: results are the rows of `seen`, in two partitions at most.
      expect(made.every(what => what === "commit" || what === "slot")).toBe(true)
      expect(made.length).toBeLessThanOrEqual(3)
      expect([metaPut, metaTransact, objectPut]).toEqual([made.length, 0, inlineBytesMax === 0 ? 1 : 0])
      // Reads of items: the job's alone; no state is read.
      expect([objectGet, metaGet]).toEqual([0, 1])
    }
  })
}

test("a duplicate wake-up costs two metadata calls and writes nothing", async () => {
  const { home, worker, runner } = await warm()
  const { id } = await home.log.topic("clicks")
  const before = versions(home)
  worker.ports.counts.reset()
  runner.wake([{ topicId: id, partition: 0, offset: 0 }])
  expect((await runner.step()).kind).toBe("idle")
  const { metaGet, metaQuery, metaPut, objectGet, objectPut } = worker.ports.counts.calls
  expect([metaGet, metaQuery, metaPut, objectGet, objectPut]).toEqual([1, 1, 0, 0, 0])
  expect(puts(home, before)).toEqual([])
})

test("where nothing is new nothing is written", async () => {
  const { worker, runner } = await warm()
  worker.ports.counts.reset()
  for (let times = 0; times < 3; times++) await drain(runner)
  expect(worker.ports.counts.calls.metaPut).toBe(0)
})
