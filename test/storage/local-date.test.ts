import { join } from "node:path"
import { open } from "lmdb"
import { describe, expect, test } from "vitest"
import { localClock } from "../../shared/storage/local/clock.ts"
import { openLocalStores } from "../../shared/storage/local/local-stores.ts"
import { absent, bytes, makeItem, temporaryFolder } from "./support.ts"

const HOUR_MS = 3_600_000
const START = Date.UTC(2026, 5, 1)

/** A machine's clock that a test sets. */
function settable() {
  const set = { now: START }
  return { set, clock: { ...localClock(), now: () => set.now } }
}

describe("the local stores' date", () => {
  test("follows the clock ahead and stands still when it is set back", async () => {
    const { set, clock } = settable()
    const stores = await openLocalStores(temporaryFolder(), clock)
    const date = async () => (await stores.meta.get("meta", { pk: "p", sk: "s" })).date
    expect(await date()).toBe(START)
    set.now = START + HOUR_MS
    expect(await date()).toBe(START + HOUR_MS)
    set.now = START - HOUR_MS
    expect(await date()).toBe(START + HOUR_MS)
    expect((await stores.objects.list("")).date).toBe(START + HOUR_MS)
    const notAfter = START + HOUR_MS - 1
    const expired = { outcome: "refused", reason: "expired" }
    expect(await stores.meta.put("meta", makeItem("p", "s"), { ...absent, notAfter })).toMatchObject(expired)
    expect(await stores.objects.put("k", bytes(1), { ifAbsent: true, notAfter })).toMatchObject(expired)
    await stores.objects.put("k", bytes(1))
    expect((await stores.objects.list("")).objects[0]?.modified).toBe(START + HOUR_MS)
    await stores.close()
  })

  test("does not go back over a restart with the clock set back, though nothing was written", async () => {
    const { set, clock } = settable()
    const folder = temporaryFolder()
    const first = await openLocalStores(folder, clock)
    set.now = START + HOUR_MS
    const { date } = await first.meta.get("meta", { pk: "p", sk: "s" })
    await first.close()
    set.now = START - HOUR_MS
    const second = await openLocalStores(folder, clock)
    expect((await second.meta.get("meta", { pk: "p", sk: "s" })).date).toBe(date)
    await second.close()
  })

  test("each restart without a close leaves it no further ahead of the clock than the first", async () => {
    const { set, clock } = settable()
    const folder = temporaryFolder()
    const ahead: number[] = []
    for (let round = 0; round < 4; round++) {
      set.now += 1
      const stores = await openLocalStores(folder, clock)
      const outcome = await stores.meta.put("meta", makeItem("p", "s"))
      ahead.push(outcome.outcome === "committed" ? outcome.date - set.now : Number.NaN)
      await abandon(folder, stores)
    }
    expect(ahead[0]).toBe(0)
    expect(Math.max(...ahead)).toBeLessThanOrEqual(5_000)
  })

  test("a folder of a later layout is refused, and so is an item of a later format", async () => {
    const folder = temporaryFolder()
    const stores = await openLocalStores(folder)
    await stores.meta.put("meta", makeItem("p", "s"))
    await stores.close()
    await edit(folder, "meta", Buffer.from("\0\x01ps"), Buffer.from([0x93, 0x02, 0xa1, 0x76, 0x80]))
    const again = await openLocalStores(folder)
    const unknown = { code: "unknown_format" }
    await expect(again.meta.get("meta", { pk: "p", sk: "s" })).rejects.toMatchObject(unknown)
    await expect(again.meta.queryPage("meta", { pk: "p" })).rejects.toMatchObject(unknown)
    await again.close()
    await edit(folder, "facts", Buffer.from("layout"), Buffer.from("2"))
    await expect(openLocalStores(folder)).rejects.toMatchObject(unknown)
    await edit(folder, "facts", Buffer.from("layout"), Buffer.from("1"))
    await (await openLocalStores(folder)).close()
  })
})

/** Ends as a kill does: the ceiling stays as it was, ahead of the date. */
async function abandon(folder: string, stores: { close(): Promise<void> }): Promise<void> {
  const database = open({ path: join(folder, "meta.mdb"), keyEncoding: "binary", encoding: "binary" })
  const facts = database.openDB({ name: "facts", keyEncoding: "binary", encoding: "binary" })
  const ceiling = facts.getBinary(Buffer.from("date"))!
  await stores.close()
  await database.close()
  await edit(folder, "facts", Buffer.from("date"), Buffer.from(ceiling))
}

async function edit(folder: string, name: string, key: Buffer, value: Buffer): Promise<void> {
  const database = open({ path: join(folder, "meta.mdb"), keyEncoding: "binary", encoding: "binary" })
  await database.openDB({ name, keyEncoding: "binary", encoding: "binary" }).put(key, value)
  await database.close()
}
