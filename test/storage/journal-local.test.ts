import { spawnSync } from "node:child_process"
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"
import { openLocalJournal } from "../../shared/storage/local/open-journal.ts"
import { localRandom } from "../../shared/storage/local/random.ts"
import { temporaryFolder } from "./support.ts"
import { readAvailable, record, textsOf } from "./support-journal.ts"

const random = localRandom()
const newFolder = () => join(temporaryFolder(), "journal")
const files = (folder: string) => readdirSync(folder).sort()
const put = async (journal: Awaited<ReturnType<typeof openLocalJournal>>, ...texts: string[]) => {
  const puts = await journal.put(texts.map(text => record(text)))
  return puts.map(each => (each.outcome === "committed" ? each.position.sequence : each.outcome))
}

test("nothing is made before the first put, and an unused journal ends", async () => {
  const folder = newFolder()
  const journal = await openLocalJournal(folder, { random })
  await journal.close()
  expect(existsSync(folder)).toBe(false)
  expect(await journal.next(new AbortController().signal)).toEqual([])
  expect(await put(journal, "late")).toEqual(["refused"])
})

test("what is not told to be delivered is given again, perhaps with more, also by the next process", async () => {
  const folder = newFolder()
  const first = await openLocalJournal(folder, { random })
  const { signal } = new AbortController()
  expect(await put(first, "a", "b")).toEqual(["1", "2"])
  const given = await first.next(signal)
  expect(textsOf(given)).toEqual(["a", "b"])
  expect(await put(first, "c")).toEqual(["3"])
  expect(textsOf(await first.next(signal))).toEqual(["a", "b", "c"])
  await first.delivered(given[0].position)
  expect(textsOf(await first.next(signal))).toEqual(["b", "c"])
  await expect(first.delivered(given[0].position)).rejects.toMatchObject({ code: "invalid" })
  // The process ends here, without a word.
  const second = await openLocalJournal(folder, { random })
  expect(second.cutBytes).toBe(0)
  expect(await put(second, "d")).toEqual(["4"])
  const again = await second.next(signal)
  expect(textsOf(again)).toEqual(["a", "b", "c", "d"])
  expect(again[0].position).toEqual(given[0].position)
  await second.close()
  await first.close()
})

test("a reader waits for the next record, until it is told not to or the journal ends", async () => {
  const journal = await openLocalJournal(newFolder(), { random })
  const stop = new AbortController()
  const stopped = journal.next(stop.signal)
  stop.abort()
  expect(await stopped).toEqual([])
  const waiting = journal.next(new AbortController().signal)
  await put(journal, "a")
  expect(textsOf(await waiting)).toEqual(["a"])
  await readAvailable(journal)
  const last = journal.next(new AbortController().signal)
  await journal.end()
  expect(await last).toEqual([])
  await journal.close()
})

test("files go once they are delivered; sequences go on, over restarts too", async () => {
  const folder = newFolder()
  const options = { random, fileBytesMax: 100 }
  const journal = await openLocalJournal(folder, options)
  for (let at = 0; at < 10; at++) await put(journal, `${at}${"x".repeat(60)}`)
  expect(files(folder).length).toBeGreaterThan(3)
  expect(await readAvailable(journal)).toHaveLength(10)
  expect(files(folder)).toHaveLength(1)
  await journal.close()
  // All was delivered: nothing is left to read again but the number.
  expect(files(folder)).toEqual(["00000000000000000011.journal"])
  const next = await openLocalJournal(folder, options)
  expect(await readAvailable(next)).toEqual([])
  expect(await put(next, "y")).toEqual(["11"])
  await next.close()
  const third = await openLocalJournal(folder, options)
  expect(textsOf(await readAvailable(third))).toEqual(["y"])
  await third.close()
})

test("an end that was not finished is cut, at whatever byte; whole records stay", async () => {
  const folder = newFolder()
  const journal = await openLocalJournal(folder, { random })
  await put(journal, "first", "second")
  await journal.close()
  const [name] = files(folder)
  const whole = readFileSync(join(folder, name))
  const recordBytes = 8 + "second".length
  for (let size = 0; size < whole.length; size++) {
    const copy = newFolder()
    mkdirSync(copy)
    writeFileSync(join(copy, name), whole.subarray(0, size))
    const cut = await openLocalJournal(copy, { random })
    const kept = size < 24 + 13 ? [] : ["first"]
    expect(textsOf(await readAvailable(cut)), `${size} bytes`).toEqual(kept)
    const torn = size < 24 ? 0 : size - 24 - (kept.length === 0 ? 0 : 13)
    expect(cut.cutBytes, `${size} bytes`).toBe(torn)
    expect(await put(cut, "new")).toEqual([String(1 + kept.length)])
    expect(textsOf(await readAvailable(cut))).toEqual(["new"])
    await cut.close()
  }
  expect(whole.length).toBe(24 + 13 + recordBytes)
})

test("damage where nothing unfinished can be is told, not passed over", async () => {
  const folder = newFolder()
  const options = { random, fileBytesMax: 30 }
  const journal = await openLocalJournal(folder, options)
  for (const text of ["first", "second", "third"]) await put(journal, text)
  await journal.close()
  const path = join(folder, files(folder)[0])
  const bytes = readFileSync(path)
  bytes[bytes.length - 1] ^= 1
  writeFileSync(path, bytes)
  const damaged = await openLocalJournal(folder, options)
  await expect(damaged.next(AbortSignal.abort())).rejects.toMatchObject({
    code: "corrupt",
    message: expect.stringMatching(/the record at byte 24 is damaged/),
  })
  await damaged.close()
  writeFileSync(path, bytes.with(7, 2))
  await expect(openLocalJournal(folder, options)).rejects.toMatchObject({
    code: "unknown_format",
    message: expect.stringMatching(/format 2, expected 1/),
  })
})

test("it takes no more than its bound, says so, and takes more once records are delivered", async () => {
  const folder = newFolder()
  const journal = await openLocalJournal(folder, { random, bytesMax: 1_000, fileBytesMax: 300 })
  const sequences: string[] = []
  for (let at = 0; at < 20; at++) sequences.push(...(await put(journal, "x".repeat(100))))
  const taken = sequences.filter(sequence => sequence !== "refused").length
  expect(taken).toBeGreaterThan(5)
  const [refused] = await journal.put([record("x".repeat(100))])
  expect(refused).toMatchObject({
    outcome: "refused",
    cause: { code: "unavailable", message: expect.stringMatching(/at most 1000 may/) },
  })
  expect(files(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0)).toBeLessThan(1_001)
  expect(await readAvailable(journal)).toHaveLength(taken)
  expect(await put(journal, "again")).toEqual([String(taken + 1)])
  expect(textsOf(await readAvailable(journal))).toEqual(["again"])
  await journal.close()
})

test("a folder that cannot be written is told, and nothing is taken", async () => {
  const folder = newFolder()
  const journal = await openLocalJournal(folder, { random })
  writeFileSync(folder, "in the way")
  const [refused] = await journal.put([record("x")])
  expect(refused).toMatchObject({ outcome: "refused", cause: { code: "unavailable" } })
  await journal.close()
})

test("files of another journal are not mixed in", async () => {
  const folder = newFolder()
  const journal = await openLocalJournal(folder, { random, fileBytesMax: 30 })
  await put(journal, "a")
  await put(journal, "b")
  await journal.close()
  const path = join(folder, files(folder)[1])
  const bytes = readFileSync(path)
  bytes.write("0000000000000000", 8, "latin1")
  writeFileSync(path, bytes)
  await expect(openLocalJournal(folder, { random })).rejects.toMatchObject({ code: "corrupt" })
  truncateSync(path, 10)
  const mended = await openLocalJournal(folder, { random })
  expect(textsOf(await readAvailable(mended))).toEqual(["a"])
  await mended.close()
})

test.skipIf(process.platform === "win32")(
  "a full disk refuses what does not fit, and nothing else",
  async () => {
    const folder = newFolder()
    const script = join(import.meta.dirname, "journal-child.ts")
    // Files may grow to a thousand blocks of 512 or 1,024 bytes: as the disk's end does it, writes beyond fail.
    const limited = ["-c", 'ulimit -f 1000; exec "$@"', "sh", process.execPath, script, folder]
    const { stdout, stderr, status } = spawnSync("sh", limited, { encoding: "utf8" })
    expect({ status, stderr }).toMatchObject({ status: 0 })
    const [first, second, third] = stdout.trimEnd().split("\n")
    const [, taken] = /^refused after (\d+): .*EFBIG/.exec(first) ?? []
    expect(Number(taken), first).toBeGreaterThan(3)
    expect(second).toBe("committed")
    expect(third).toBe(`${Number(taken) + 1} 10`)
    const journal = await openLocalJournal(folder, { random })
    expect(journal.cutBytes).toBe(0)
    expect(await put(journal, "next")).toEqual([String(Number(taken) + 2)])
    await journal.close()
  },
)

// What version 1 of a journal's file looks like, for as long as one may lie in a data folder.
test("files are written and read as version 1 says", async () => {
  const golden = readFileSync(
    join(import.meta.dirname, "../golden/storage/journal-file-v1.hex"),
    "utf8",
  ).trim()
  const folder = newFolder()
  const journal = await openLocalJournal(folder, { random: { id: () => "0123456789abcdef".repeat(2) } })
  await put(journal, "first", "ü")
  const path = join(folder, "00000000000000000001.journal")
  expect(readFileSync(path).toString("hex")).toBe(golden)
  await journal.close()
  writeFileSync(path, Buffer.from(golden, "hex"))
  const read = await openLocalJournal(folder, { random })
  expect(await readAvailable(read)).toMatchObject([
    { position: { shard: "local-0123456789abcdef", sequence: "1" }, data: Buffer.from("first") },
    { position: { shard: "local-0123456789abcdef", sequence: "2" }, data: Buffer.from("ü") },
  ])
  await read.close()
})
