import { expect, test } from "vitest"
import type { TaskRunner } from "../../shared/processing/task/runner.ts"
import type { Faults, StoreCall } from "../../shared/storage/memory/faults.ts"
import { clickJob, definitionOf, endOf, oracle, randomClicks } from "./task-jobs.ts"
import { another, chance, drain, host, makeTopics, produce, results } from "./task-support.ts"

const USERS = ["ann", "bob", "gus"]
const job = clickJob()

/** Holds calls back from the moment when a call is met. */
class Freezer implements Faults {
  readonly #meets: (call: StoreCall) => boolean
  readonly #thawed: Promise<void>
  thaw: () => void = () => {}
  readonly frozen: Promise<void>
  #freeze: () => void = () => {}
  #met = false
  #over = false

  constructor(meets: (call: StoreCall) => boolean) {
    this.#meets = meets
    this.#thawed = new Promise(resolve => {
      this.thaw = () => {
        this.#over = true
        resolve()
      }
    })
    this.frozen = new Promise(resolve => {
      this.#freeze = resolve
    })
  }

  async before(call: StoreCall): Promise<undefined> {
    if (!this.#met && this.#meets(call)) {
      this.#met = true
      this.#freeze()
    }
    if (this.#met && !this.#over) await this.#thawed
    return undefined
  }
}

const isCommit = (call: StoreCall) => call.operation === "put" && call.key.startsWith("task#")
const isSlot = (call: StoreCall) => call.operation === "put" && call.table === "log"

async function started(count = 120) {
  const home = host()
  await makeTopics(home.log)
  await home.jobs.create(definitionOf(job), "app:test")
  const input = [...randomClicks(chance(5), count, USERS), ...endOf(USERS)]
  return { home, input }
}

async function drainSteadily(runner: TaskRunner): Promise<void> {
  for (;;) {
    const outcome = await drain(runner)
    if (outcome.kind === "idle") return
  }
}

test("two runners of one task at once: each record is counted once", async () => {
  const { home, input } = await started()
  const rivals = [another(home).runner(job), another(home).runner(job), home.runner(job)]
  for (let from = 0; from < input.length; from += 20) {
    await produce(home.log, input.slice(from, from + 20))
    await Promise.all(rivals.map(drainSteadily))
  }
  expect(await results(home.log)).toEqual(oracle(input))
})

for (const [what, meets] of [
  ["before its commit", isCommit],
  ["between commit and publication", isSlot],
] as const) {
  for (const hours of [0, 3]) {
    test(`a worker frozen ${what} for ${hours} h while the job goes on in a new generation`, async () => {
      const { home, input } = await started()
      await produce(home.log, input.slice(0, 40))
      await drain(home.runner(job))
      await produce(home.log, input.slice(40, 60))
      const freezer = new Freezer(meets)
      const zombieHost = another(home, { faults: freezer })
      const zombie = zombieHost.runner(job)
      zombie.wake()
      const last = zombie.step().catch((error: unknown) => error)
      await freezer.frozen
      await home.jobs.pause("clicks")
      await home.jobs.resume("clicks")
      await produce(home.log, input.slice(60))
      await drain(home.runner(job))
      home.ports.advance(hours * 3_600_000)
      freezer.thaw()
      await last
      await drain(zombie)
      await drain(home.runner(job))
      expect(await results(home.log)).toEqual(oracle(input))
      await zombieHost.log.close()
    })
  }
}

test("a task that is sealed while it publishes: whoever seals it publishes the rest", async () => {
  const { home, input } = await started()
  await produce(home.log, input)
  const freezer = new Freezer(isSlot)
  const worker = another(home, { faults: freezer })
  const runner = worker.runner(job)
  runner.wake()
  const last = runner.step().catch((error: unknown) => error)
  await freezer.frozen
  await home.jobs.pause("clicks")
  const expected = oracle(input)
  expect(await results(home.log)).toEqual(expected)
  freezer.thaw()
  await last
  expect(await drain(runner)).toEqual({ kind: "stopped", why: "paused" })
  expect(await results(home.log)).toEqual(expected)
})

test("warm state that an unfinished batch has touched is not used again", async () => {
  const { home, input } = await started()
  let fails = 0
  const faults: Faults = {
    async before(call) {
      // Every commit's first tries are answered by nothing, and not applied.
      if (isCommit(call) && fails++ % 3 !== 2) return { kind: "throttle" }
      return undefined
    },
  }
  const worker = another(home, { faults })
  const runner = worker.runner(job)
  for (let from = 0; from < input.length; from += 40) {
    await produce(home.log, input.slice(from, from + 40))
    await drain(runner)
  }
  expect(await results(home.log)).toEqual(oracle(input))
})
