import { mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { DeadRecords } from "../../shared/embedded/dead-records.ts"
import { openJournal } from "../../shared/embedded/journal.ts"
import { encodeEntry } from "../../shared/log/journal/entry.ts"
import { openLog } from "../../shared/log/open-log.ts"
import type { Log } from "../../shared/log/types.ts"
import { type MemoryPorts, memoryPorts } from "../support/memory-ports.ts"
import { send } from "./journal-support.ts"
import { batch, openWithTopic, readAll } from "./support.ts"

function home(ports: MemoryPorts, log: Log, folder = mkdtempSync(join(tmpdir(), "millrace-journal-"))) {
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const said: string[] = []
  const dead = new DeadRecords(ports, log)
  const options = { folder, log, ports, dead, report: (line: string) => void said.push(line) }
  return { folder, said, dead, open: () => openJournal(options) }
}

const until = async (condition: () => boolean | Promise<boolean>) => {
  while (!(await condition())) await new Promise(resolve => setTimeout(resolve, 5))
}

const valuesOf = async (log: Log, id: string) => (await readAll(log, id)).map(([, value]) => value)

test("what is taken is appended soon; closing appends the rest, and takes no more", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const { open, said, folder } = home(ports, log)
  const { journal, close } = await open()
  await send(log, journal, ["a", "b"])
  await until(async () => (await valuesOf(log, id)).length === 2)
  await Promise.all(["c", "d", "e"].map(value => send(log, journal, [value])))
  await close()
  expect(await valuesOf(log, id)).toEqual(["a", "b", "c", "d", "e"])
  expect(await send(log, journal, ["late"])).toMatchObject([{ error: { code: "overloaded" } }])
  expect(said).toEqual([])
  expect(readdirSync(folder)).toHaveLength(1)
})

test("while the log does not take records they stay; it is told once, and the next process appends them once", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  let failing = true
  const flaky: Partial<Log> = {
    topicById: (topic, anew) => log.topicById(topic, anew),
    appendJournalled: request =>
      failing ? Promise.reject(new Error("no store")) : log.appendJournalled(request),
  }
  const first = home(ports, flaky as Log)
  const opened = await first.open()
  await send(log, opened.journal, ["a"])
  await until(() => first.said.length > 0)
  await send(log, opened.journal, ["b"])
  await opened.close()
  expect(first.said).toEqual(["journal: no store; trying again"])
  expect(await valuesOf(log, id)).toEqual([])
  failing = false
  const second = await home(
    ports,
    openLog(memoryPorts({ stores: ports.stores, seed: 1 })),
    first.folder,
  ).open()
  await until(async () => (await valuesOf(log, id)).length === 2)
  await second.close()
  expect(await valuesOf(log, id)).toEqual(["a", "b"])
})

test("what can never be appended is set aside and counted; redriving tries it again", async () => {
  const ports = memoryPorts()
  const { log, id } = await openWithTopic(ports)
  const { open, dead, said } = home(ports, log)
  const { journal, close } = await open()
  const beyond = encodeEntry({ topicId: id, partition: 7, batch: batch(["x"]) })
  await journal.put([Buffer.from("hello"), beyond].map(data => ({ key: "k", data })))
  await send(log, journal, ["after"])
  await close()
  expect(await valuesOf(log, id)).toEqual(["after"])
  expect(said).toEqual([expect.stringMatching(/^journal: set 2 records aside/)])
  expect(await dead.count()).toBe(2)
  expect(await dead.redrive(10)).toEqual({ redriven: 0, failed: 2, remaining: 2 })
  const data = encodeEntry({ topicId: id, partition: 0, batch: batch(["again"]) })
  await dead.keep({ fault: "unknown_format", message: "", shard: "local-x", sequence: "9", data })
  expect(await dead.redrive(10)).toEqual({ redriven: 1, failed: 2, remaining: 2 })
  expect(await valuesOf(log, id)).toEqual(["after", "again"])
})
