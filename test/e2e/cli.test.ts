import { exec, spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { join } from "node:path"
import { beforeAll, expect, test } from "vitest"
import { type Ended, millraceAt, type RunOptions } from "../cli/support.ts"
import { apps, millrace, type Server, startServer, temporaryFolder, until } from "./support.ts"

let server: Server
let run: (args: readonly string[], options?: RunOptions) => Promise<Ended>

beforeAll(async () => {
  server = await startServer({ app: join(apps, "readings.ts") })
  run = millraceAt(server.url)
})

const ndjson = (values: readonly unknown[]) => values.map(value => `${JSON.stringify(value)}\n`).join("")
const parsed = (lines: string) =>
  lines
    .trimEnd()
    .split("\n")
    .map(line => JSON.parse(line))

test("topics come and go", async () => {
  const created = await run([
    "topics",
    "create",
    "notes",
    "--partitions",
    "2",
    "--config",
    "retention.ms=60000",
  ])
  expect(created).toEqual({ code: 0, stdout: "", stderr: "Created topic notes with 2 partitions.\n" })
  expect((await run(["topics", "list"])).stdout).toBe("notes\nreadings\n")
  expect((await run(["produce", "notes"], { stdin: ndjson(["first"]) })).code).toBe(0)

  const { stdout } = await run(["topics", "describe", "notes", "--json"])
  const described = JSON.parse(stdout)
  expect(described).toMatchObject({ name: "notes", configs: { "retention.ms": "60000" } })
  const ends = described.partitions.map((bounds: { end_offset: number }) => bounds.end_offset)
  expect(ends.sort()).toEqual([0, 1])
  const table = await run(["topics", "describe", "notes"])
  expect(table.stdout).toMatch(/^retention\.ms=60000\npartition +beginning +end\n/)

  expect(await run(["topics", "delete", "notes"])).toMatchObject({ code: 0, stdout: "" })
  expect((await run(["topics", "list"])).stdout).toBe("readings\n")
  expect(await run(["topics", "describe", "notes"])).toMatchObject({
    code: 1,
    stdout: "",
    stderr: "error: topic notes does not exist\n",
  })
  // The app's own topic is the app's to delete.
  expect(await run(["topics", "delete", "readings"])).toMatchObject({ code: 1, stdout: "" })
  expect((await run(["topics", "list"])).stdout).toBe("readings\n")
})

test("what is produced from stdin and files is consumed and queried", async () => {
  const file = join(temporaryFolder(), "readings.ndjson")
  const sensors = ["a", "b", "c", "d", "e"]
  const readings = Array.from({ length: 500 }, (_, n) => ({ sensor: sensors[n % sensors.length], n }))
  writeFileSync(file, ndjson(readings.slice(0, 400)))
  const fromFile = await run(["produce", "readings", file, "--key", "sensor"])
  expect(fromFile).toEqual({ code: 0, stdout: "", stderr: "400 records acknowledged\n" })
  const fromStdin = await run(["produce", "readings", "--key", "sensor"], {
    stdin: ndjson(readings.slice(400)),
  })
  expect(fromStdin).toEqual({ code: 0, stdout: "", stderr: "100 records acknowledged\n" })

  const consumed = await run(["consume", "readings", "--json"])
  expect(consumed).toMatchObject({ code: 0, stderr: "" })
  const records = parsed(consumed.stdout)
  expect(records).toHaveLength(500)
  const partitionOf = new Map<string, number>()
  for (const sensor of sensors) {
    const own = records.filter(({ key }) => key === sensor)
    // All of a key lie in one partition, in their order.
    expect(own.map(({ value }) => value)).toEqual(readings.filter(reading => reading.sensor === sensor))
    expect(new Set(own.map(({ partition }) => partition)).size).toBe(1)
    partitionOf.set(sensor, own[0].partition)
  }
  const partition = String(partitionOf.get("a"))
  const some = await run([
    "consume",
    "readings",
    "--partition",
    partition,
    "--offset",
    "1",
    "--max",
    "2",
    "--json",
  ])
  expect(parsed(some.stdout).map(({ offset }) => offset)).toEqual([1, 2])

  const sql =
    "SELECT sensor, count(*) AS readings, sum(n) AS total FROM readings GROUP BY sensor ORDER BY sensor"
  const sums = [24750, 24850, 24950, 25050, 25150].map((total, i) => [sensors[i], 100, total] as const)
  const table = await run(["query", sql])
  expect(table).toMatchObject({ code: 0, stderr: expect.stringMatching(/^5 rows, \d+ ms\n$/) })
  expect(table.stdout).toBe(
    [
      "sensor  readings  total",
      "------  --------  -----",
      ...sums.map(([sensor, count, total]) => `${sensor}            ${count}  ${total}`),
      "",
    ].join("\n"),
  )
  const json = await run(["query", sql, "--json"])
  expect(parsed(json.stdout)).toEqual(
    sums.map(([sensor, count, total]) => ({ sensor, readings: count, total })),
  )
  const csv = await run(["query", sql, "--csv"])
  expect(csv.stdout).toBe(
    `sensor,readings,total\r\n${sums.map(([sensor, count, total]) => `${sensor},${count},${total}\r\n`).join("")}`,
  )
})

test("exit codes tell what went wrong", async () => {
  const wrong = await run(["query", "SELECT nope FROM readings"])
  expect(wrong).toMatchObject({ code: 1, stdout: "" })
  expect(wrong.stderr).toMatch(/^error: UnknownColumnError: .*nope.* \(710\)\n$/)
  expect(await run(["produce", "nowhere"], { stdin: "1\n" })).toMatchObject({
    code: 1,
    stderr: "error: topic nowhere does not exist\n",
  })
  const badLine = await run(["produce", "readings"], { stdin: `${ndjson([1, 2, 3, 4, 5, 6])}{"n": }\n` })
  expect(badLine.code).toBe(1)
  expect(badLine.stderr).toMatch(/^0 records acknowledged\nerror: stdin:7, column 7: expected a JSON value/)
  expect((await run(["query"])).code).toBe(2)
  expect((await run(["start", "--port", "70000"])).code).toBe(2)
  const nobody = await run(["topics", "list", "--url", "http://127.0.0.1:9"])
  expect(nobody).toMatchObject({ code: 3, stdout: "" })
  expect((await run(["topics", "list"])).code).toBe(0)
})

test("a reader that goes away ends consume and query quietly", async () => {
  const pad = "x".repeat(500)
  expect((await run(["topics", "create", "long"])).code).toBe(0)
  const lines = ndjson(Array.from({ length: 5_000 }, (_, n) => ({ n, pad })))
  expect((await run(["produce", "long"], { stdin: lines })).stderr).toBe("5,000 records acknowledged\n")
  const commands = [
    `consume long`,
    `query "SELECT x, repeat('y', 200) AS y FROM range(10000) t(x) LIMIT 10000" --csv`,
  ]
  for (const command of commands) {
    const piped = `set -o pipefail; "${process.execPath}" "${millrace}" ${command} --url ${server.url} | head -n 2`
    const { code, stdout, stderr } = await new Promise<Ended>(resolve => {
      exec(piped, { shell: "/bin/bash" }, (error, out, err) =>
        resolve({ code: error?.code ?? 0, stdout: out, stderr: err }),
      )
    })
    expect({ code, lines: stdout.trimEnd().split("\n").length, stderr }).toEqual({
      code: 0,
      lines: 2,
      stderr: "",
    })
  }
})

test("produce outlives a kill of the server and has sent everything once", async () => {
  const port = await quietPort()
  const args = ["--port", String(port)]
  let target = await startServer({ app: join(apps, "readings.ts"), args })
  const command = [millrace, "produce", "readings", "--key", "sensor", "--url", target.url]
  const child = spawn(process.execPath, command, { stdio: ["pipe", "ignore", "pipe"] })
  const ended = new Promise<number | null>(resolve => child.once("close", resolve))
  let stderr = ""
  child.stderr.on("data", text => {
    stderr += text
  })
  const count = 40_000
  const lines = (from: number, to: number) =>
    ndjson(Array.from({ length: to - from }, (_, i) => ({ sensor: `s${(from + i) % 9}`, n: from + i })))
  child.stdin.write(lines(0, count / 2))
  await until(async () => (await target.number("SELECT count(*) FROM readings")) > 0)
  await target.kill()
  child.stdin.end(lines(count / 2, count))
  target = await startServer(target.options)
  expect(await ended).toBe(0)
  expect(stderr).toBe("40,000 records acknowledged\n")
  expect(await target.rows("SELECT count(*), count(DISTINCT n), max(n) FROM readings")).toEqual([
    [count, count, count - 1],
  ])
})

/** A free port that no connection's own end is given meanwhile: they come from 32768 on. */
async function quietPort(): Promise<number> {
  for (let port = 20_000 + (process.pid % 10_000); ; port++) {
    const free = await new Promise<boolean>(resolve => {
      const probe = createServer()
      probe.once("error", () => resolve(false))
      probe.listen(port, "127.0.0.1", () => probe.close(() => resolve(true)))
    })
    if (free) return port
  }
}
