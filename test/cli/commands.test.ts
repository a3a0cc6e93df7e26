import { exec } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { errorReply } from "../../shared/api/error-reply.ts"
import { startHttpServer } from "../../shared/embedded/http-server.ts"
import { LogError } from "../../shared/log/errors.ts"
import { partitionForKey } from "../../shared/log/records/index.ts"
import { startCli, type TestCli } from "./support.ts"

let cli: TestCli
let folder: string

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"))
  cli = await startCli()
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await cli.server.close()
})

const topic = (name: string, partitions = 1) => cli.api.log.createTopic({ name, partitions, owner: "http" })

describe.concurrent("millrace topics", () => {
  test("creates, lists, describes and deletes", async () => {
    const { run } = cli
    const args = ["topics", "create", "made", "--partitions", "2", "--config", "retention.ms=1000"]
    expect(await run(args)).toEqual({
      code: 0,
      stdout: "",
      stderr: "Created topic made with 2 partitions.\n",
    })
    expect((await run(["topics", "list"])).stdout).toContain("made\n")
    expect((await run(["topics", "describe", "made"])).stdout).toBe(
      "retention.ms=1000\npartition  beginning  end\n---------  ---------  ---\n        0          0    0\n        1          0    0\n",
    )
    const json = await run(["topics", "describe", "made", "--json"])
    expect(JSON.parse(json.stdout)).toMatchObject({
      name: "made",
      partitions: [{ partition: 0, beginning_offset: 0, end_offset: 0 }, { partition: 1 }],
    })
    expect(await run(["topics", "delete", "made"])).toMatchObject({ code: 0, stdout: "" })
    expect(await run(["topics", "delete", "made"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: topic made does not exist\n",
    })
  })
})

describe.concurrent("millrace topics alter", () => {
  test("gives a topic partitions and configuration entries, and takes them back", async () => {
    const { run } = cli
    await topic("altered")
    const args = ["topics", "alter", "altered", "--partitions", "3", "--config", "retention.ms=1000"]
    expect(await run(args)).toEqual({ code: 0, stdout: "", stderr: "Altered topic altered.\n" })
    expect(await cli.api.log.topic("altered", true)).toMatchObject({
      partitions: 3,
      config: { "retention.ms": "1000" },
    })
    expect((await run(["topics", "alter", "altered", "--reset", "retention.ms"])).code).toBe(0)
    expect((await cli.api.log.topic("altered", true)).config).toEqual({})
    expect(await run(["topics", "alter", "altered"])).toEqual({
      code: 2,
      stdout: "",
      stderr: "error: expected --partitions, --config or --reset\n",
    })
    expect(await run(["topics", "alter", "altered", "--partitions", "2"])).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: partitions: only grow, since records stay where they are: expected at least 3, got 2\n",
    })
  })
})

describe.concurrent("millrace topics delete-records", () => {
  test("moves the log's start, of one partition or of all", async () => {
    const { run } = cli
    await topic("cut", 2)
    for (const partition of [0, 1]) await cli.api.produce(`/topics/cut/partitions/${partition}`, ["1", "2"])
    expect(await run(["topics", "delete-records", "cut", "--partition", "1", "--before", "1"])).toEqual({
      code: 0,
      stdout: "",
      stderr: "Partition 1 of cut begins at offset 1.\n",
    })
    expect((await run(["topics", "delete-records", "cut", "--before", "end"])).stderr).toBe(
      "Partition 0 of cut begins at offset 2.\nPartition 1 of cut begins at offset 2.\n",
    )
    expect(await run(["topics", "delete-records", "cut", "--before", "1"])).toMatchObject({ code: 2 })
    expect(await run(["topics", "delete-records", "cut", "--partition", "0", "--before", "9"])).toMatchObject(
      {
        code: 1,
        stderr: expect.stringContaining("error: records before 9: expected an offset up to 2"),
      },
    )
  })
})

describe.concurrent("millrace produce and consume", () => {
  test("take lines from stdin and give them back", async () => {
    await topic("lines")
    const values = ['{"n": 9007199254740993}', '"two"', "3"]
    const produced = await cli.run(["produce", "lines"], {
      stdin: `${values[0]}\r\n\n${values[1]}\n${values[2]}`,
    })
    expect(produced).toEqual({ code: 0, stdout: "", stderr: "3 records acknowledged\n" })
    const consumed = await cli.run(["consume", "lines"])
    expect(consumed).toEqual({ code: 0, stdout: values.map(value => `${value}\n`).join(""), stderr: "" })
    const some = await cli.run([
      "consume",
      "lines",
      "--partition",
      "0",
      "--offset",
      "1",
      "--max",
      "1",
      "--json",
    ])
    expect(JSON.parse(some.stdout)).toMatchObject({
      topic: "lines",
      key: null,
      value: "two",
      offset: 1,
      headers: [],
    })
  })

  test("send files by key to the partitions where the server would put them", async () => {
    await topic("keyed", 3)
    const file = join(folder, "keyed.ndjson")
    const keys = ["a", "b", "c", 7, "a", "ü"]
    writeFileSync(file, keys.map((id, n) => `${JSON.stringify({ id, n })}\n`).join(""))
    expect((await cli.run(["produce", "keyed", file, "--key", "id"])).code).toBe(0)
    const { stdout } = await cli.run(["consume", "keyed", "--json"])
    const records = stdout
      .trimEnd()
      .split("\n")
      .map(line => JSON.parse(line))
    expect(records).toHaveLength(keys.length)
    for (const { key, partition, value } of records) {
      expect(key).toBe(String(value.id))
      expect(partition).toBe(partitionForKey(Buffer.from(key), 3))
    }
  })

  test("send large input in several requests, each record once", async () => {
    await topic("large", 2)
    const count = 3_000
    const stdin = Array.from(
      { length: count },
      (_, n) => `${JSON.stringify({ n, pad: "x".repeat(1_000) })}\n`,
    ).join("")
    expect((await cli.run(["produce", "large"], { stdin })).stderr).toBe("3,000 records acknowledged\n")
    const { stdout } = await cli.run(["consume", "large"])
    const seen = stdout
      .trimEnd()
      .split("\n")
      .map(line => JSON.parse(line).n as number)
    expect(seen.sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, n) => n))
  })

  test("send again what was not answered, each record once", async () => {
    await topic("retried")
    const { api } = cli.api
    let lost = 2
    const forgetful = await startHttpServer({
      port: 0,
      api: {
        refusal: async () => undefined,
        close: () => undefined,
        async handle(request) {
          const answer = await api.handle(request)
          const isProduce =
            request.path.startsWith("/topics/retried/partitions/") && request.method === "POST"
          return isProduce && lost-- > 0 ? errorReply(new LogError("outcome_unknown", "who knows")) : answer
        },
      },
    })
    const args = ["produce", "retried", "--url", forgetful.url]
    expect(await cli.run(args, { stdin: "1\n2\n" })).toMatchObject({
      code: 0,
      stderr: "2 records acknowledged\n",
    })
    await forgetful.close()
    expect((await cli.run(["consume", "retried"])).stdout).toBe("1\n2\n")
    expect(lost).toBeLessThan(0)
  })

  test("name the line of the input that is wrong", async () => {
    await topic("wrong")
    const file = join(folder, "wrong.ndjson")
    writeFileSync(file, '{"id":1}\n\n{"id":2}\n{"id":\n')
    const keyless = await cli.run(["produce", "wrong", file])
    expect(keyless.code).toBe(1)
    expect(keyless.stderr).toContain(`error: ${file}:4, column 7: expected a JSON value`)
    const keyed = await cli.run(["produce", "wrong", "--key", "ID"], { stdin: '\n{"id":1}\n' })
    expect(keyed.stderr).toContain('error: stdin:2: expected an object with the key field "ID"')
    expect((await cli.run(["produce", "wrong", join(folder, "absent")])).code).toBe(2)
    expect((await cli.run(["produce", "nope"], { stdin: "1\n" })).stderr).toBe(
      "error: topic nope does not exist\n",
    )
  })

  test("follow what comes", async () => {
    await topic("followed", 2)
    await cli.api.produce("/topics/followed/partitions/0", ['"before"'])
    const following = cli.run(["consume", "followed", "--follow", "--from-beginning", "--max", "2"])
    await cli.api.produce("/topics/followed/partitions/1", ['"after"'])
    const { code, stdout } = await following
    expect(code).toBe(0)
    expect(stdout.split("\n").sort()).toEqual(["", '"after"', '"before"'])
  })

  test("begin at a time", async () => {
    await topic("timed", 2)
    const headers = { "content-type": "application/json" }
    const at = (second: number) => Date.UTC(2026, 0, 1, 0, 0, second)
    const records = [1, 2, 3].map(second => ({ value: second, partition: second % 2, timestamp: at(second) }))
    await cli.api.call("POST /topics/timed", { headers, body: { records } })
    const read = async (time: string) =>
      (await cli.run(["consume", "timed", "--from-time", time])).stdout.split("\n").sort().join("")
    expect(await read("2026-01-01T00:00:02Z")).toBe("23")
    expect(await read(`${at(3)}`)).toBe("3")
    expect(await cli.run(["consume", "timed", "--from-time", "soon"])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("Expected epoch milliseconds, or a time such as 2026-01-31T12:00:00Z."),
    })
    expect(await cli.run(["consume", "timed", "--from-time", "1", "--from-beginning"])).toMatchObject({
      code: 2,
      stderr: "error: --offset, --from-beginning, --from-time: expected one of them\n",
    })
  })

  test("read as a group, which goes on where it was", async () => {
    await topic("grouped", 2)
    await cli.api.produce("/topics/grouped/partitions/0", ["1", "2"])
    await cli.api.produce("/topics/grouped/partitions/1", ["3"])
    const read = (...more: string[]) => cli.run(["consume", "grouped", "--group", "readers", ...more])
    const first = await read()
    expect(first).toMatchObject({ code: 0, stderr: "" })
    expect(first.stdout.split("\n").sort().join("")).toBe("123")
    const committed = await cli.api.log.groups.committed("readers")
    expect(committed.map(({ partition, offset }) => [partition, offset])).toEqual([
      [0, 2],
      [1, 1],
    ])
    await cli.api.produce("/topics/grouped/partitions/1", ["4"])
    const seen = (stdout: string) => stdout.includes('"value":4')
    const followed = await cli.run(["consume", "grouped", "--group", "readers", "--follow", "--json"], {
      until: seen,
    })
    expect(followed).toMatchObject({ code: 0, stderr: "" })
    expect(JSON.parse(followed.stdout)).toMatchObject({ topic: "grouped", partition: 1, offset: 1, value: 4 })
    expect((await cli.api.log.groups.describe("readers")).members).toEqual([])
    expect(await read("--partition", "0")).toMatchObject({
      code: 2,
      stderr: "error: --partition: is not for --group, which shares out partitions itself\n",
    })
    expect((await read("--max", "1")).stdout).toBe("")
  })

  test("show what is no JSON as it is", async () => {
    await topic("raw")
    const headers = { "content-type": "application/vnd.kafka.binary.v2+json" }
    const values = ["no json", '{\n"a":\n1}', null].map(text => text && Buffer.from(text).toString("base64"))
    const body = { records: values.map(value => ({ key: "/w==", value })) }
    await cli.api.call("POST /topics/raw", { headers, body })
    expect((await cli.run(["consume", "raw"])).stdout).toBe('no json\n{ "a": 1}\nnull\n')
    const [first] = (await cli.run(["consume", "raw", "--json"])).stdout.split("\n")
    expect(JSON.parse(first!)).toMatchObject({ key_base64: "/w==", value: "no json" })
  })

  test("stop quietly when their reader has gone", async () => {
    await topic("piped")
    await cli.api.produce(
      "/topics/piped?summary",
      Array.from({ length: 20_000 }, () => JSON.stringify("x".repeat(100))),
    )
    const bin = new URL("../../bin/millrace.js", import.meta.url).pathname
    const { stdout, stderr } = await new Promise<{ stdout: string; stderr: string }>(resolve => {
      const command = `"${process.execPath}" "${bin}" consume piped --url ${cli.server.url} | head -n 1`
      exec(command, (_error, out, err) => resolve({ stdout: out, stderr: err }))
    })
    expect({ lines: stdout.split("\n").length, stderr }).toEqual({ lines: 2, stderr: "" })
  })
})

describe("millrace query", () => {
  const reply = (rows: string, types = '["STRING","LONG","DOUBLE"]') =>
    `{"resultTable":{"dataSchema":{"columnNames":["origin","n","mean"],"columnDataTypes":${types}},"rows":${rows}},"exceptions":[],"timeUsedMs":3}`
  const answerWith = (text: string) => {
    cli.api.sql.query = async request => {
      cli.api.sql.asked.push(request)
      return { body: text, format: "json", isFailed: false }
    }
  }

  test("prints an aligned table, numbers with all their digits", async () => {
    answerWith(reply('[["SEA",9007199254740993,1.0],["a\\nb",7,null]]'))
    const { code, stdout, stderr } = await cli.run(["query", "SELECT 1"])
    expect({ code, stderr }).toEqual({ code: 0, stderr: "2 rows, 3 ms\n" })
    expect(stdout).toBe(
      [
        "origin                 n  mean",
        "------  ----------------  ----",
        "SEA     9007199254740993   1.0",
        "a\\nb                   7  NULL",
        "",
      ].join("\n"),
    )
    expect(cli.api.sql.asked.at(-1)?.sql).toBe("SELECT 1")
  })

  test("prints JSON lines and CSV", async () => {
    answerWith(reply('[["say \\"hi\\", you",9007199254740993,1.0],["",7,null]]'))
    expect((await cli.run(["query", "SELECT 1", "--json"])).stdout).toBe(
      '{"origin":"say \\"hi\\", you","n":9007199254740993,"mean":1.0}\n{"origin":"","n":7,"mean":null}\n',
    )
    expect((await cli.run(["query", "SELECT 1", "--csv"])).stdout).toBe(
      'origin,n,mean\r\n"say ""hi"", you",9007199254740993,1.0\r\n"",7,\r\n',
    )
    expect((await cli.run(["query", "SELECT 1", "--csv", "--json"])).code).toBe(2)
  })

  test("explains a query as a tree, after what it sets", async () => {
    const columns =
      '{"columnNames":["Operator","Operator_Id","Parent_Id"],"columnDataTypes":["STRING","INT","INT"]}'
    const rows = '[["ENGINE_DIRECT",1,0],["REDUCE(limit:1)",2,1],["A",3,2],["B",4,2]]'
    answerWith(`{"resultTable":{"dataSchema":${columns},"rows":${rows}},"exceptions":[],"timeUsedMs":1}`)
    const { code, stdout } = await cli.run(["query", "SET a = 1; SELECT 1", "--explain"])
    expect({ code, stdout }).toEqual({ code: 0, stdout: "ENGINE_DIRECT\n  REDUCE(limit:1)\n    A\n    B\n" })
    expect(cli.api.sql.asked.at(-1)?.sql).toBe("SET a = 1; EXPLAIN SELECT 1")
  })

  test("reports exceptions on stderr and by its status", async () => {
    answerWith('{"exceptions":[{"errorCode":710,"message":"Unknown column x"}],"timeUsedMs":1}')
    const { code, stdout, stderr } = await cli.run(["query", "SELECT x"])
    expect({ code, stdout, stderr }).toEqual({
      code: 1,
      stdout: "",
      stderr: "error: Unknown column x (710)\n",
    })
  })
})

describe.concurrent("millrace", () => {
  test("has stable exit codes", async () => {
    expect(await cli.run(["--version"])).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    })
    expect((await cli.run(["topics", "list", "--colour"])).code).toBe(2)
    expect((await cli.run(["consume", "x", "--offset", "3"])).stderr).toContain("--offset: needs --partition")
    const nobody = await cli.run(["topics", "list", "--url", "http://127.0.0.1:9"])
    expect(nobody).toMatchObject({ code: 3, stdout: "" })
    expect(nobody.stderr).toMatch(/^error: Cannot reach http:\/\/127\.0\.0\.1:9 /)
    expect((await cli.run(["topics", "list", "--url", "ftp://x"])).code).toBe(2)
  })
})
