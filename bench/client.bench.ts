import { type ChildProcess, fork } from "node:child_process"
import { once } from "node:events"
import { mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { Admin } from "../client/index.ts"
import { compareCodecs } from "./client/codec.ts"
import type { Task, Took } from "./client/load.ts"
import { type Running, startMillrace } from "./processes.ts"

// Producer client → server → consumer client, each a process of its own, 200-byte records; and the client's codec beside
// kafkajs'. The aims are those of Kafka 4.3.1 with its Java client on a like machine, whose figures stand in the README.
// `npm run bench -- client [codec,produce,consume,latency]`

const ROUNDS = 3
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 3_000)
const PARTITIONS = 8
const AIMS = {
  produce: { perSecond: 650_000, clientCpu: 2.4, serverCpu: 0.6 },
  consume: { perSecond: 1_700_000, clientCpu: 1.0, serverCpu: 0.2 },
} as const
const P99_MS_AIM = 25
/** For the consumer to be there before the producer begins, and to see the last. */
const SETTLE_MS = 1_000

const [chosen = "codec,produce,consume,latency"] = process.argv.slice(3)
const parts = new Set(chosen.split(","))

function start(): ChildProcess {
  return fork(join(import.meta.dirname, "client/load.ts"))
}

async function run(child: ChildProcess, task: Task): Promise<Took> {
  child.send(task)
  const [took] = (await once(child, "message")) as [Took]
  return took
}

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]

interface Figures {
  readonly perSecond: number
  readonly clientCpu: number
  readonly serverCpu: number
}

async function measured(server: Running, child: ChildProcess, task: Task): Promise<Figures & Took> {
  const before = server.cpuSeconds()
  const took = await run(child, task)
  const millions = took.count / 1e6
  return {
    ...took,
    perSecond: took.count / took.seconds,
    clientCpu: took.cpuSeconds / millions,
    serverCpu: (server.cpuSeconds() - before) / millions,
  }
}

function tell(name: keyof typeof AIMS, rounds: readonly Figures[]): boolean {
  const figure = (key: keyof Figures) => median(rounds.map(round => round[key]))
  const [perSecond, clientCpu, serverCpu] = [figure("perSecond"), figure("clientCpu"), figure("serverCpu")]
  const aim = AIMS[name]
  console.log(
    `${name.padEnd(8)} ${Math.round(perSecond).toLocaleString("en").padStart(11)} records/s (aim ${aim.perSecond.toLocaleString("en")})` +
      `   CPU s per million: client ${clientCpu.toFixed(2)} (${aim.clientCpu}), server ${serverCpu.toFixed(2)} (${aim.serverCpu})`,
  )
  return perSecond >= aim.perSecond && clientCpu <= aim.clientCpu && serverCpu <= aim.serverCpu
}

async function throughput(
  server: Running,
  url: string,
  admin: Admin,
): Promise<{ ok: boolean; perSecond: number }> {
  const [producing, consuming] = [start(), start()]
  const produced: Figures[] = []
  const consumed: Figures[] = []
  // The first round warms all three up.
  for (let round = 0; round <= ROUNDS; round++) {
    const topic = `bench-${round}`
    await admin.createTopic({ name: topic, partitions: PARTITIONS })
    const sent = await measured(server, producing, { what: "produce", url, topic, ms: ROUND_MS })
    const { count } = sent
    const read = parts.has("consume")
      ? await measured(server, consuming, { what: "consume", url, topic, partitions: PARTITIONS, count })
      : undefined
    if (round > 0) produced.push(sent)
    if (round > 0 && read !== undefined) consumed.push(read)
    await admin.deleteTopic(topic)
  }
  producing.kill()
  consuming.kill()
  const ok = tell("produce", produced)
  const both = consumed.length === 0 || tell("consume", consumed)
  return { ok: ok && both, perSecond: median(produced.map(round => round.perSecond)) }
}

async function latency(url: string, admin: Admin, perSecond: number): Promise<boolean> {
  const [producing, following] = [start(), start()]
  await admin.createTopic({ name: "late", partitions: PARTITIONS })
  const found: Took[] = []
  for (let round = 0; round <= ROUNDS; round++) {
    const follow = run(following, {
      what: "follow",
      url,
      topic: "late",
      partitions: PARTITIONS,
      ms: ROUND_MS + 2 * SETTLE_MS,
    })
    await sleep(SETTLE_MS)
    await run(producing, { what: "produce", url, topic: "late", ms: ROUND_MS, perSecond })
    found.push(await follow)
  }
  producing.kill()
  following.kill()
  const at = (share: number) =>
    median(
      found
        .slice(1)
        .map(({ latencies = [] }) => latencies[Math.floor(latencies.length * share)] ?? Number.NaN),
    )
  const seen = median(found.slice(1).map(({ count }) => count)) / (ROUND_MS / 1_000)
  console.log(
    `latency  p50 ${at(0.5)} ms, p99 ${at(0.99)} ms (aim ${P99_MS_AIM}) end to end at ${Math.round(seen).toLocaleString("en")} records/s, half of what was produced`,
  )
  return at(0.99) <= P99_MS_AIM
}

console.log(`load ${loadavg()[0].toFixed(1)}`)
let ok = true
if (parts.has("codec")) ok = (await compareCodecs()) && ok
if (["produce", "consume", "latency"].some(part => parts.has(part))) {
  const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "millrace-bench-"))
  const server = await startMillrace(join(folder, "data"))
  try {
    const url = `http://127.0.0.1:${server.port}`
    const admin = new Admin({ url })
    const measure = parts.has("produce") || parts.has("consume")
    const made = measure
      ? await throughput(server, url, admin)
      : { ok: true, perSecond: AIMS.produce.perSecond }
    ok = made.ok && ok
    if (parts.has("latency")) ok = (await latency(url, admin, made.perSecond / 2)) && ok
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true, force: true })
  }
}
if (!ok) console.log("an aim was missed")
