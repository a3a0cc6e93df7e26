import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createBatchBuilder } from "../shared/log/records/index.ts"
import { LoadConnection, requestBytes } from "./http-load.ts"
import { type Running, startMillrace, startProgram } from "./processes.ts"

// Acknowledged durable records per second, beside a bare server that appends the same bodies to one file.

const RECORDS_PER_REQUEST = 1_000
const RECORD_BYTES = 200
const CONNECTIONS = 8
const PARTITIONS = 8
const ROUNDS = 4
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 3_000)

function values(): Buffer[] {
  return Array.from({ length: RECORDS_PER_REQUEST }, (_, index) => {
    const head = `{"id":${index},"user":"user-${index % 97}","amount":${index * 7},"text":"`
    return Buffer.from(`${head}${"x".repeat(RECORD_BYTES - head.length - 2)}"}`)
  })
}

const ndjson = Buffer.concat(values().flatMap(value => [value, Buffer.from("\n")]))
const builder = createBatchBuilder({ capacityBytes: ndjson.length * 2 })
for (const value of values()) builder.add(value, -1, -1, 0, value.length, Date.now())
const encoded = builder.finish().bytes

interface Figures {
  readonly recordsPerSecond: number
  readonly serverCpu: number
  readonly clientCpu: number
}

async function load(server: Running, requests: readonly Buffer[]): Promise<Figures> {
  const connections = Array.from({ length: CONNECTIONS }, () => new LoadConnection(server.port))
  const cpuBefore = server.cpuSeconds()
  const ownBefore = process.cpuUsage()
  const began = performance.now()
  let sent = 0
  await Promise.all(
    connections.map(async (connection, index) => {
      while (performance.now() - began < ROUND_MS) {
        await connection.send(requests[index % requests.length])
        sent++
      }
    }),
  )
  const seconds = (performance.now() - began) / 1_000
  const own = process.cpuUsage(ownBefore)
  for (const connection of connections) connection.close()
  const millions = (sent * RECORDS_PER_REQUEST) / 1e6
  return {
    recordsPerSecond: (sent * RECORDS_PER_REQUEST) / seconds,
    serverCpu: (server.cpuSeconds() - cpuBefore) / millions,
    clientCpu: (own.user + own.system) / 1e6 / millions,
  }
}

const median = (numbers: number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

async function compare(name: string, ours: readonly Buffer[], body: Buffer | Uint8Array, servers: Running[]) {
  const bare = [requestBytes("POST", "/", {}, body)]
  const rounds: [Figures, Figures][] = []
  await load(servers[0], ours)
  await load(servers[1], bare)
  for (let round = 0; round < ROUNDS; round++) {
    rounds.push([await load(servers[0], ours), await load(servers[1], bare)])
  }
  const figure = (side: 0 | 1, key: keyof Figures) => median(rounds.map(round => round[side][key]))
  const line = (label: string, side: 0 | 1) =>
    `${name.padEnd(8)} ${label.padEnd(9)} ${Math.round(figure(side, "recordsPerSecond")).toLocaleString("en").padStart(11)} records/s   CPU s per million: server ${figure(side, "serverCpu").toFixed(2)}, client ${figure(side, "clientCpu").toFixed(2)}`
  console.log(line("millrace", 0))
  console.log(line("bare", 1))
  const ratio = median(rounds.map(([a, b]) => a.recordsPerSecond / b.recordsPerSecond))
  console.log(`${name.padEnd(8)} ratio     ${ratio.toFixed(2)}`)
}

const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "millrace-bench-"))
const millrace = await startMillrace(join(folder, "data"))
const bare = await startProgram("bare-server.ts", [join(folder, "bare.log")])
try {
  const topic = JSON.stringify({ name: "bench", partitions: PARTITIONS })
  const setup = await fetch(`http://127.0.0.1:${millrace.port}/topics`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: topic,
  })
  if (setup.status !== 201) throw new Error(`${setup.status}: ${await setup.text()}`)
  const ours = [
    requestBytes("POST", "/topics/bench?summary", { "content-type": "application/x-ndjson" }, ndjson),
  ]
  await compare("ndjson", ours, ndjson, [millrace, bare])
  const batches = Array.from({ length: CONNECTIONS }, (_, index) => {
    const path = `/topics/bench/partitions/${index % PARTITIONS}?summary`
    return requestBytes("POST", path, { "content-type": "application/vnd.millrace.batches" }, encoded)
  })
  await compare("batches", batches, encoded, [millrace, bare])
} finally {
  await Promise.all([millrace.stop(), bare.stop()])
  rmSync(folder, { recursive: true, force: true })
}
