import { loadavg } from "node:os"
import { z } from "zod"
import { count, sum } from "../shared/definition/job/builtin-aggregators.ts"
import { defineJob } from "../shared/definition/job/job.ts"
import { from } from "../shared/definition/job/source.ts"
import { topic } from "../shared/definition/topic.ts"
import { createBatchBuilder } from "../shared/log/records/index.ts"
import { JobEngine } from "../shared/processing/engine/job-engine.ts"
import type { RunRef } from "../shared/processing/task/commit.ts"
import { CommitStore } from "../shared/processing/task/commit-store.ts"
import { memoryPorts } from "../test/support/memory-ports.ts"

// Keyed state as it grows: bytes written per key that changed, how long a commit takes, and how long recovery does. The
// same number of keys changes in each commit, so that what it costs may not grow with the keys that did not.
// `npm run bench -- state [keys,…]`, such as 1000000,10000000

const KEYS = (process.argv[3] ?? "100000,1000000").split(",").map(Number)
const CHANGED = 10_000
const COMMITS = 24
const FILL_RECORDS = 50_000
const RECORDS_PER_BATCH = 1_000

const payments = topic("payments", { schema: z.object({ user: z.string(), amount: z.number() }) })
const totals = topic("totals", {
  schema: z.object({ user: z.string(), n: z.number(), total: z.number() }),
  config: { "cleanup.policy": "compact" },
})
const job = defineJob("totals", () =>
  from(payments)
    .keyBy("user")
    .aggregate({ n: count(), total: sum(({ amount }) => amount) })
    .toCompacted(totals),
)

const INPUT = { source: 0, topic: "payments", topicId: "t-payments", partition: 0 }
const TASK = { job: "j", generation: 1, stage: 0, index: 0 }
const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number

/** One task with its chain of commits, over stores in memory. */
class Task {
  readonly #ports = memoryPorts()
  readonly #commits = new CommitStore(this.#ports)
  engine = this.#open()
  #seq = 0
  #offset = 0
  runs: readonly RunRef[] = []

  #open(): JobEngine {
    const outputs = [{ topic: "totals", topicId: "t-totals", partitions: 1 }]
    return new JobEngine({ job, inputs: [INPUT], outputs, bounded: false, producerId: 2 ** 52 })
  }

  /** A batch of work of one record for each key, and its commit. Times are CPU ms. */
  async commit(keys: readonly number[]): Promise<{ workMs: number; commitMs: number; bytes: number }> {
    const batches: Uint8Array[] = []
    for (let at = 0; at < keys.length; at += RECORDS_PER_BATCH) {
      const builder = createBatchBuilder({ capacityBytes: 64 * RECORDS_PER_BATCH })
      for (const key of keys.slice(at, at + RECORDS_PER_BATCH)) {
        const value = Buffer.from(`{"user":"user-${key}","amount":${key % 100}}`)
        builder.add(value, -1, -1, 0, value.length, 1_700_000_000_000)
      }
      batches.push(builder.finish({ baseOffset: this.#offset + at }).bytes)
    }
    const next = this.#offset + keys.length
    const began = cpuMs()
    const poison = this.engine.process([{ ...INPUT, batches, from: this.#offset, next, ended: false }], 0, [])
    const worked = cpuMs()
    const finished = this.engine.finish()
    if (poison !== undefined || !finished.ok) throw new Error("the job failed")
    const now = this.#ports.clock.now()
    const answer = await this.#commits.commit({
      task: TASK,
      seq: this.#seq++,
      runs: this.runs,
      time: now,
      viewDate: now,
      published: this.#seq - 2,
      draft: { ...finished.draft, outputs: [] },
      inputs: [],
      stateBytes: this.engine.stateBytes,
      writeGroups: (first, end) => this.engine.writeGroups(first, end),
    })
    if (answer.outcome !== "committed") throw new Error(`the commit was ${answer.outcome}`)
    this.runs = answer.record.runs
    this.#offset = next
    return {
      workMs: worked - began,
      commitMs: cpuMs() - worked,
      bytes: finished.draft.change?.run.length ?? 0,
    }
  }

  /** Reads the state back into an engine of its own. */
  async recover(): Promise<{ ms: number; cpu: number; bytes: number; runs: number }> {
    const began = performance.now()
    const before = cpuMs()
    const runs = await this.#commits.state(this.runs)
    const engine = this.#open()
    engine.load(runs, undefined)
    const bytes = runs.reduce((all, { run }) => all + run.length, 0)
    return { ms: performance.now() - began, cpu: cpuMs() - before, bytes, runs: runs.length }
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

process.stdout.write(
  `${CHANGED} keys changed in each of ${COMMITS} commits; load ${loadavg()[0]?.toFixed(1)}\n`,
)
for (const keys of KEYS) {
  const task = new Task()
  for (let first = 0; first < keys; first += FILL_RECORDS) {
    await task.commit(Array.from({ length: Math.min(FILL_RECORDS, keys - first) }, (_, at) => first + at))
  }
  const seen: { workMs: number; commitMs: number; bytes: number }[] = []
  for (let commit = 0; commit < COMMITS; commit++) {
    // Spread over all keys, other ones each time.
    const step = Math.floor(keys / CHANGED)
    seen.push(await task.commit(Array.from({ length: CHANGED }, (_, at) => at * step + (commit % step))))
  }
  const commits = seen.map(({ commitMs }) => commitMs)
  const { ms, cpu, bytes, runs } = await task.recover()
  process.stdout.write(
    `${keys} keys: ${(median(seen.map(each => each.bytes)) / CHANGED).toFixed(1)} bytes per changed key; ` +
      `commit ${median(commits).toFixed(0)} ms CPU in the median, ${Math.max(...commits).toFixed(0)} at most; ` +
      `recovery ${(ms / 1_000).toFixed(2)} s (${(cpu / 1_000).toFixed(2)} s CPU) for ${(bytes / 1e6).toFixed(0)} MB in ${runs} runs (aim 5 s for 1 M keys); ` +
      `memory ${Math.round(process.memoryUsage().rss / 1e6)} MB\n`,
  )
}
process.stdout.write(`load ${loadavg()[0]?.toFixed(1)}\n`)
