import { loadavg } from "node:os"
import type { Job } from "../shared/definition/job/job.ts"
import { runBare } from "./nexmark/bare.ts"
import { queries, WATERMARK_DELAY_MS } from "./nexmark/queries.ts"
import { openRun } from "./nexmark/runtime.ts"
import { arrivals, recordBatches } from "./nexmark/stream.ts"

// Nexmark through the real runtime: events as JSON in a log over stores in memory, read, computed, committed exactly once
// and published by a task's runner; beside a bare loop per query. Events per second of CPU, all threads counted.
// `npm run bench -- nexmark [query,…]`

const EVENTS = Number(process.env.BENCH_EVENTS ?? 400_000)
const ROUNDS = 3
const RECORDS_PER_BATCH = 1_000
/** Events a second of event time: Beam's default. */
const RATE = 10_000
const PARTITIONS = 4
/** What the job is to reach of the bare loop. */
const AIMS: Readonly<Record<string, number>> = { q0: 0.6, q2: 2, q5: 2, q11: 2 }
const AIM_ELSE = 0.8
/** Flink 2.2 on a like machine, generator inside the job, events per core-second; q7 on RocksDB. */
const FLINK: Readonly<Record<string, number>> = {
  q0: 491_000,
  q1: 503_000,
  q2: 552_000,
  q5: 247_000,
  q7: 56_000,
}

const median = (numbers: readonly number[]) =>
  [...numbers].sort((a, b) => a - b)[numbers.length >> 1] as number
const thousands = (n: number | undefined) => (n === undefined ? "" : `${Math.round(n / 1_000)} k`)
const load = () => loadavg()[0]?.toFixed(1)

async function perCoreSecond(act: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await act()
  const { user, system } = process.cpuUsage(before)
  return EVENTS / ((user + system) / 1e6)
}

const names = process.argv[3]?.split(",") ?? Object.keys(queries)
const stored = recordBatches(arrivals(EVENTS, RATE, "inOrder"), RECORDS_PER_BATCH)
const line = (...cells: readonly unknown[]) =>
  process.stdout.write(`${cells.map(cell => String(cell).padStart(12)).join("")}\n`)

process.stdout.write(`${EVENTS} events, ${ROUNDS} rounds, medians; load ${load()}\n`)
line("query", "events/core-s", "bare loop", "ratio", "aim", "Flink", "commits")
let missed = 0
for (const name of names) {
  const job = queries[name] as Job
  const own: number[] = []
  const bare: number[] = []
  let commits = 0
  // The first round is for the engine that compiles them both, and not counted.
  for (let round = -1; round < ROUNDS; round++) {
    const { work, run } = await openRun(job, stored, PARTITIONS)
    const bareSpeed = await perCoreSecond(() => runBare(name, work, WATERMARK_DELAY_MS))
    const ownSpeed = await perCoreSecond(async () => {
      commits = await run()
    })
    if (round < 0) continue
    bare.push(bareSpeed)
    own.push(ownSpeed)
  }
  const ratio = median(own) / median(bare)
  const aim = AIMS[name] ?? AIM_ELSE
  if (ratio < aim) missed++
  const flink = thousands(FLINK[name])
  line(name, thousands(median(own)), thousands(median(bare)), ratio.toFixed(2), aim, flink, commits)
}
process.stdout.write(`load ${load()}; ${missed} of ${names.length} below their aim\n`)
