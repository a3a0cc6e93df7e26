import { afterAll, beforeAll, expect, test } from "vitest"
import { deliver } from "../../shared/log/journal/deliver.ts"
import { type JournalFault, memoryJournal } from "../../shared/storage/memory/journal.ts"
import { openApi } from "../api/support.ts"
import { nothingAside } from "../log/journal-support.ts"
import { startCli, type TestCli } from "./support.ts"

// millrace produce --ack journal

const faults: (JournalFault | undefined)[] = []
const journal = memoryJournal({ fault: async () => faults.shift() })
let cli: TestCli

beforeAll(async () => {
  cli = await startCli(openApi({ journal }))
  await cli.api.log.createTopic({ name: "events", partitions: 1, owner: "http" })
})
afterAll(() => cli.server.close())

async function appended(): Promise<number[]> {
  await deliver(cli.api.log, journal.read(journal.shards[0]), nothingAside)
  const { stdout } = await cli.run(["consume", "events"])
  return stdout
    .split("\n")
    .filter(Boolean)
    .map(line => JSON.parse(line).n as number)
}

/** Enough for two entries of one request. */
const lines = (from: number, count: number) =>
  Array.from({ length: count }, (_, n) => `{"n":${from + n},"x":"${"y".repeat(1_000)}"}\n`).join("")

test("lines go through the journal, what it refuses is sent again, each record once and in order", async () => {
  faults.push({ kind: "refuse" }, undefined, { kind: "refuse" })
  const sent = await cli.run(["produce", "events", "--ack", "journal"], { stdin: lines(0, 1_500) })
  expect(sent).toEqual({ code: 0, stdout: "", stderr: "1,500 records acknowledged\n" })
  expect(faults).toEqual([])
  expect(await appended()).toEqual(Array.from({ length: 1_500 }, (_, n) => n))
})

test("what may have been taken is not sent again: the command says from where on", async () => {
  faults.push({ kind: "timeout-after" })
  const unknown = await cli.run(["produce", "events", "--ack", "journal"], { stdin: lines(1_500, 3) })
  expect(unknown.code).toBe(1)
  expect(unknown.stderr).toMatch(
    /^0 records acknowledged\n.*Records from .*:1 on may or may not have been taken: /s,
  )
  expect(await appended()).toHaveLength(1_503)
})

test("a server without a journal is told in its words", async () => {
  const plain = await startCli()
  try {
    await plain.api.log.createTopic({ name: "events", partitions: 1, owner: "http" })
    const refused = await plain.run(["produce", "events", "--ack", "journal"], { stdin: "1\n" })
    expect(refused).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("this deployment has no journal"),
    })
    expect((await plain.run(["produce", "events", "--ack", "log"], { stdin: "1\n" })).code).toBe(0)
  } finally {
    await plain.server.close()
  }
})
