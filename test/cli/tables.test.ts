import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, test } from "vitest"
import { schemaStore } from "../../shared/api/schema-store.ts"
import { tableDirectory } from "../../shared/api/table-directory.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { Builder } from "../../shared/serving/builder/builder.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { TailCache } from "../../shared/serving/tail/tail-cache.ts"
import { openApi } from "../api/support.ts"
import { append } from "../log/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { startCli, type TestCli } from "./support.ts"

let cli: TestCli
let folder: string
const ports = memoryPorts()
const log = openLog(ports)
const registry = new TableRegistry(ports, log)

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "millrace-cli-"))
  cli = await startCli(
    openApi({ log, tables: tableDirectory(ports, registry, log), schemas: schemaStore(ports) }),
  )
  await log.createTopic({ name: "rides", partitions: 1, owner: "http" })
})

afterAll(async () => {
  rmSync(folder, { recursive: true })
  await cli.server.close()
})

function fileWith(name: string, content: object): string {
  const file = join(folder, name)
  writeFileSync(file, JSON.stringify(content))
  return file
}

const RIDES = {
  name: "rides",
  from: "rides",
  columns: { id: "int", at: "timestamp", tags: "string[]", fare: { type: "double", sql: "cents / 100" } },
  time: "at",
  sort: ["id"],
}

test("a table is created, shown, altered and dropped; its segments are listed and shown", async () => {
  const { run } = cli
  expect(await run(["tables", "create", fileWith("rides.json", RIDES)])).toEqual({
    code: 0,
    stdout: "",
    stderr: "Created table rides.\n",
  })
  expect((await run(["tables", "list"])).stdout).toBe("rides\n")
  await append(log, ['{"id":2,"at":5}', '{"id":1,"at":"x"}', '{"id":1,"at":7}'], { topic: "rides" })
  await new Builder(ports, registry, new TailCache(log)).step("rides", 0, true)
  expect(await run(["tables", "purge", "rides", "id = 2"])).toEqual({
    code: 0,
    stdout: "",
    stderr: "Erased from table rides, of records below these offsets: 0: 3.\n",
  })
  expect((await run(["tables", "purge", "rides", "id + 1 = 2"])).stderr).toContain("expected a column")
  const { stdout: shown } = await run(["tables", "show", "rides"])
  expect(shown).toContain("from        rides\n")
  expect(shown).toMatch(/^fare +double +sql cents \/ 100$/m)
  expect(shown).toMatch(/^tags +string\[\]$/m)
  expect(shown).toMatch(/^ +0 +3 +1$/m)
  expect(shown).toMatch(/^ +1 +at: /m)
  const listed = await run(["segments", "list", "rides", "--json"])
  const [segment] = JSON.parse(listed.stdout).partitions[0].segments
  expect((await run(["segments", "list", "rides", "--partition", "0"])).stdout).toContain(
    `${segment.id}     0   3     2`,
  )
  expect((await run(["segments", "show", "rides", segment.id])).stdout).toContain(
    `id             ${segment.id}\n`,
  )
  const strict = fileWith("strict.json", { ...RIDES, badRecords: "refuse" })
  expect((await run(["tables", "alter", "rides", strict])).stderr).toBe("Altered table rides.\n")
  await append(log, ['{"id":"x"}'], { topic: "rides" })
  await new Builder(ports, registry, new TailCache(log)).step("rides", 0, true)
  expect((await run(["tables", "show", "rides"])).stdout).toContain("refuses 3: id: text is not a number\n")
  const rebuilt = fileWith("rebuilt.json", { ...RIDES, where: "id > 1", rebuild: true })
  expect((await run(["tables", "alter", "rides", rebuilt])).stderr).toBe(
    "Altered table rides. It is built anew, and stands as it was until then.\n",
  )
  const refused = await run(["tables", "alter", "rides", "-"], {
    stdin: JSON.stringify({ ...RIDES, where: "id > 1" }),
  })
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining("say rebuild: true") })
  expect((await run(["tables", "drop", "rides"])).stderr).toBe(
    "Dropped table rides. Its topic keeps its records.\n",
  )
  expect((await run(["tables", "show", "rides"])).code).toBe(1)
})

test("a table in Pinot's form comes with its schema, and what was not taken is said", async () => {
  const schema = fileWith("schema.json", {
    schemaName: "late",
    dimensionFieldSpecs: [{ name: "id", dataType: "INT" }],
  })
  const table = fileWith("late.json", {
    tableName: "late_REALTIME",
    tableType: "REALTIME",
    tenants: {},
    ingestionConfig: {
      streamIngestionConfig: { streamConfigMaps: [{ "stream.kafka.topic.name": "rides" }] },
    },
  })
  expect(await cli.run(["tables", "create", table, "--schema", schema])).toEqual({
    code: 0,
    stdout: "",
    stderr: "Not taken: tableConfig.tenants: there are no tenants\nCreated table late.\n",
  })
})

test("what is no JSON object is refused before anything is sent", async () => {
  const file = fileWith("list.json", [])
  expect(await cli.run(["tables", "create", file])).toMatchObject({
    code: 1,
    stderr: `error: ${file}: expected a JSON object, found something else\n`,
  })
})
