import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { once } from "node:events"
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { describe, expect, onTestFinished, test } from "vitest"
import { openLocalStores } from "../../shared/storage/local/local-stores.ts"
import { bytes, makeItem, temporaryFolder } from "./support.ts"

/** Kills of a writing process: enough to hit commits, links and syncs alike. */
const KILLS = 6
const ACKNOWLEDGED_BEFORE_KILL = 150
/** A user who owns nothing. */
const NOBODY = 65_534

interface Child {
  readonly process: ChildProcess
  readonly lines: AsyncIterator<string>
}

/** @param uid whom the process runs as, where the test may choose */
function start(folder: string, mode: string, uid?: number): Child {
  const script = join(import.meta.dirname, "owner-child.ts")
  const child = spawn(process.execPath, [script, folder, mode], {
    stdio: ["ignore", "pipe", "inherit"],
    ...(uid !== undefined && { uid }),
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  return { process: child, lines: createInterface({ input: child.stdout! })[Symbol.asyncIterator]() }
}

async function nextLine(child: Child): Promise<string> {
  return (await child.lines.next()).value ?? "ended"
}

async function kill(child: Child): Promise<void> {
  if (child.process.exitCode !== null) return
  const gone = once(child.process, "exit")
  child.process.kill("SIGKILL")
  await gone
}

describe.skipIf(process.platform === "win32")("a full disk", () => {
  test("fails the write alone: what is there is read, and the folder opens again", async () => {
    const folder = temporaryFolder()
    const script = join(import.meta.dirname, "owner-child.ts")
    // Files may grow to a thousand blocks of 512 or 1,024 bytes: as the disk's end does it, writes beyond fail.
    const child = spawn(
      "sh",
      ["-c", 'ulimit -f 1000; exec "$@"', "sh", process.execPath, script, folder, "fill"],
      {
        stdio: ["ignore", "pipe", "ignore"],
      },
    )
    onTestFinished(() => void child.kill("SIGKILL"))
    const ended = once(child, "exit")
    const lines: string[] = []
    for await (const line of createInterface({ input: child.stdout })) lines.push(line)
    expect(lines).toEqual(["opened", expect.stringMatching(/^unknown [1-9]\d* read$/), "closed"])
    expect(await ended).toEqual([0, null])
    const acknowledged = Number(lines[1]!.split(" ")[1])
    const stores = await openLocalStores(folder)
    for (let at = 0; at < acknowledged; at++) {
      const key = { pk: "full", sk: String(at).padStart(4, "0") }
      expect((await stores.meta.get("log", key)).item).toBeDefined()
    }
    expect(await stores.meta.put("log", makeItem("full", "more", { v: 1 }))).toMatchObject({
      outcome: "committed",
    })
    await stores.close()
  })
})

describe("the owner of a data folder", () => {
  test("a second process is refused by name, and may follow once the first is killed", async () => {
    const folder = temporaryFolder()
    const first = start(folder, "hold")
    expect(await nextLine(first)).toBe("opened")
    const refused = {
      code: "folder_in_use",
      message: expect.stringContaining(`process ${first.process.pid}`),
    }
    await expect(openLocalStores(folder)).rejects.toMatchObject(refused)
    await expect(openLocalStores(folder)).rejects.toThrow(folder)
    await kill(first)
    const stores = await openLocalStores(folder)
    await stores.meta.put("meta", makeItem("p", "s"))
    const second = start(folder, "hold")
    expect(await nextLine(second)).toMatch(/^failed folder_in_use/)
    await stores.close()
    const third = start(folder, "hold")
    expect(await nextLine(third)).toBe("opened")
  })

  test("the same process is refused while it has the folder open, and welcome after closing", async () => {
    const folder = temporaryFolder()
    const stores = await openLocalStores(folder)
    await expect(openLocalStores(folder)).rejects.toMatchObject({ code: "folder_in_use" })
    await stores.close()
    await stores.close()
    await expect(stores.meta.get("meta", { pk: "p", sk: "s" })).rejects.toMatchObject({ code: "invalid" })
    await expect(stores.objects.get("k")).rejects.toMatchObject({ code: "invalid" })
    await (await openLocalStores(folder)).close()
  })

  test("of many processes that start at once over a dead owner exactly one gets the folder", async () => {
    const folder = temporaryFolder()
    const dead = start(folder, "hold")
    await nextLine(dead)
    await kill(dead)
    for (let round = 0; round < 2; round++) {
      const children = Array.from({ length: 5 }, () => start(folder, "hold"))
      const lines = await Promise.all(children.map(nextLine))
      expect(lines.filter(line => line === "opened").length).toBe(1)
      expect(lines.filter(line => line.startsWith("failed folder_in_use")).length).toBe(4)
      await Promise.all(children.map(kill))
    }
  })

  test("claims within one process: one at a time wins, and files of former owners do not pile up", async () => {
    const folder = temporaryFolder()
    for (let round = 0; round < 8; round++) {
      const opened = await Promise.allSettled(Array.from({ length: 4 }, () => openLocalStores(folder)))
      const winners = opened.filter(result => result.status === "fulfilled")
      expect(winners.length).toBe(1)
      await winners[0]!.value.close()
    }
    expect(readdirSync(folder).filter(name => name.startsWith("owner-")).length).toBeLessThanOrEqual(2)
    expect(readdirSync(folder).filter(name => name.startsWith(".owner-"))).toEqual([])
  })

  test("a folder that cannot be made or written is told as such", async () => {
    const folder = temporaryFolder()
    writeFileSync(join(folder, "file"), "")
    const unusable = { code: "folder_unusable", retryable: false }
    await expect(openLocalStores(join(folder, "file"))).rejects.toMatchObject(unusable)
    await expect(openLocalStores(join(folder, "file", "below"))).rejects.toMatchObject(unusable)
    mkdirSync(join(folder, "sealed"))
    chmodSync(join(folder, "sealed"), 0o500)
    if (process.getuid?.() === 0) {
      // The superuser may write everywhere, so somebody else tries.
      chmodSync(folder, 0o755)
      const line = await nextLine(start(join(folder, "sealed"), "hold", NOBODY))
      // Where that user cannot even read this program, nothing is said.
      if (line !== "ended")
        expect(line).toMatch(/^failed folder_unusable .*sealed: cannot be used as data folder/)
    } else await expect(openLocalStores(join(folder, "sealed"))).rejects.toMatchObject(unusable)
    await (await openLocalStores(join(folder, "deep", "er"))).close()
  })

  test("what was acknowledged before a SIGKILL is there afterwards, whole, and no temporary file is", async () => {
    const folder = temporaryFolder()
    const acknowledged: string[] = []
    for (let round = 0; round < KILLS; round++) {
      const child = start(folder, "write")
      expect(await nextLine(child)).toBe("opened")
      for (let line = 0; line < ACKNOWLEDGED_BEFORE_KILL; line++) acknowledged.push(await nextLine(child))
      await kill(child)
    }
    const stores = await openLocalStores(folder)
    onTestFinished(() => stores.close())
    let objects = 0
    for (const line of acknowledged) {
      const [kind, lane, name, at] = line.split(" ") as [string, string, string, string]
      if (kind === "object") {
        objects++
        const read = await stores.objects.get(`o/${lane}/${name}`)
        expect(read?.body.slice(0, 10_000), line).toEqual(bytes(10_000, Number(at)))
        expect(read?.body.slice(10_000)).toEqual(bytes(999))
      } else {
        const read = await stores.meta.get("log", { pk: `lane ${lane}`, sk: name })
        expect(read.item?.fields, line).toEqual({ v: 1, at: Number(at) })
      }
    }
    expect(objects).toBeGreaterThan(0)
    expect(acknowledged.length).toBe(KILLS * ACKNOWLEDGED_BEFORE_KILL)
    expect(existsSync(join(folder, "incoming"))).toBe(true)
    expect(readdirSync(join(folder, "incoming"))).toEqual([])
  })
})
