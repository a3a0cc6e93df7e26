import { mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { AppendLoad, createTopic, fetchLoad, someBatch } from "./log-load.ts"
import { startMillrace } from "./processes.ts"

// What partitions cost: the same batches appended to, and fetched from, one partition, a hundred and five thousand.

const COUNTS = [1, 100, 5_000]
const ROUNDS = 3
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 3_000)
/** Rates may differ by this factor. */
const FACTOR_MAX = 1.3

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "millrace-bench-"))
const server = await startMillrace(join(folder, "data"))
const rates = { append: COUNTS.map((): number[] => []), fetch: COUNTS.map((): number[] => []) }
try {
  const batch = someBatch()
  const loads = COUNTS.map(count => new AppendLoad(`p${count}`, count, batch))
  for (const count of COUNTS) await createTopic(server.port, `p${count}`, count)
  // Every partition is opened once.
  for (const load of loads) await load.run(server.port, ROUND_MS)
  for (let round = 0; round < ROUNDS; round++) {
    for (const [at, load] of loads.entries()) rates.append[at]!.push(await load.run(server.port, ROUND_MS))
    for (const [at, count] of COUNTS.entries()) {
      rates.fetch[at]!.push((await fetchLoad(server.port, `p${count}`, count, ROUND_MS)).recordsPerSecond)
    }
  }
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
for (const what of ["append", "fetch"] as const) {
  for (const [at, count] of COUNTS.entries()) {
    const factor = median(rates[what][0]!.map((rate, round) => rate / rates[what][at]![round]!))
    const rate = Math.round(median(rates[what][at]!)).toLocaleString("en").padStart(11)
    const verdict = at === 0 ? "" : `${factor.toFixed(2)} times as long, at most ${FACTOR_MAX}`
    console.log(`${what.padEnd(6)} ${String(count).padStart(5)} partitions ${rate} records/s   ${verdict}`)
    if (factor > FACTOR_MAX) process.exitCode = 1
  }
}
console.log(`load of the machine: ${loadavg()[0]!.toFixed(1)}`)
