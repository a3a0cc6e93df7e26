import { mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { AppendLoad, createTopic, fetchLoad, someBatch } from "./log-load.ts"
import { startMillrace } from "./processes.ts"

// What partitions cost: the same batches appended to, and fetched from, one partition, a hundred and five thousand.

const COUNTS = [1, 100, 5_000]
const ROUNDS = 3
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 3_000)
/** Rates, and the server's CPU time a record, may differ by this factor. */
const FACTOR_MAX = 1.3

interface Figures {
  readonly recordsPerSecond: number
  /** The server's seconds per million records. */
  readonly cpu: number
}

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "millrace-bench-"))
const server = await startMillrace(join(folder, "data"))
const figures = { append: COUNTS.map((): Figures[] => []), fetch: COUNTS.map((): Figures[] => []) }

async function measured(load: () => Promise<number>): Promise<Figures> {
  const before = server.cpuSeconds()
  const began = performance.now()
  const recordsPerSecond = await load()
  const millions = (recordsPerSecond * (performance.now() - began)) / 1e9
  return { recordsPerSecond, cpu: (server.cpuSeconds() - before) / millions }
}

try {
  const batch = someBatch()
  const loads = COUNTS.map(count => new AppendLoad(`p${count}`, count, batch))
  for (const count of COUNTS) await createTopic(server.port, `p${count}`, count)
  // Every partition is opened once.
  for (const load of loads) await load.run(server.port, ROUND_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, load] of loads.entries()) {
      figures.append[at]!.push(await measured(() => load.run(server.port, ROUND_MS)))
    }
    for (const [at, count] of COUNTS.entries()) {
      const run = async () => (await fetchLoad(server.port, `p${count}`, count, ROUND_MS)).recordsPerSecond
      figures.fetch[at]!.push(await measured(run))
    }
  }
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
for (const what of ["append", "fetch"] as const) {
  const [one] = figures[what]
  for (const [at, count] of COUNTS.entries()) {
    const own = figures[what][at]!
    const slower = median(
      own.map(({ recordsPerSecond }, round) => one![round]!.recordsPerSecond / recordsPerSecond),
    )
    const dearer = median(own.map(({ cpu }, round) => cpu / one![round]!.cpu))
    const rate = Math.round(median(own.map(({ recordsPerSecond }) => recordsPerSecond)))
    const cpu = median(own.map(({ cpu: seconds }) => seconds)).toFixed(2)
    const told = `${rate.toLocaleString("en").padStart(11)} records/s   CPU s per million: server ${cpu}`
    const verdict =
      at === 0 ? "" : `   ${slower.toFixed(2)} times as long, ${dearer.toFixed(2)} of the CPU time`
    console.log(`${what.padEnd(6)} ${String(count).padStart(5)} partitions ${told}${verdict}`)
    // A loaded machine slows what comes in its worst moment: its CPU time tells.
    if (slower > FACTOR_MAX && dearer > FACTOR_MAX) process.exitCode = 1
  }
}
console.log(`aim: at most ${FACTOR_MAX}; load of the machine: ${loadavg()[0]!.toFixed(1)}`)
