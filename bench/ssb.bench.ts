import { type ChildProcess, fork } from "node:child_process"
import { globSync, mkdtempSync, rmSync } from "node:fs"
import { loadavg, tmpdir } from "node:os"
import { join } from "node:path"
import { LoadConnection, requestBytes } from "./http-load.ts"
import { cpuSeconds } from "./processes.ts"
import { Yardstick } from "./ssb/duckdb.ts"
import { overComputedColumns, queries } from "./ssb/queries.ts"

// The Star Schema Benchmark over one flat table through HTTP, result cache off, beside DuckDB's native table in this
// process over the same rows. One client and eight.
// `npm run bench -- ssb [rows] [sorted,inverted,rollups]`

const ROWS = Number(process.argv[3] ?? 2_000_000)
const KINDS = (process.argv[4] ?? "sorted,inverted,rollups").split(",")
const TAIL_ROWS = 50_000
const CLIENTS = 8
const WARM_UP = 3
const RUNS = Number(process.env.BENCH_RUNS ?? 15)
/** Of each query with eight clients. */
const ROUND_MS = Number(process.env.BENCH_ROUND_MS ?? 1_000)

/** The first questions read columns, on a machine that may have other work. */
const TIMEOUT_MS = 60_000

const headers = { "content-type": "application/json" }

function requestOf(sql: string): Buffer {
  const body = JSON.stringify({ sql, queryOptions: `resultCache=false;timeoutMs=${TIMEOUT_MS}` })
  return requestBytes("POST", "/query/sql", headers, Buffer.from(body))
}

function queriesOf(kind: string): readonly (readonly [name: string, sql: string])[] {
  return Object.entries(queries).map(([name, sql]) => [
    name,
    kind === "rollups" ? overComputedColumns(sql) : sql,
  ])
}

type Ask = (sql: string, client: number) => Promise<unknown>

interface Measured {
  readonly medianMs: number
  readonly perSecond: number
  /** CPU time of a query with eight clients, all threads together: what other work of the machine does not blur. */
  readonly cpuMs: number
}

function ownCpuMs(): number {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function geomean(values: readonly number[]): number {
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

async function alone(ask: Ask, sql: string): Promise<number> {
  const times: number[] = []
  for (let run = 0; run < WARM_UP + RUNS; run++) {
    const began = performance.now()
    await ask(sql, 0)
    if (run >= WARM_UP) times.push(performance.now() - began)
  }
  return median(times)
}

async function together(
  ask: Ask,
  sql: string,
  cpuMs: () => number,
): Promise<Pick<Measured, "perSecond" | "cpuMs">> {
  let done = 0
  const cpuBegan = cpuMs()
  const began = performance.now()
  const client = async (index: number): Promise<void> => {
    while (performance.now() - began < ROUND_MS) {
      await ask(sql, index)
      done++
    }
  }
  await Promise.all(Array.from({ length: CLIENTS }, (_, index) => client(index)))
  return { perSecond: (done * 1_000) / (performance.now() - began), cpuMs: (cpuMs() - cpuBegan) / done }
}

async function measure(ask: Ask, cpuMs: () => number, kind = "sorted"): Promise<Map<string, Measured>> {
  const measured = new Map<string, Measured>()
  for (const [name, sql] of queriesOf(kind)) {
    const medianMs = await alone(ask, sql)
    measured.set(name, { medianMs, ...(await together(ask, sql, cpuMs)) })
  }
  return measured
}

interface Server {
  readonly process: ChildProcess
  readonly port: number
  readonly bytes: number
  readonly buildMs: number
}

async function startServer(folder: string, kind: string): Promise<Server> {
  const child = fork(join(import.meta.dirname, "ssb/server.ts"), [folder, kind, String(ROWS)], {
    execArgv: ["--no-warnings", ...(process.env.SERVER_ARGV?.split(" ") ?? [])],
  })
  return await new Promise((resolve, reject) => {
    child.once("message", message => resolve({ process: child, ...(message as Omit<Server, "process">) }))
    child.once("exit", code => reject(new Error(`the server ended with ${code}`)))
  })
}

function appendTail({ process: child }: Server, tail: number): Promise<void> {
  return new Promise(resolve => {
    child.once("message", () => resolve())
    child.send({ tail })
  })
}

function stopServer({ process: child }: Server): Promise<void> {
  return new Promise(resolve => {
    child.removeAllListeners("exit")
    child.once("exit", () => resolve())
    child.kill("SIGTERM")
  })
}

/** Connections of their own for `work`: the server ends those that are idle for long. */
async function asking<T>(port: number, work: (ask: Ask) => Promise<T>): Promise<T> {
  const connections = Array.from({ length: CLIENTS }, () => new LoadConnection(port))
  const ask: Ask = async (sql, client) => {
    const text = await connections[client]!.send(requestOf(sql))
    if (text.includes('"errorCode"')) throw new Error(text.slice(0, 500))
    return text
  }
  try {
    return await work(ask)
  } finally {
    for (const connection of connections) connection.close()
  }
}

/** Both must say the same before either is timed. */
async function compare(ask: Ask, yardstick: Yardstick, kind: string): Promise<void> {
  for (const [name, sql] of queriesOf(kind)) {
    const rows: unknown[][] = JSON.parse(String(await ask(sql, 0))).resultTable.rows
    const ours = JSON.stringify(rows.map(row => row.map(String)))
    const others = JSON.stringify((await yardstick.query(sql, 0)).map(row => row.map(String)))
    if (ours !== others) throw new Error(`${name} differs: ${ours.slice(0, 200)} and ${others.slice(0, 200)}`)
  }
}

function tell(title: string, measured: Map<string, Measured>, beside: Map<string, Measured>): void {
  console.log(`\n${title}`)
  console.log("query      median ms   DuckDB ms   ratio   queries/s, 8 clients  DuckDB   CPU ms  DuckDB")
  for (const [name, { medianMs, perSecond, cpuMs }] of measured) {
    const other = beside.get(name)!
    const cells = [
      medianMs.toFixed(2).padStart(9),
      other.medianMs.toFixed(2).padStart(11),
      (medianMs / other.medianMs).toFixed(2).padStart(7),
      perSecond.toFixed(0).padStart(22),
      other.perSecond.toFixed(0).padStart(7),
      cpuMs.toFixed(2).padStart(8),
      other.cpuMs.toFixed(2).padStart(7),
    ]
    console.log(`${name.padEnd(10)} ${cells.join(" ")}`)
  }
  const [ours, others] = [[...measured.values()], [...beside.values()]]
  const means = [ours, others].map(all => geomean(all.map(({ medianMs }) => medianMs)))
  const rates = [ours, others].map(all => geomean(all.map(({ perSecond }) => perSecond)))
  console.log(
    `geometric means: ${means[0]!.toFixed(2)} ms, DuckDB ${means[1]!.toFixed(2)} ms, ratio ${(means[0]! / means[1]!).toFixed(2)}; ` +
      `${rates[0]!.toFixed(0)} queries/s, DuckDB ${rates[1]!.toFixed(0)}; CPU ${geomean(ours.map(({ cpuMs }) => cpuMs)).toFixed(2)} ms, DuckDB ${geomean(others.map(({ cpuMs }) => cpuMs)).toFixed(2)}; slowest median ${Math.max(...ours.map(({ medianMs }) => medianMs)).toFixed(1)} ms`,
  )
}

let beside: Map<string, Measured> | undefined
console.log(`${ROWS} rows; load average ${loadavg()[0]!.toFixed(1)}`)
for (const kind of KINDS) {
  const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "millrace-ssb-"))
  const server = await startServer(folder, kind)
  try {
    const size = (server.bytes / 1e6).toFixed(0)
    console.log(`\n${kind}: ${size} MB, built in ${(server.buildMs / 1_000).toFixed(1)} s`)
    const yardstick = await Yardstick.open(globSync(join(folder, "**/*.parquet")), CLIENTS)
    await asking(server.port, ask => compare(ask, yardstick, kind))
    beside ??= await measure((sql, client) => yardstick.query(sql, client), ownCpuMs)
    const cpuMs = (): number => 1_000 * cpuSeconds(server.process.pid ?? 0)
    tell(`${kind}, empty tail`, await asking(server.port, ask => measure(ask, cpuMs, kind)), beside)
    await appendTail(server, TAIL_ROWS)
    tell(
      `${kind}, ${TAIL_ROWS} rows in the tail`,
      await asking(server.port, ask => measure(ask, cpuMs, kind)),
      beside,
    )
  } finally {
    await stopServer(server)
    rmSync(folder, { recursive: true, force: true })
  }
}
