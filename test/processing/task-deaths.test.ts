import { expect, test } from "vitest"
import { topic } from "../../shared/definition/index.ts"
import { decodeRecords, RecordCursor } from "../../shared/log/records/index.ts"
import { taskOf } from "../../shared/processing/jobs/carry-intent.ts"
import {
  CAREFUL_RECORDS,
  DEATHS_ALONE,
  DEATHS_MAX,
  DEATHS_OF_ONE,
} from "../../shared/processing/task/caution.ts"
import { OwnDeaths } from "../../shared/processing/task/deaths.ts"
import type { JobCode } from "../../shared/processing/task/job-code.ts"
import { localJobCode } from "../../shared/processing/task/local-job-code.ts"
import {
  Click,
  type Click as ClickRecord,
  clickJob,
  definitionOf,
  endOf,
  oracle,
  randomClicks,
} from "./task-jobs.ts"
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

// A function that ends its process, does not return or takes all memory takes its worker down without a word. Here the
// worker's death is an error out of `work`, after which nothing of it is used any more.

const USERS = ["ada", "bob", "cyd"]
const letters = topic("letters", { schema: Click })
const decoder = new TextDecoder()

class Death extends Error {}

/** The job's code, and what it dies of: records by what is in them; before any record (`load`); in any batch (`work`). */
function deadly(options: Parameters<typeof clickJob>[0], ...diesOf: readonly string[]): JobCode {
  const job = clickJob(options)
  const code = localJobCode(job, definitionOf(job))
  const kills = (text: string) => diesOf.some(word => text.includes(`"id":"${word}"`))
  return {
    ...code,
    async openEngine(request) {
      const engine = await code.openEngine(request)
      return {
        get stateBytes() {
          return engine.stateBytes
        },
        addInputs: inputs => engine.addInputs(inputs),
        writeGroups: (from, to) => engine.writeGroups(from, to),
        load(runs, from) {
          if (diesOf.includes("load")) throw new Death("killed while it loaded")
          return engine.load(runs, from)
        },
        work(batches, now, skip) {
          if (diesOf.includes("work")) throw new Death("killed at work")
          // It meets the records that it takes in, and not those that it is told to leave out.
          const result = engine.work(batches, now, skip)
          const left = new Set(skip.flatMap(at => ("offset" in at ? [`${at.partition}/${at.offset}`] : [])))
          if (taken(batches, left).some(kills)) throw new Death("killed by a record")
          return result
        },
      }
    },
  }
}

type Batches = Parameters<Awaited<ReturnType<JobCode["openEngine"]>>["work"]>[0]

function taken(batches: Batches, left: ReadonlySet<string>): string[] {
  return batches.flatMap(({ partition, from, next, batches: stored }) =>
    stored.flatMap(bytes => {
      const cursor = new RecordCursor(bytes)
      const texts: string[] = []
      while (cursor.next()) {
        const { offset, buffer, valueStart, valueEnd } = cursor
        if (offset < from || offset >= next || left.has(`${partition}/${offset}`)) continue
        texts.push(decoder.decode(buffer.subarray(valueStart, valueEnd)))
      }
      return texts
    }),
  )
}

/** Works a task until it stands still; whoever dies is followed by another worker, who knows of him. */
async function survive(first: Host, code: JobCode) {
  const deaths = new OwnDeaths()
  for (let died = 0; died < 30; ) {
    const worker = another(first).runner(code)
    worker.heed(deaths)
    try {
      return { died, outcome: await drain(worker), deaths }
    } catch (error) {
      if (!(error instanceof Death)) throw error
      deaths.died(error.message)
      died++
    }
  }
  throw new Error("it dies for ever")
}

async function withInput(options: Parameters<typeof clickJob>[0], count = 500) {
  const first = host()
  await makeTopics(first.log)
  await first.log.createTopic({ name: "letters", partitions: 1, owner: "http" })
  await first.jobs.create(definitionOf(clickJob(options)), "app:shop")
  const input = [...randomClicks(chance(3), count, USERS), ...endOf(USERS)]
  await produce(first.log, input)
  return { first, input }
}

const timesOf = (input: readonly ClickRecord[], ...ids: readonly string[]) =>
  input.filter(({ id }) => ids.includes(id)).length

test("a record that kills its workers fails the job after four, with its place; mended and resumed it goes on", async () => {
  const { first, input } = await withInput({})
  const { died, outcome, deaths } = await survive(first, deadly({}, "c440"))
  expect({ died, outcome }).toEqual({
    died: DEATHS_ALONE + DEATHS_OF_ONE,
    outcome: { kind: "stopped", why: "failed" },
  })
  const { fault } = (await first.jobs.store.get("clicks")).item
  expect(fault).toMatchObject({
    task: 0,
    error: "the worker died 4 times in a row: killed by a record",
    at: { topic: "clicks" },
    record: expect.stringMatching(/"id":"c440"/),
  })
  const { partition, offset } = fault!.at!
  const stored = await valuesAt(first, partition, offset)
  expect(stored.id).toBe("c440")
  // What was before it is done, and nothing is held against what comes then.
  expect(deaths.note.deaths).toBe(0)
  await first.jobs.resume("clicks")
  expect(await survive(first, deadly({}))).toMatchObject({ died: 0, outcome: { kind: "idle" } })
  expect(await results(first.log)).toEqual(oracle(input))
})

async function valuesAt({ log }: Host, partition: number, offset: number): Promise<ClickRecord> {
  const { id } = await log.topic("clicks")
  const { batches } = await log.fetch(id, partition, { offset, maxBytes: 1_000_000 })
  const all = batches.flatMap(({ bytes }) => decodeRecords(bytes))
  const found = all.find(record => record.offset === offset)
  return JSON.parse(decoder.decode(found?.value ?? new Uint8Array())) as ClickRecord
}

test("records that kill are left out and counted, or go to a topic, and everything else counts once", async () => {
  for (const poison of ["skip", { deadLetter: letters }] as const) {
    const { first, input } = await withInput({ poison })
    const ids = ["c40", "c300", "c301", "c480"]
    const { died, outcome } = await survive(first, deadly({ poison }, ...ids))
    expect(outcome.kind).toBe("idle")
    const times = timesOf(input, ...ids)
    expect(died).toBeLessThanOrEqual(4 * times)
    const { counters } = (await first.commits.head(taskOf((await first.jobs.store.get("clicks")).item, 0)))
      .head!
    expect(counters).toMatchObject({ skipped: times, recordsIn: input.length - times })
    expect(await results(first.log)).toEqual(oracle(input.filter(({ id }) => !ids.includes(id))))
    const dead = await valuesOf<ClickRecord>(first.log, "letters")
    expect(dead.map(({ id }) => id).sort()).toEqual(
      poison === "skip"
        ? []
        : input
            .map(({ id }) => id)
            .filter(id => ids.includes(id))
            .sort(),
    )
  }
})

test("where no record is to blame the job fails too, whatever its policy", async () => {
  for (const policy of ["fail", "skip"] as const) {
    const { first, input } = await withInput({ poison: policy }, 20)
    const loading = await survive(first, deadly({ poison: policy }, "load"))
    expect(loading).toMatchObject({ died: DEATHS_MAX, outcome: { why: "failed" } })
    expect((await first.jobs.store.get("clicks")).item.fault).toEqual({
      task: 0,
      error: "its worker died 10 times in a row, not always at one record: killed while it loaded",
    })
    await first.jobs.resume("clicks")
    // Every record dies, as where it is not the records: few are left out before that is noticed.
    const working = await survive(first, deadly({ poison: policy }, "work"))
    expect(working.outcome).toEqual({ kind: "stopped", why: "failed" })
    expect(working.died).toBeLessThanOrEqual(DEATHS_MAX)
    await first.jobs.resume("clicks")
    expect((await survive(first, deadly({ poison: policy }))).outcome.kind).toBe("idle")
    expect(await results(first.log)).toEqual(oracle(input))
  }
})

test("deaths by chance cost nothing but small batches for a while", async () => {
  const { first, input } = await withInput({})
  const deaths = new OwnDeaths()
  deaths.died("by chance")
  const runner = another(first).runner(deadly({}))
  runner.heed(deaths)
  const { id, definition } = (await first.jobs.store.get("clicks")).item
  expect(definition.name).toBe("clicks")
  await drain(runner)
  const { head } = await first.commits.head({ job: id, generation: 1, stage: 0, index: 0 })
  // The opening, and batches of as many records as are allowed.
  expect(head!.seq).toBe(Math.ceil(input.length / CAREFUL_RECORDS))
  expect(deaths.note.deaths).toBe(0)
  expect(await results(first.log)).toEqual(oracle(input))
})
