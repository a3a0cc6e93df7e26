import { readFileSync } from "node:fs"
import { describe, expect, test } from "vitest"
import { errorTable } from "../../shared/api/error-table.ts"
import { routes } from "../../shared/api/routes.ts"
import { schemaStore } from "../../shared/api/schema-store.ts"
import { tableDirectory } from "../../shared/api/table-directory.ts"
import { openLog } from "../../shared/log/open-log.ts"
import { writeFrame } from "../../shared/log/records/index.ts"
import type { Log } from "../../shared/log/types.ts"
import { TableRegistry } from "../../shared/serving/tables/table-registry.ts"
import { memoryJournal } from "../../shared/storage/memory/journal.ts"
import { valuesBatch } from "../log/records/support.ts"
import { transactional } from "../log/transactions/support.ts"
import { memoryPorts } from "../support/memory-ports.ts"
import { type Example, examplesOf, matches } from "./examples.ts"
import { openApi, type TestApi } from "./support.ts"

const file = new URL("../../docs/api.md", import.meta.url)
const examples = examplesOf(file)

/** Bodies that name the producer of the transactional id, whose number is nobody's to know before. */
async function transactionFile(name: string, log: Log): Promise<Buffer | undefined> {
  if (!["transaction.framed", "commit.json", "abort.json"].includes(name)) return undefined
  const { producerId, epoch } = await log.transactions.describe("orders")
  if (name !== "transaction.framed") return Buffer.from(JSON.stringify({ producerId, epoch }))
  const batch = transactional(["8"], { producerId, epoch, sequence: 0 })
  const head = { producerId, epoch, batches: [{ topic: "copy", partition: 0, bytes: batch.length }] }
  return Buffer.from(writeFrame(head, [batch]))
}

async function run(example: Example, { call, log }: TestApi, files: Map<string, Buffer>): Promise<void> {
  const { method, target, headers, expected } = example
  const file = example.body.startsWith("@") ? example.body.slice(1) : undefined
  const body = file === undefined ? example.body : (files.get(file) ?? (await transactionFile(file, log)))
  const answer = await call(`${method} ${target}`, { headers, body })
  const where = `${method} ${target}`
  expect(answer.status, `${where}: ${answer.text}`).toBe(expected.status)
  expect(answer.headers, where).toMatchObject(expected.headers)
  if (example.output !== undefined) files.set(example.output, answer.bytes)
  else if (answer.json === undefined) expect(answer.text, where).toBe(expected.body)
  else if (!matches(JSON.parse(expected.body), answer.json)) {
    expect(answer.json, where).toEqual(JSON.parse(expected.body))
    throw new Error(`${where}: the documentation shows something else`)
  }
}

describe("docs/api.md", () => {
  test("shows what the API answers", async () => {
    const ports = memoryPorts()
    const log = openLog(ports)
    const tables = tableDirectory(ports, new TableRegistry(ports, log), log)
    const api = openApi({ journal: memoryJournal(), log, tables, schemas: schemaStore(ports) })
    // What a shell cannot write.
    const batch = valuesBatch(["8"])
    const head = { batches: [{ topic: "copy", partition: 0, bytes: batch.length }] }
    const files = new Map([["one-batch.framed", Buffer.from(writeFrame(head, [batch]))]])
    for (const example of examples) await run(example, api, files)
  })

  test("has an example of every route", () => {
    const shown = examples.map(({ method, target }) => `${method} ${target.split("?")[0]}`)
    for (const { method, path } of routes) {
      const pattern = new RegExp(`^${method} ${path.replace(/:\w+/g, "[^/]+")}$`)
      expect(shown, `${method} ${path}`).toContainEqual(expect.stringMatching(pattern))
    }
  })

  test("lists every error with its status and code", () => {
    const text = readFileSync(file, "utf8")
    const { ApiError, LogError, JobError, TableError, StorageError, QueryError } = errorTable
    const stored = Object.entries(StorageError).map(([code, form]) => [`storage_${code}`, form] as const)
    const { too_many_requests } = QueryError
    const forms = [
      ...Object.entries({ ...ApiError, ...LogError, ...JobError, ...TableError, too_many_requests }),
      ...stored,
    ]
    for (const [reason, { status, errorCode }] of forms) {
      const row = new RegExp(`^\\| ${status} \\| ${errorCode} \\|.*\`${reason}\``, "m")
      expect(row.test(text), `${status} ${errorCode} ${reason}`).toBe(true)
    }
  })
})
