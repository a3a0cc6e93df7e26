import { join } from "node:path"
import { afterEach, describe, expect, test, vi } from "vitest"
import { WorkerCode, WorkerError, type WorkerOptions } from "../../shared/embedded/jobs/worker-code.ts"
import { createBatchBuilder, decodeRecords } from "../../shared/log/records/index.ts"
import type { EngineBatch } from "../../shared/processing/engine/engine.ts"
import type { JobItem } from "../../shared/processing/jobs/job-item.ts"
import { packState } from "../../shared/processing/state/packing.ts"
import type { EngineHandle } from "../../shared/processing/task/job-code.ts"

const file = join(import.meta.dirname, "apps/unruly.ts")
const MINUTE = 60_000
const opened: WorkerCode[] = []

afterEach(async () => {
  await Promise.all(opened.splice(0).map(code => code.close()))
})

async function open(job = "counted", more: Partial<WorkerOptions> = {}) {
  const code = await WorkerCode.open({ file, stage: "dev", job, memoryMb: 64, ...more })
  opened.push(code)
  return code
}

const input = { source: 0, topic: "events", topicId: "t1", partition: 0 }

async function engineOf(code: WorkerCode): Promise<EngineHandle> {
  const outputs = [{ topic: "counts", topicId: "t2", partitions: 1 }]
  // What of the item an engine needs stands beside it.
  const job = {} as JobItem
  return code.openEngine({ inputs: [input], outputs, bounded: false, job, task: 0, producerId: 2 ** 52 })
}

function batchOf(events: readonly object[], from = 0): EngineBatch {
  const builder = createBatchBuilder()
  for (const event of events) {
    const bytes = Buffer.from(JSON.stringify(event))
    builder.add(bytes, -1, -1, 0, bytes.length, 1)
  }
  const { bytes } = builder.finish({})
  // As the log does: a part of something larger, which must stay whole.
  const around = new Uint8Array(bytes.length + 64)
  around.set(bytes, 32)
  const inner = around.subarray(32, 32 + bytes.length)
  const view = new DataView(inner.buffer, inner.byteOffset)
  view.setBigInt64(0, BigInt(from))
  const { topicId, partition } = input
  return { topicId, partition, batches: [inner], from, next: from + events.length, ended: false }
}

const at = (ms: number, does?: string) => ({ key: "a", at: ms, ...(does === undefined ? {} : { does }) })

async function countsOf(engine: EngineHandle, batches: readonly EngineBatch[]): Promise<unknown[]> {
  const result = await engine.work(batches, 0, [])
  if (!result.ok) throw new Error("poison")
  return result.draft.outputs.flatMap(({ bytes }) =>
    decodeRecords(bytes).map(({ value }) => JSON.parse(Buffer.from(value ?? []).toString())),
  )
}

async function failure(work: Promise<unknown> | unknown): Promise<{ code: string; message: string }> {
  const error = await Promise.resolve(work).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  if (!(error instanceof WorkerError)) throw new Error(`no WorkerError: ${String(error)}`)
  return { code: error.code, message: error.message }
}

describe("a job's thread", () => {
  test("computes for several tasks at once, and gives state to another thread", async () => {
    const code = await open()
    expect(code.facts).toMatchObject({ name: "counted", outputs: ["counts"], parallelism: "single" })
    const [one, two] = await Promise.all([engineOf(code), engineOf(code)])
    await Promise.all([one.load([], undefined), two.load([], undefined)])
    const batch = batchOf([at(1), at(2)])
    const drafts = await Promise.all([one.work([batch], 0, []), two.work([batch], 0, [])])
    expect(drafts.map(result => result.ok)).toEqual([true, true])
    // What was handed over is still whole here.
    expect(decodeRecords(batch.batches[0] as Uint8Array)).toHaveLength(2)
    expect(one.stateBytes).toBeGreaterThan(0)
    const [first] = drafts
    if (!first?.ok || first.draft.change === undefined) throw new Error("expected state")
    const { run } = first.draft.change
    const other = await engineOf(await open())
    await other.load([{ level: 0, seq: 0, bytes: run.length, run }], first.draft)
    expect(await countsOf(other, [batchOf([at(MINUTE + 1)], 2)])).toEqual([
      { key: "a", windowStart: 0, windowEnd: MINUTE, events: 2 },
    ])
    expect((await other.writeGroups(0, 256)).length).toBeGreaterThan(0)
  })

  test("a record that a function throws on is told, and the thread lives on", async () => {
    const engine = await engineOf(await open())
    await engine.load([], undefined)
    expect(await engine.work([batchOf([at(1), at(2, "throw")])], 0, [])).toMatchObject({
      ok: false,
      poison: { offset: 1, error: "Error: a mistake" },
    })
    expect(await countsOf(engine, [])).toEqual([])
  })

  test.each([
    ["exit", "crashed", /exit code 7/],
    ["loop", "stuck", /no answer to work within 2000 ms/],
    ["hoard", "out_of_memory", /64 MB/],
    ["reject", "crashed", /nobody waits for this/],
  ])("%s: ends the thread, is told, and another thread goes on computing", async (does, code, words) => {
    const [broken, other] = await Promise.all([
      open("counted", does === "loop" ? { workMsMax: 2_000 } : {}),
      open(),
    ])
    const engine = await engineOf(broken)
    await engine.load([], undefined)
    const work = Promise.resolve(engine.work([batchOf([at(1, does)])], 0, []))
    // A rejection that nobody waits for ends the thread a moment after the call.
    const told = does === "reject" ? broken.ended.then(error => Promise.reject(error)) : work
    expect(await failure(told)).toEqual({ code, message: expect.stringMatching(words) })
    await work.catch(() => undefined)
    expect(await failure(engine.work([], 0, []))).toMatchObject({ code })
    const next = await engineOf(other)
    await next.load([], undefined)
    expect(await countsOf(next, [batchOf([at(1), at(MINUTE + 1)])])).toHaveLength(1)
  })

  test("what the job prints is told", async () => {
    let printed = ""
    const { promise, resolve } = Promise.withResolvers<void>()
    const onPrinted = (text: string) => {
      printed += text
      if (printed.includes("\n")) resolve()
    }
    const engine = await engineOf(await open("counted", { onPrinted }))
    await engine.load([], undefined)
    await engine.work([batchOf([at(1, "print")])], 0, [])
    await promise
    expect(printed).toBe("a word of the job's\n")
  })

  test("a sink of the user's is called there, and its failure told", async () => {
    const code = await open("given")
    const [sink = -1] = code.facts.functionSinks
    await code.callSink(sink, packState([at(1)]), "id-1")
    expect(await failure(code.callSink(sink, packState([at(1, "refuse")]), "id-2"))).toEqual({
      code: "failed",
      message: "Error: the other side refused",
    })
    await code.callSink(sink, packState([at(1)]), "id-2")
  })

  test("a sink is given its secrets; without one the job does not begin, and says what is expected", async () => {
    const variable = "MILLRACE_SECRET_UNRULY_TOKEN"
    expect(await failure(open("guarded"))).toEqual({
      code: "not_loaded",
      message: expect.stringContaining(
        `secret unruly.token is missing: expected the environment variable ${variable}, or ${variable}_FILE with`,
      ),
    })
    vi.stubEnv(variable, "let me in")
    const code = await open("guarded")
    const [place = -1] = code.facts.functionSinks
    await code.callSink(place, packState([at(1)]), "id-1")
    vi.stubEnv(variable, "wrong")
    const other = await open("guarded")
    expect(await failure(other.callSink(place, packState([at(1)]), "id-1"))).toMatchObject({
      message: "Error: turned away with 5 characters",
    })
    vi.unstubAllEnvs()
  })

  test("an app file without the job, or that does not load, is told", async () => {
    expect(await failure(open("missing"))).toEqual({
      code: "not_loaded",
      message: expect.stringContaining("has no job missing"),
    })
    const missing = await failure(open("counted", { file: join(import.meta.dirname, "apps/none.ts") }))
    expect(missing.code).toBe("not_loaded")
    expect((await open()).facts.name).toBe("counted")
  })
})
