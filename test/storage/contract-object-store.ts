import { describe, expect, onTestFinished, test } from "vitest"
import type { ObjectListing, ObjectStore } from "../../shared/storage/object-store.ts"
import { OBJECT_DELETES_MAX, OBJECT_LIST_PAGE } from "../../shared/storage/object-store.ts"
import { bytes, FAR_AHEAD } from "./support.ts"

export interface OpenObjectStore {
  readonly objects: ObjectStore
  close(): Promise<void>
}

const ifAbsent = { ifAbsent: true, notAfter: FAR_AHEAD } as const

/** What every object store does, sentence by sentence of the port. `open` makes an empty one. */
export function objectStoreContract(name: string, open: () => Promise<OpenObjectStore>): void {
  const fresh = async (): Promise<ObjectStore> => {
    const opened = await open()
    onTestFinished(() => opened.close())
    return opened.objects
  }
  describe(`object store: ${name}`, () => {
    bodies(fresh)
    conditions(fresh)
    listings(fresh)
    refusedCalls(fresh)
  })
}

type Fresh = () => Promise<ObjectStore>

function bodies(fresh: Fresh): void {
  test("a body reads back byte for byte, whole and in ranges", async () => {
    const objects = await fresh()
    const body = bytes(100_000)
    expect(await objects.put("a/b.c_d-1", body)).toMatchObject({ outcome: "committed" })
    const read = async (start: number, end: number) => (await objects.get("a/b.c_d-1", { start, end }))?.body
    expect((await objects.get("a/b.c_d-1"))?.body).toEqual(body)
    expect(await read(0, 1)).toEqual(body.slice(0, 1))
    expect(await read(70_000, 70_010)).toEqual(body.slice(70_000, 70_010))
    expect(await read(99_990, 200_000)).toEqual(body.slice(99_990))
    expect(await read(100_000, 100_001)).toEqual(new Uint8Array())
    expect(await objects.get("a/b.c_d-2")).toBeUndefined()
    expect(await objects.get("a")).toBeUndefined()
    expect(await objects.get("a/b.c_d-1/c")).toBeUndefined()
  })

  test("pieces are stored one after the other, empty and many ones too", async () => {
    const objects = await fresh()
    const pieces = Array.from({ length: 2_500 }, (_, at) => bytes(at % 7, at))
    await objects.put("pieces", pieces)
    expect((await objects.get("pieces"))?.body).toEqual(Uint8Array.from(pieces.flatMap(piece => [...piece])))
    await objects.put("empty", [])
    expect((await objects.get("empty"))?.body).toEqual(new Uint8Array())
  })

  test("what is read is the caller's own", async () => {
    const objects = await fresh()
    await objects.put("own", bytes(10))
    const first = await objects.get("own")
    first!.body.fill(9)
    expect((await objects.get("own"))?.body).toEqual(bytes(10))
  })

  test("an unconditional put overwrites", async () => {
    const objects = await fresh()
    await objects.put("k", bytes(10))
    expect(await objects.put("k", bytes(5, 3))).toMatchObject({ outcome: "committed" })
    expect((await objects.get("k"))?.body).toEqual(bytes(5, 3))
  })

  test("an object may stand where another one's folder is", async () => {
    const objects = await fresh()
    for (const key of ["a/b/c", "a/b", "a"]) await objects.put(key, bytes(key.length))
    expect((await objects.get("a/b"))?.body).toEqual(bytes(3))
    expect(keysOf(await objects.list(""))).toEqual(["a", "a/b", "a/b/c"])
  })

  test("dates do not go back", async () => {
    const objects = await fresh()
    const dates: number[] = []
    for (let round = 0; round < 3; round++) {
      const outcome = await objects.put(`k${round}`, bytes(1))
      if (outcome.outcome === "committed") dates.push(outcome.date)
      dates.push((await objects.get(`k${round}`))!.date, (await objects.list("")).date)
    }
    expect(dates.length).toBe(9)
    expect(dates).toEqual(dates.toSorted((a, b) => a - b))
  })
}

function conditions(fresh: Fresh): void {
  test("if-absent refuses what exists and changes nothing", async () => {
    const objects = await fresh()
    expect(await objects.put("k", bytes(10), ifAbsent)).toMatchObject({ outcome: "committed" })
    const second = await objects.put("k", bytes(10, 1), ifAbsent)
    expect(second).toMatchObject({ outcome: "refused", reason: "exists", date: expect.any(Number) })
    expect((await objects.get("k"))?.body).toEqual(bytes(10))
  })

  test("of thirty puts if-absent at once exactly one wins, and its body stands", async () => {
    const objects = await fresh()
    const outcomes = await Promise.all(
      Array.from({ length: 30 }, (_, at) => objects.put("race", bytes(2_000, at), ifAbsent)),
    )
    const winners = outcomes.flatMap(({ outcome }, at) => (outcome === "committed" ? [at] : []))
    expect(winners.length).toBe(1)
    expect(outcomes.filter(({ outcome }) => outcome === "refused").length).toBe(29)
    expect((await objects.get("race"))?.body).toEqual(bytes(2_000, winners[0]))
  })

  test("past notAfter nothing is applied", async () => {
    const objects = await fresh()
    const { date } = await objects.list("")
    const expired = { outcome: "refused", reason: "expired" }
    expect(await objects.put("k", bytes(1), { ifAbsent: true, notAfter: date - 1 })).toMatchObject(expired)
    expect(await objects.put("k", bytes(1), { notAfter: date - 1 })).toMatchObject(expired)
    expect(await objects.get("k")).toBeUndefined()
    expect(await objects.put("k", bytes(1), ifAbsent)).toMatchObject({ outcome: "committed" })
  })

  test("deleting is by key, and what is absent counts as deleted", async () => {
    const objects = await fresh()
    for (const key of ["d/1", "d/2", "d/3"]) await objects.put(key, bytes(1))
    expect(await objects.deleteMany(["d/1", "d/3", "d/none", "none/at/all"])).toMatchObject({
      outcome: "committed",
    })
    expect(keysOf(await objects.list(""))).toEqual(["d/2"])
    expect(await objects.deleteMany(["d/2"])).toMatchObject({ outcome: "committed" })
    expect(await objects.put("d/2", bytes(4), ifAbsent)).toMatchObject({ outcome: "committed" })
    expect((await objects.get("d/2"))?.body).toEqual(bytes(4))
    expect(await objects.deleteMany([])).toMatchObject({ outcome: "committed" })
  })

  test("puts and deletes of neighbours at once disturb nobody", async () => {
    const objects = await fresh()
    await Promise.all(
      Array.from({ length: 60 }, async (_, at) => {
        await objects.put(`n/${at % 4}/${at}`, bytes(10), ifAbsent)
        if (at % 2 === 0) await objects.deleteMany([`n/${at % 4}/${at}`])
      }),
    )
    const odd = Array.from({ length: 30 }, (_, at) => `n/${(2 * at + 1) % 4}/${2 * at + 1}`)
    expect(keysOf(await objects.list("n/"))).toEqual(odd.toSorted())
  })
}

function listings(fresh: Fresh): void {
  test("a listing goes by the keys' bytes, under a prefix, after a key", async () => {
    const objects = await fresh()
    const keys = ["a-b", "a.b", "a/x", "a/x/y", "a/x-y", "a0", "aB/c", "a_", "b", "A/z", "a/x.z", "a/w/q/r"]
    for (const key of keys) await objects.put(key, bytes(3))
    const sorted = keys.toSorted()
    expect(keysOf(await objects.list(""))).toEqual(sorted)
    for (const prefix of ["a", "a/", "a/x", "a/x/", "a/w/q", "none", "A/z", "a/x/y"]) {
      expect(keysOf(await objects.list(prefix))).toEqual(sorted.filter(key => key.startsWith(prefix)))
      for (const after of [...sorted, "a/", "a/x/", "zzz", "a/wz"]) {
        const expected = sorted.filter(key => key.startsWith(prefix) && key > after)
        expect(keysOf(await objects.list(prefix, { after })), `${prefix} after ${after}`).toEqual(expected)
      }
    }
  })

  test("pages follow each other by next, each within its limit", async () => {
    const objects = await fresh()
    const keys = Array.from({ length: 25 }, (_, at) => `p/${at % 3}/${String(at).padStart(3, "0")}`)
    await Promise.all(keys.map(key => objects.put(key, bytes(2))))
    const found: string[] = []
    let after: string | undefined
    do {
      const page: ObjectListing = await objects.list("p/", { limit: 4, ...(after && { after }) })
      expect(page.objects.length).toBeLessThanOrEqual(4)
      found.push(...keysOf(page))
      after = page.next
    } while (after !== undefined)
    expect(found).toEqual(keys.toSorted())
  })

  test("a listing tells sizes and the store's time of the last write", async () => {
    const objects = await fresh()
    const before = (await objects.list("")).date
    await objects.put("s", bytes(1_234))
    const listing = await objects.list("s")
    expect(listing.objects[0]).toMatchObject({ key: "s", sizeBytes: 1_234 })
    expect(listing.objects[0]!.modified).toBeGreaterThanOrEqual(before)
    expect(listing.objects[0]!.modified).toBeLessThanOrEqual(listing.date)
  })
}

function refusedCalls(fresh: Fresh): void {
  const badKeys = ["", "/a", "a/", "a//b", "a/./b", "..", "a/../b", "ä", "a b", "a+b", "a\0b"]

  test("a wrong call is told as such, and the next call works", async () => {
    const objects = await fresh()
    const invalid = { code: "invalid", retryable: false }
    for (const key of badKeys) {
      await expect(objects.put(key, bytes(1)), key).rejects.toMatchObject(invalid)
      await expect(objects.get(key), key).rejects.toMatchObject(invalid)
      await expect(objects.deleteMany([key]), key).rejects.toMatchObject(invalid)
    }
    await expect(objects.put("k", bytes(1), { ifAbsent: true })).rejects.toMatchObject(invalid)
    await expect(objects.put("k", bytes(1), { notAfter: Number.NaN })).rejects.toMatchObject(invalid)
    for (const range of [
      { start: -1, end: 1 },
      { start: 1, end: 1 },
      { start: 2, end: 1 },
      { start: 0.5, end: 1 },
    ]) {
      await expect(objects.get("k", range)).rejects.toMatchObject(invalid)
    }
    await expect(objects.list("ä")).rejects.toMatchObject(invalid)
    for (const limit of [0, OBJECT_LIST_PAGE + 1]) {
      await expect(objects.list("", { limit })).rejects.toMatchObject(invalid)
    }
    expect(await objects.put("k", bytes(1), ifAbsent)).toMatchObject({ outcome: "committed" })
  })

  test("limits hold to the byte", async () => {
    const objects = await fresh()
    const long = Array.from({ length: 5 }, () => "p".repeat(200)).join("/")
    const longest = `${long}/${"q".repeat(1_024 - long.length - 1)}`
    expect(await objects.put(longest, bytes(1))).toMatchObject({ outcome: "committed" })
    expect(keysOf(await objects.list(""))).toEqual([longest])
    const tooLarge = { code: "too_large", retryable: false }
    await expect(objects.put(`${longest}q`, bytes(1))).rejects.toMatchObject(tooLarge)
    await expect(objects.put("p".repeat(201), bytes(1))).rejects.toMatchObject(tooLarge)
    const many = Array.from({ length: OBJECT_DELETES_MAX }, (_, at) => `many/${at}`)
    expect(await objects.deleteMany(many)).toMatchObject({ outcome: "committed" })
    await expect(objects.deleteMany([...many, "one-more"])).rejects.toMatchObject(tooLarge)
  })
}

function keysOf(listing: ObjectListing): string[] {
  return listing.objects.map(({ key }) => key)
}
