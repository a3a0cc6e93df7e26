import { expect, test } from "vitest"
import { defineJob, from, type Job, secret, sink } from "../../shared/definition/index.ts"
import { localJobCode } from "../../shared/processing/task/local-job-code.ts"
import { type Click, clicks, definitionOf, randomClicks } from "./task-jobs.ts"
import { another, chance, drain, host, makeTopics, produce } from "./task-support.ts"

const input = randomClicks(chance(12), 40, ["ann", "bob"])
const ids = (records: readonly Click[]) => records.map(({ id }) => id).sort()

/** A job whose sink takes each batch's records once, by the batch's id. */
function sinkJob(
  taken: Map<string, readonly Click[]>,
  fail: () => boolean,
  topics: RegExp | "clicks" = "clicks",
): Job {
  const write = async (records: readonly Click[], batch: { readonly id: string }) => {
    if (fail()) throw new Error("no answer")
    const before = taken.get(batch.id)
    if (before !== undefined) expect(ids(records)).toEqual(ids(before))
    taken.set(batch.id, records)
  }
  return defineJob("clicks", () => {
    const stream = topics === "clicks" ? from(clicks) : from<Click>(topics, { startingOffsets: "latest" })
    return stream.filter(({ amount }) => amount > 0).toSink(sink(write))
  })
}

test("a sink is given each batch again until it takes it, under the same id", async () => {
  const home = host()
  await makeTopics(home.log)
  const taken = new Map<string, readonly Click[]>()
  let calls = 0
  const job = sinkJob(taken, () => calls++ % 2 === 0)
  await home.jobs.create(definitionOf(job), "app:test")
  for (const part of [input.slice(0, 20), input.slice(20)]) {
    await produce(home.log, part)
    await expect(drain(home.runner(job))).rejects.toThrow("no answer")
    // The next workers give what this one could not.
    for (let done = false; !done; ) {
      done = await drain(another(home).runner(job)).then(
        () => true,
        () => false,
      )
    }
  }
  expect(ids([...taken.values()].flat())).toEqual(ids(input))
})

test("what is committed for a sink when its job is sealed is given by the next generation", async () => {
  const home = host()
  await makeTopics(home.log)
  const taken = new Map<string, readonly Click[]>()
  let down = true
  const job = sinkJob(taken, () => down)
  await home.jobs.create(definitionOf(job), "app:test")
  await produce(home.log, input)
  await expect(drain(home.runner(job))).rejects.toThrow("no answer")
  // Whoever pauses it has not the code; twice, so that a generation without any work lies between.
  for (let times = 0; times < 2; times++) {
    await home.jobs.pause("clicks")
    await home.jobs.resume("clicks")
  }
  expect(taken.size).toBe(0)
  down = false
  await drain(another(home).runner(job))
  expect(ids([...taken.values()].flat())).toEqual(ids(input))
})

test("a sink is given the values of its secrets, as they are at each call, and fails where one is missing", async () => {
  const home = host()
  await makeTopics(home.log)
  const met: string[] = []
  const write = async (_: readonly Click[], { secrets }: { readonly secrets: { readonly token: string } }) =>
    void met.push(secrets.token)
  const job = defineJob("clicks", () =>
    from(clicks).toSink(sink(write, { secrets: { token: secret("crm-token") } })),
  )
  const definition = definitionOf(job)
  expect(definition.secrets).toEqual(["crm-token"])
  await home.jobs.create(definition, "app:test")
  let value: string | undefined = "first"
  const code = localJobCode(job, definition, async name => {
    if (value === undefined) throw new Error(`no ${name} today`)
    return value
  })
  await produce(home.log, input.slice(0, 5))
  await drain(home.runner(code))
  await produce(home.log, input.slice(5, 10))
  value = undefined
  await expect(drain(home.runner(code))).rejects.toThrow("no crm-token today")
  value = "second"
  await drain(home.runner(code))
  expect(new Set(met)).toEqual(new Set(["first", "second"]))
  await produce(home.log, input.slice(10))
  await expect(drain(home.runner(localJobCode(job, definition)))).rejects.toThrow(
    "secret crm-token is missing: nothing here has secrets",
  )
})

test("a pattern reads topics that match: those that are there from the starting offsets, later ones from their start", async () => {
  const home = host()
  await makeTopics(home.log)
  const taken = new Map<string, readonly Click[]>()
  const job = sinkJob(taken, () => false, /^clicks/)
  await home.jobs.create(definitionOf(job), "app:test")
  await produce(home.log, input.slice(0, 10))
  const runner = home.runner(job)
  await drain(runner)
  await home.log.createTopic({ name: "clicks-more", partitions: 2, owner: "http" })
  await produce(home.log, input.slice(10), "clicks-more")
  const { refreshTasks } = await import("../../shared/processing/jobs/assign-partitions.ts")
  const sources = [{ topics: [], pattern: { source: "^clicks", flags: "" } }]
  await refreshTasks({ jobs: home.jobs.store, log: home.log }, "clicks", sources)
  await drain(runner)
  expect(ids([...taken.values()].flat())).toEqual(ids(input.slice(10)))
})
