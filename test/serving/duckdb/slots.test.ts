import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { SlotCache } from "../../../shared/serving/duckdb/slots.ts"
import { bytesFile } from "../query/fixture.ts"

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "millrace-slots-"))
})
afterEach(() => rmSync(folder, { recursive: true }))

const file = (id: string, size = 10) => bytesFile(id, Buffer.alloc(size, id), 1)
const content = (slot: string | undefined) => readFileSync(join(folder, slot ?? "missing")).toString()

test("a file is read once and keeps its slot", async () => {
  const cache = new SlotCache(folder, ["s0", "s1"], 1000)
  const a = file("a")
  const leases = await Promise.all([cache.acquire([a]), cache.acquire([a]), cache.acquire([a])])
  expect(a.reads).toBe(1)
  expect(leases.map(lease => lease?.slots)).toEqual([["s0"], ["s0"], ["s0"]])
  expect(content("s0")).toBe("aaaaaaaaaa")
  for (const lease of leases) lease?.release()
  expect((await cache.acquire([file("b"), a]))?.slots).toEqual(["s1", "s0"])
  expect(a.reads).toBe(1)
})

test("the least recently used file makes room, never one in use", async () => {
  const cache = new SlotCache(folder, ["s0", "s1", "s2"], 1000)
  const [a, b, c] = [file("a"), file("b"), file("c")]
  const pinned = await cache.acquire([a])
  for (const each of [b, c, b]) (await cache.acquire([each]))?.release()
  const next = await cache.acquire([file("d")])
  expect(next?.slots).toEqual(["s2"])
  expect([content("s0"), content("s1"), content("s2")]).toEqual(["aaaaaaaaaa", "bbbbbbbbbb", "dddddddddd"])
  expect(await cache.acquire([file("e"), file("f")])).toBeUndefined()
  pinned?.release()
  next?.release()
  const both = await cache.acquire([file("g"), file("h")])
  expect(both?.slots.map(content)).toEqual(["gggggggggg", "hhhhhhhhhh"])
})

test("bytes are bounded too, and what goes leaves the disk", async () => {
  const cache = new SlotCache(folder, ["s0", "s1", "s2"], 100)
  for (const id of ["a", "b"]) (await cache.acquire([file(id, 50)]))?.release()
  ;(await cache.acquire([file("c", 60)]))?.release()
  const held = readdirSync(folder)
  expect(held.map(content)).toEqual(["c".repeat(60)])
  expect(await cache.acquire([file("d", 101)])).toBeUndefined()
  expect(await cache.acquire([file("d", 60), file("e", 50)])).toBeUndefined()
  // What can have no room takes none from what is there.
  const pinned = await cache.acquire([file("c", 60)])
  ;(await cache.acquire([file("f", 30)]))?.release()
  expect(await cache.acquire([file("d", 50)])).toBeUndefined()
  expect(readdirSync(folder).map(content).sort()).toEqual(["c".repeat(60), "f".repeat(30)])
  pinned?.release()
  expect((await cache.acquire([file("e", 100)]))?.slots.length).toBe(1)
})

test("a file that cannot be read fails whoever waits for it, and is tried again by the next", async () => {
  const cache = new SlotCache(folder, ["s0"], 1000)
  const a = file("a")
  let isBroken = true
  const flaky = {
    ...a,
    read: async () => {
      if (isBroken) throw new Error("the store is away")
      return await a.read()
    },
  }
  const outcomes = await Promise.allSettled([cache.acquire([flaky]), cache.acquire([flaky])])
  expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "rejected"])
  isBroken = false
  const lease = await cache.acquire([flaky])
  expect(lease?.slots.map(content)).toEqual(["aaaaaaaaaa"])
})

test("many files come in the order asked for, large ones among them", async () => {
  const names = Array.from({ length: 40 }, (_, at) => `s${at}`)
  const cache = new SlotCache(folder, names, 10_000_000)
  const files = names.map((_, at) =>
    bytesFile(`f${at}`, Buffer.alloc(at === 7 ? 300_000 : 3, `${at % 10}`), 1),
  )
  const lease = await cache.acquire(files)
  expect(lease?.slots.map(slot => content(slot).slice(0, 1))).toEqual(files.map((_, at) => `${at % 10}`))
  expect(readdirSync(folder).filter(name => name.endsWith(".part"))).toEqual([])
})
