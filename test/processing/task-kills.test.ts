import { expect, test } from "vitest"
import type { Job } from "../../shared/definition/job/job.ts"
import { type Click, clickJob, definitionOf, endOf, oracle, randomClicks } from "./task-jobs.ts"
import {
  another,
  chance,
  drain,
  type Host,
  host,
  Killer,
  makeTopics,
  produce,
  results,
} from "./task-support.ts"

// A process is killed at each of its store calls, which is applied and never answered; another goes on.

const USERS = ["ann", "bob", "gus"]
const input = [...randomClicks(chance(3), 40, USERS), ...endOf(USERS)]
const parts = [input.slice(0, 15), input.slice(15, 30), input.slice(30)]

interface Scenario {
  readonly name: string
  /** What the process does that is killed. `feed` appends the next records, by another process. */
  readonly act: (victim: Host, feed: () => Promise<void>) => Promise<void>
  /** What the next process runs. */
  readonly job?: Job
}

const job = clickJob()
const next = clickJob({ version: 2 })

const scenarios: readonly Scenario[] = [
  {
    name: "work",
    async act(victim, feed) {
      const runner = victim.runner(job)
      for (const _ of parts) {
        await feed()
        await drain(runner)
      }
    },
  },
  {
    name: "work with state in objects, by runners that start anew",
    async act(victim, feed) {
      for (const _ of parts) {
        await feed()
        await drain(victim.runner(job))
      }
    },
  },
  {
    name: "pause, resume, savepoint",
    async act(victim, feed) {
      await feed()
      await drain(victim.runner(job))
      await victim.jobs.pause("clicks")
      await feed()
      await drain(victim.runner(job))
      await victim.jobs.takeSavepoint("clicks", "s")
      await victim.jobs.resume("clicks")
      await drain(victim.runner(job))
    },
  },
  {
    name: "upgrade",
    job: next,
    async act(victim, feed) {
      await feed()
      await drain(victim.runner(job))
      await feed()
      await victim.jobs.define("clicks", definitionOf(next))
      await drain(victim.runner(next))
    },
  },
]

async function run(scenario: Scenario, killer: Killer): Promise<Host> {
  const home = host({ seed: 1 })
  await makeTopics(home.log)
  await home.jobs.create(definitionOf(job), "app:test")
  let fed = 0
  const feed = () => produce(home.log, parts[fed++] as Click[])
  const inObjects = scenario.name.includes("objects") ? { commits: { inlineBytesMax: 0 } } : {}
  const victim = another(home, { faults: killer, seed: 2, ...inObjects })
  await Promise.race([scenario.act(victim, feed), killer.dead])
  // What was left to the victim is done by another.
  const heir = another(home, { seed: 3 })
  const definition = definitionOf(scenario.job ?? job)
  await heir.jobs.carry("clicks")
  await heir.jobs.define("clicks", definition)
  await heir.jobs.resume("clicks")
  while (fed < parts.length) await feed()
  await drain(heir.runner(scenario.job ?? job))
  return heir
}

for (const scenario of scenarios) {
  test(`killed at any call of: ${scenario.name}`, async () => {
    const expected = oracle(input)
    const count = new Killer(0, false)
    expect(await results((await run(scenario, count)).log)).toEqual(expected)
    expect(count.calls).toBeGreaterThan(20)
    // Killed before a call is applied is as killed after the one before it.
    for (let at = 1; at <= count.calls; at++) {
      const heir = await run(scenario, new Killer(at, true))
      expect(await results(heir.log), `killed after call ${at}`).toEqual(expected)
    }
  })
}
