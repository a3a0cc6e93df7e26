import { spawnSync } from "node:child_process"
import { cpSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { build } from "esbuild"
import { FUNCTION_NAMES } from "../functions/environment.ts"
import { functionAsset, jobAssets, layerAsset } from "../infra/bundling/index.ts"

// `npm run bench -- coldstart`: what a function's start costs before its first request: the size of its code, and the
// time from the import to a handler that is ready, in a fresh process. Beside it an empty handler with the two clients
// that every function has. A host's figures: what Lambda adds, and how slow its cores are, is not in them.

const ROUNDS = Number(process.env.BENCH_ROUNDS ?? 9)
const YARDSTICK = "(empty, two clients)"
const BYTES_AIM = 1.5 * 1024 * 1024
const MS_AIM = 150

const YARDSTICK_CODE = `
  import { S3Client } from "@aws-sdk/client-s3"
  import { DynamoDBClient } from "@aws-sdk/client-dynamodb"
  const clients = [new S3Client(), new DynamoDBClient()]
  export const handler = async () => void clients`

const home = mkdtempSync(join(tmpdir(), "millrace-coldstart-"))
const own = process.arch === "arm64" ? "arm64" : "x86_64"
const layers = (["codecs", "duckdb"] as const).map(layer =>
  join(layerAsset(layer, own), "nodejs", "node_modules"),
)

const ENVIRONMENT = {
  NODE_PATH: layers.join(":"),
  AWS_REGION: "eu-west-1",
  AWS_ACCESS_KEY_ID: "none",
  AWS_SECRET_ACCESS_KEY: "none",
  AWS_LAMBDA_FUNCTION_NAME: "bench",
  MILLRACE_APP: "bench",
  MILLRACE_STAGE: "bench",
  MILLRACE_BUCKET: "bucket",
  MILLRACE_LOG_TABLE: "log",
  MILLRACE_META_TABLE: "meta",
  MILLRACE_STREAM: "stream",
  MILLRACE_BUILD_FUNCTION: "build",
  MILLRACE_MAINTAIN_FUNCTION: "maintain",
  MILLRACE_DEAD_LETTERS: "letters",
  MILLRACE_TIMERS: "timers",
  MILLRACE_AUTHENTICATION: '{"apiKey":true,"iam":false}',
}

interface Start {
  readonly ms: number
  /** Of all threads: less moved by what else the machine does. */
  readonly cpuMs: number
}

function startOf(folder: string): Start {
  const program = `const at = performance.now(), cpu = process.cpuUsage()
    await import(${JSON.stringify(join(home, folder, "index.mjs"))})
    const used = process.cpuUsage(cpu)
    console.log(JSON.stringify({ ms: performance.now() - at, cpuMs: (used.user + used.system) / 1000 }))
    process.exit(0)`
  const run = spawnSync(process.execPath, ["--input-type=module", "-e", program], {
    env: ENVIRONMENT,
    encoding: "utf8",
  })
  if (run.status !== 0) throw new Error(`${folder} does not start:\n${run.stderr}`)
  return JSON.parse(run.stdout) as Start
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[values.length >> 1]!

function sizeOf(folder: string): { all: number; ofChild: number } {
  const files = readdirSync(join(home, folder)).filter(file => /\.[cm]js$/.test(file))
  const bytes = (some: readonly string[]) =>
    some.reduce((sum, file) => sum + statSync(join(home, folder, file)).size, 0)
  return { all: bytes(files), ofChild: bytes(files.filter(file => file.startsWith("child."))) }
}

try {
  await build({
    stdin: { contents: YARDSTICK_CODE, resolveDir: import.meta.dirname },
    outfile: join(home, YARDSTICK, "index.mjs"),
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    minify: true,
    mainFields: ["module", "main"],
  })
  for (const name of FUNCTION_NAMES) cpSync(functionAsset(name), join(home, name), { recursive: true })
  // A job's code lies beside what runs it.
  const job = jobAssets(join(import.meta.dirname, "../examples/ads/app.ts"), ["ad-stats"], join(home, "jobs"))
  cpSync(job.get("ad-stats")!, join(home, "process"), { recursive: true })
  const names = [YARDSTICK, ...FUNCTION_NAMES]
  const starts = new Map(names.map(name => [name, [] as Start[]]))
  // Round by round, so that what else the machine does meets all alike; the first round warms the disk's cache.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const name of names) {
      const start = startOf(name)
      if (round > 0) starts.get(name)!.push(start)
    }
  }
  const yardstick = median(starts.get(YARDSTICK)!.map(({ cpuMs }) => cpuMs))
  console.log(
    `Node ${process.version}, ${own}, median of ${ROUNDS} fresh processes; figures of this host, not of Lambda`,
  )
  console.log(`aims, without DuckDB: ${(BYTES_AIM / 2 ** 20).toFixed(1)} MB, ${MS_AIM} ms\n`)
  console.log("function                 code KB   ready ms   cpu ms   cpu / yardstick")
  for (const name of names) {
    const { all, ofChild } = sizeOf(name)
    const some = starts.get(name)!
    const cpuMs = median(some.map(start => start.cpuMs))
    const line = [
      name.padEnd(22),
      ((all - ofChild) / 1024).toFixed(0).padStart(9),
      median(some.map(start => start.ms))
        .toFixed(0)
        .padStart(10),
      cpuMs.toFixed(0).padStart(8),
      (cpuMs / yardstick).toFixed(2).padStart(17),
    ]
    const child = ofChild === 0 ? "" : `   and ${(ofChild / 1024).toFixed(0)} KB of DuckDB's child`
    console.log(line.join("") + child)
  }
} finally {
  rmSync(home, { recursive: true, force: true })
}
