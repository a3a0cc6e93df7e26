import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { requestBytes } from "./http-load.ts"
import { ReadConnection } from "./http-read.ts"
import { AppendLoad, createTopic, fetchLoad, RECORDS_PER_BATCH, someBatch } from "./log-load.ts"
import { startMillrace, startProgram } from "./processes.ts"

// Records out as batches, from one server process, beside a bare server that answers with pieces of one file.

const PARTITIONS = 8
const ROUNDS = 4
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 3_000)
const CONNECTIONS = 8
/** Batches of one reply of the bare server: about as many bytes as a fetch has. */
const BATCHES_PER_REPLY = 9
/** Of its file: more than a process would keep. */
const REPLIES_IN_FILE = 60
const RECORDS_PER_SECOND_MIN = 2_000_000

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!

async function bareLoad(port: number, ms: number): Promise<number> {
  const connections = Array.from({ length: CONNECTIONS }, () => new ReadConnection(port))
  const request = requestBytes("POST", "/", {}, Buffer.from("x"))
  const began = performance.now()
  let replies = 0
  await Promise.all(
    connections.map(async connection => {
      while (performance.now() - began < ms) {
        await connection.send(request)
        replies++
      }
    }),
  )
  const seconds = (performance.now() - began) / 1_000
  for (const connection of connections) connection.close()
  return (replies * BATCHES_PER_REPLY * RECORDS_PER_BATCH) / seconds
}

const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "millrace-bench-"))
const batch = someBatch()
const file = join(folder, "bare")
writeFileSync(file, Buffer.concat(Array<Uint8Array>(BATCHES_PER_REPLY * REPLIES_IN_FILE).fill(batch)))
const server = await startMillrace(join(folder, "data"))
const bare = await startProgram("bare-reader.ts", [file, String(batch.length * BATCHES_PER_REPLY)])
try {
  await createTopic(server.port, "bench", PARTITIONS)
  await new AppendLoad("bench", PARTITIONS, batch).run(server.port, ROUND_MS)
  await fetchLoad(server.port, "bench", PARTITIONS, ROUND_MS)
  const rounds: { ours: number; theirs: number; cpu: number }[] = []
  for (let round = 0; round < ROUNDS; round++) {
    const before = server.cpuSeconds()
    const { recordsPerSecond: ours } = await fetchLoad(server.port, "bench", PARTITIONS, ROUND_MS)
    const cpu = (server.cpuSeconds() - before) / ((ours * ROUND_MS) / 1e9)
    rounds.push({ ours, theirs: await bareLoad(bare.port, ROUND_MS), cpu })
  }
  const told = (rate: number) => Math.round(rate).toLocaleString("en").padStart(11)
  const ours = median(rounds.map(round => round.ours))
  const cpu = median(rounds.map(round => round.cpu)).toFixed(2)
  console.log(`fetch  millrace ${told(ours)} records/s   CPU s per million: server ${cpu}`)
  console.log(`fetch  bare     ${told(median(rounds.map(({ theirs }) => theirs)))} records/s`)
  console.log(`fetch  ratio    ${median(rounds.map(round => round.ours / round.theirs)).toFixed(2)}`)
  console.log(
    `aim: ${told(RECORDS_PER_SECOND_MIN)} records/s; load of the machine: ${loadavg()[0]!.toFixed(1)}`,
  )
  if (ours < RECORDS_PER_SECOND_MIN) process.exitCode = 1
} finally {
  await Promise.all([server.stop(), bare.stop()])
  rmSync(folder, { recursive: true, force: true })
}
