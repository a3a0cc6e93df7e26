import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { LoadConnection, requestBytes } from "./http-load.ts"
import { startMillrace } from "./processes.ts"

// From an acknowledgement to a query's answer that holds the record, while 1,000 records a second come in; beside the same
// query over the same table when nothing comes in.

const RECORDS_PER_SECOND = 1_000
const RECORDS_PER_REQUEST = 10
const SECONDS = Number(process.env.BENCH_ROUND_MS ?? 20_000) / 1_000
/** Acknowledgements between two probes: about ten probes a second. */
const ACKS_PER_PROBE = 10
const WARM_UP_PROBES = 20

const json = { "content-type": "application/json" }
const query = requestBytes(
  "POST",
  "/query/sql",
  json,
  Buffer.from('{"sql":"SELECT max(id), count(*) FROM events"}'),
)

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
}

function tell(name: string, times: readonly number[]): void {
  const sorted = [...times].sort((a, b) => a - b)
  const [p50, p99] = [quantile(sorted, 0.5), quantile(sorted, 0.99)].map(ms => ms.toFixed(1).padStart(7))
  console.log(`${name.padEnd(28)} p50 ${p50} ms   p99 ${p99} ms   (${times.length} probes)`)
}

async function newest(connection: LoadConnection): Promise<number> {
  const reply = JSON.parse(await connection.send(query))
  if (reply.exceptions.length > 0) throw new Error(JSON.stringify(reply.exceptions))
  return reply.resultTable.rows[0][0] ?? -1
}

async function feed(producer: LoadConnection, prober: LoadConnection): Promise<number[]> {
  const times: number[] = []
  const began = performance.now()
  let probing: Promise<void> | undefined
  const requests = (RECORDS_PER_SECOND / RECORDS_PER_REQUEST) * SECONDS
  for (let request = 0; request < requests; request++) {
    const due = began + (request * 1_000 * RECORDS_PER_REQUEST) / RECORDS_PER_SECOND
    const early = due - performance.now()
    if (early > 0) await new Promise(resolve => setTimeout(resolve, early))
    const first = request * RECORDS_PER_REQUEST
    const lines = Array.from({ length: RECORDS_PER_REQUEST }, (_, index) =>
      JSON.stringify({ id: first + index, user: `user-${index}`, amount: index }),
    )
    const body = Buffer.from(lines.join("\n"))
    await producer.send(
      requestBytes("POST", "/topics/events?summary", { "content-type": "application/x-ndjson" }, body),
    )
    const last = first + RECORDS_PER_REQUEST - 1
    if (request % ACKS_PER_PROBE !== 0 || probing !== undefined) continue
    probing = probe(prober, last).then(ms => {
      times.push(ms)
      probing = undefined
    })
  }
  await probing
  return times.slice(WARM_UP_PROBES)
}

/** Milliseconds until a query's answer holds record `id`, which has just been acknowledged. */
async function probe(connection: LoadConnection, id: number): Promise<number> {
  const began = performance.now()
  while ((await newest(connection)) < id);
  return performance.now() - began
}

const folder = mkdtempSync(join(process.env.BENCH_FOLDER ?? tmpdir(), "millrace-bench-"))
const server = await startMillrace(join(folder, "data"), [join(import.meta.dirname, "freshness.app.ts")])
const [producer, prober] = [new LoadConnection(server.port), new LoadConnection(server.port)]
try {
  const fresh = await feed(producer, prober)
  const idle: number[] = []
  for (let index = 0; index < fresh.length; index++) {
    const began = performance.now()
    await newest(prober)
    idle.push(performance.now() - began)
  }
  tell("acknowledged to visible", fresh)
  tell("the query, nothing new", idle)
  const middle = (times: number[]) =>
    quantile(
      [...times].sort((a, b) => a - b),
      0.5,
    )
  console.log(`ratio of medians             ${(middle(fresh) / middle(idle)).toFixed(2)}`)
} finally {
  producer.close()
  prober.close()
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
