import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { describe, expect, test } from "vitest"
import { pinotdbPython } from "../../localstack/venv.ts"
import { millraceAt } from "../cli/support.ts"
import { apps, Server, temporaryFolder } from "./support.ts"

const python = await pinotdbPython()
if ("skipped" in python && process.env.REQUIRE_EMULATOR === "1") throw new Error(python.skipped)
const reason = "skipped" in python ? ` [skipped: ${python.skipped.replace(/[[\]]/g, "'")}]` : ""

const session = join(import.meta.dirname, "pinotdb-session.py")

describe.skipIf("skipped" in python)(`pinotdb${reason}`, () => {
  test("connects, lists, describes, queries and fails, by DB-API and by SQLAlchemy", async () => {
    const data = join(temporaryFolder(), "data")
    const made = await millraceAt("http://127.0.0.1:9")([
      "keys",
      "create",
      "root",
      "--scope",
      "*",
      "--data",
      data,
    ])
    const key = made.stdout.trim()
    // Beyond loopback every request needs the key, those of the controller too.
    const server = new Server({
      app: join(apps, "readings.ts"),
      data,
      args: ["--host", "0.0.0.0", "--no-replay"],
    })
    const [, port = ""] = await server.said(/ at http:\/\/[\d.]+:(\d+)\n/)
    server.url = `http://127.0.0.1:${port}`
    const lines = [
      { sensor: "a", n: 1 },
      { sensor: "a", n: 5 },
      { sensor: "o'neil", n: 2 },
      { sensor: "o'neil", n: 7 },
    ]
    const body = lines.map(line => JSON.stringify(line)).join("\n")
    const headers = { "content-type": "application/x-ndjson", authorization: `Bearer ${key}` }
    expect((await server.call("POST /topics/readings?key=sensor", { headers, body })).status).toBe(200)
    const path = "path" in python ? python.path : ""
    const { stdout } = await promisify(execFile)(path, [session, "127.0.0.1", port, key])
    expect(JSON.parse(stdout)).toEqual({
      description: [
        ["sensor", "STRING"],
        ["n", "NUMBER"],
        ["max(n)", "NUMBER"],
      ],
      rows: [
        ["a", 2, 5],
        ["o'neil", 2, 7],
      ],
      parameters: [[2], [7]],
      none: [],
      unknown_column: expect.stringMatching(/^DatabaseError: .*UnknownColumnError.*'nope'/s),
      unknown_table: expect.stringMatching(/^DatabaseError: .*TableDoesNotExistError/s),
      syntax: expect.stringMatching(/^DatabaseError: .*SQLParsingError/s),
      compat: [["distinctcount(sensor)", "sum(n)"], [[2, 15]]],
      stranger: expect.stringMatching(/^DatabaseError/),
      tables: ["readings"],
      columns: expect.arrayContaining([
        ["sensor", "VARCHAR"],
        ["n", "BIGINT"],
      ]),
      text: [[4]],
      built: [
        ["a", 6],
        ["o'neil", 9],
      ],
      error: expect.stringMatching(/Unsupported function: nope/),
    })
    await server.stop()
  })
})
