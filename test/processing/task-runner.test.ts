import { expect, test } from "vitest"
import { clickJob, definitionOf, endOf, oracle, randomClicks } from "./task-jobs.ts"
import { another, chance, drain, host, makeTopics, produce, results } from "./task-support.ts"

const USERS = ["ann", "bob", "cid", "gus", "eve"]

test("a job's results are what a batch computation gives", async () => {
  const home = host()
  await makeTopics(home.log)
  const job = clickJob()
  await home.jobs.create(definitionOf(job), "app:test")
  const input = [...randomClicks(chance(1), 200, USERS), ...endOf(USERS)]
  const runner = home.runner(job)
  for (let from = 0; from < input.length; from += 37) {
    await produce(home.log, input.slice(from, from + 37))
    expect((await drain(runner)).kind).toBe("idle")
  }
  expect(await results(home.log)).toEqual(oracle(input))
})

test("a runner that starts anew goes on where the last commit stands", async () => {
  const home = host()
  await makeTopics(home.log)
  const job = clickJob()
  await home.jobs.create(definitionOf(job), "app:test")
  const input = [...randomClicks(chance(2), 200, USERS), ...endOf(USERS)]
  for (let from = 0; from < input.length; from += 37) {
    await produce(home.log, input.slice(from, from + 37))
    await drain(another(home).runner(job))
  }
  expect(await results(home.log)).toEqual(oracle(input))
})
