import { describe, expect, test } from "vitest"
import { countingStores } from "../../shared/storage/counting.ts"
import type { Fault } from "../../shared/storage/memory/faults.ts"
import { memoryStores } from "../../shared/storage/memory/memory-stores.ts"
import { queryItems } from "../../shared/storage/query-items.ts"
import { absent, bytes, FAR_AHEAD, makeItem } from "./support.ts"

const START = Date.UTC(2026, 0, 1)
const ifAbsent = { ifAbsent: true, notAfter: FAR_AHEAD } as const

/** Memory stores, and a client whose next call meets the faults given, one a call. */
function faulty() {
  const set = { date: START }
  const faults: Fault[] = []
  const stores = memoryStores({ date: () => set.date })
  const client = stores.connect({ before: async () => faults.shift() })
  return { stores, client, faults, set }
}

function later() {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { promise, resolve }
}

const turn = () => new Promise(resolve => setImmediate(resolve))

describe("faults of the memory stores", () => {
  test("a time-out before is unknown and never applied, one after is unknown and applied", async () => {
    const { stores, client, faults } = faulty()
    faults.push({ kind: "timeout-before" }, { kind: "timeout-after" })
    const unknown = { outcome: "unknown", cause: expect.objectContaining({ code: "unavailable" }) }
    const [never, applied] = [makeItem("p", "never"), makeItem("p", "applied")]
    expect(await client.meta.put("log", never, absent)).toEqual(unknown)
    expect(await client.meta.put("log", applied, absent)).toEqual(unknown)
    expect([...stores.items("log")]).toEqual([applied])
    faults.push({ kind: "timeout-before" }, { kind: "timeout-after" })
    expect(await client.objects.put("never", bytes(1), ifAbsent)).toEqual(unknown)
    expect(await client.objects.put("applied", bytes(1), ifAbsent)).toEqual(unknown)
    expect(stores.objectKeys()).toEqual(["applied"])
    expect(stores.objectBody("applied")).toEqual(bytes(1))
  })

  test("a late apply waits, and then needs its condition and notAfter to hold", async () => {
    const { stores, client, faults, set } = faulty()
    const [holds, taken, expired] = [later(), later(), later()]
    for (const at of [holds, taken, expired]) faults.push({ kind: "late-apply", at: at.promise })
    const late = { ...absent, notAfter: START + 100 }
    const item = makeItem("p", "holds")
    for (const sk of ["holds", "taken", "expired"]) {
      const put = client.meta.put("log", sk === "holds" ? item : makeItem("p", sk), late)
      expect(await put).toMatchObject({ outcome: "unknown" })
    }
    expect([...stores.items("log")]).toEqual([])
    const standing = makeItem("p", "taken")
    await stores.meta.put("log", standing)
    holds.resolve()
    taken.resolve()
    await turn()
    set.date = START + 101
    expired.resolve()
    await turn()
    expect([...stores.items("log")]).toEqual([item, standing])
  })

  test("after a hidden retry one's own success looks like a loss", async () => {
    const { stores, client, faults } = faulty()
    const hidden: Fault = { kind: "hidden-retry" }
    const item = makeItem("p", "s")
    faults.push(hidden, hidden, hidden)
    const lost = await client.meta.put("log", item, absent)
    expect(lost).toMatchObject({ outcome: "refused", reason: "exists", standing: item })
    expect(await client.objects.put("k", bytes(1), ifAbsent)).toMatchObject({
      outcome: "refused",
      reason: "exists",
    })
    const step = {
      kind: "put",
      table: "meta",
      item: makeItem("p", "t"),
      condition: { absent: true },
    } as const
    const token = { notAfter: FAR_AHEAD, token: "once" }
    expect(await client.meta.transact([step], token)).toMatchObject({ outcome: "committed" })
    expect([...stores.items("log")]).toEqual([item])
    expect(stores.objectKeys()).toEqual(["k"])
  })

  test("conflicts and throttles are refusals that leave nothing", async () => {
    const { stores, client, faults } = faulty()
    faults.push({ kind: "conflict" }, { kind: "throttle" }, { kind: "throttle" })
    expect(await client.meta.put("log", makeItem("p", "s"), absent)).toMatchObject({ reason: "conflict" })
    expect(await client.meta.put("log", makeItem("p", "s"), absent)).toMatchObject({ reason: "throttled" })
    expect(await client.objects.put("k", bytes(1))).toMatchObject({ outcome: "refused", reason: "throttled" })
    expect([...stores.items("log")]).toEqual([])
    expect(stores.objectKeys()).toEqual([])
  })

  test("a failed read is retryable; an empty page has a next that leads to everything", async () => {
    const { client, faults } = faulty()
    for (let at = 0; at < 5; at++) await client.meta.put("log", makeItem("p", `${at}`))
    const retryable = { code: "unavailable", retryable: true }
    for (const kind of ["unavailable", "throttle", "timeout-after"] as const) {
      faults.push({ kind }, { kind })
      await expect(client.meta.get("log", { pk: "p", sk: "1" })).rejects.toMatchObject(retryable)
      await expect(client.objects.list("")).rejects.toMatchObject(retryable)
    }
    for (const descending of [false, true]) {
      faults.push({ kind: "empty-page" })
      const page = await client.meta.queryPage("log", { pk: "p", from: "1", to: "3", descending })
      expect(page).toMatchObject({ items: [], next: expect.any(String) })
      faults.push({ kind: "empty-page" })
      const { items } = await queryItems(client.meta, "log", { pk: "p", from: "1", to: "3", descending })
      expect(items.map(({ sk }) => sk)).toEqual(descending ? ["3", "2", "1"] : ["1", "2", "3"])
    }
  })

  test("a delete of many may end half-way, a listing short", async () => {
    const { stores, client, faults } = faulty()
    for (const key of ["a", "b", "c", "d"]) await stores.objects.put(key, bytes(1))
    faults.push({ kind: "empty-page" })
    const listing = await client.objects.list("", { limit: 4 })
    expect(listing).toMatchObject({ objects: [{ key: "a" }, { key: "b" }], next: "b" })
    faults.push({ kind: "partial" })
    expect(await client.objects.deleteMany(["a", "b", "c", "d"])).toMatchObject({ outcome: "unknown" })
    expect(stores.objectKeys()).toEqual(["c", "d"])
  })

  test("a delete of many items may end half-way, not at all, or late", async () => {
    const { stores, client, faults } = faulty()
    const items = ["a", "b", "c", "d"].map(sk => makeItem("p", sk))
    for (const item of items) await stores.meta.put("meta", item)
    const left = () => [...stores.items("meta")].map(({ sk }) => sk)
    faults.push({ kind: "throttle" }, { kind: "timeout-before" }, { kind: "partial" })
    expect(await client.meta.deleteMany("meta", items)).toMatchObject({ reason: "throttled" })
    expect(await client.meta.deleteMany("meta", items)).toMatchObject({ outcome: "unknown" })
    expect(left()).toEqual(["a", "b", "c", "d"])
    expect(await client.meta.deleteMany("meta", items)).toMatchObject({ outcome: "unknown" })
    expect(left()).toEqual(["c", "d"])
    const { promise, resolve } = later()
    faults.push({ kind: "late-apply", at: promise })
    expect(await client.meta.deleteMany("meta", items)).toMatchObject({ outcome: "unknown" })
    expect(left()).toEqual(["c", "d"])
    resolve()
    await turn()
    expect(left()).toEqual([])
    expect(await client.meta.deleteMany("meta", items)).toMatchObject({ outcome: "committed" })
  })

  test("the date holds its maximum when its source goes back", async () => {
    const { stores, set } = faulty()
    set.date = START + 50
    expect((await stores.meta.get("log", { pk: "p", sk: "s" })).date).toBe(START + 50)
    set.date = START
    expect((await stores.objects.list("")).date).toBe(START + 50)
  })
})

describe("counting", () => {
  test("calls and bytes are counted, by operation, and set to 0 again", async () => {
    const { objects, meta, calls, bytes: counted, reset } = countingStores(memoryStores())
    await objects.put("k", [bytes(10), bytes(5)])
    await objects.get("k", { start: 0, end: 4 })
    await objects.list("")
    await objects.deleteMany(["k"])
    await meta.put("log", { pk: "pk", sk: "sk", version: "v1", fields: { v: 1, x: bytes(100) } })
    await meta.get("log", { pk: "pk", sk: "sk" })
    await meta.queryPage("log", { pk: "pk" })
    await meta.delete("log", { pk: "pk", sk: "sk" })
    await meta.deleteMany("log", [{ pk: "pk", sk: "sk" }])
    const steps = [{ kind: "delete", table: "log", key: { pk: "pk", sk: "sk" } }] as const
    await meta.transact(steps, { notAfter: FAR_AHEAD, token: "t" })
    for (const count of Object.values(calls)) expect(count).toBe(1)
    // Names pk, sk, _version, v, x; values; one byte and one more for the number 1.
    const itemBytes = 2 + 2 + 8 + 1 + 1 + 2 + 2 + 2 + 2 + 100
    expect(counted).toEqual({
      objectsWritten: 15,
      objectsRead: 4,
      itemsWritten: itemBytes,
      itemsRead: 2 * itemBytes,
    })
    reset()
    for (const count of Object.values(calls)) expect(count).toBe(0)
  })
})
