import { describe, expect, onTestFinished, test } from "vitest"
import type { MetaStore } from "../../shared/storage/meta-store.ts"
import { metaLimitsContract } from "./contract-meta-limits.ts"
import { metaQueryContract } from "./contract-meta-query.ts"
import { metaTransactionContract } from "./contract-meta-transaction.ts"
import { absent, bytes, FAR_AHEAD, makeItem } from "./support.ts"

export interface OpenMetaStore {
  readonly meta: MetaStore
  close(): Promise<void>
}

export type FreshMeta = () => Promise<MetaStore>

/** What every meta store does, sentence by sentence of the port. `open` makes an empty one. */
export function metaStoreContract(name: string, open: () => Promise<OpenMetaStore>): void {
  const fresh = async (): Promise<MetaStore> => {
    const opened = await open()
    onTestFinished(() => opened.close())
    return opened.meta
  }
  describe(`meta store: ${name}`, () => {
    values(fresh)
    conditions(fresh)
    deletes(fresh)
    races(fresh)
    metaQueryContract(fresh)
    metaTransactionContract(fresh)
    metaLimitsContract(fresh)
  })
}

function values(fresh: FreshMeta): void {
  test("an item reads back as it was, every kind of value", async () => {
    const meta = await fresh()
    const item = makeItem("pk", "sk", {
      v: 1,
      text: "a\0ä\u{1f600}",
      empty: "",
      whole: 2 ** 53 - 1,
      negative: -123456789012,
      fraction: 0.1,
      tiny: 1e-100,
      huge: 1.25e125,
      yes: true,
      no: false,
      binary: bytes(300),
      none: new Uint8Array(),
      ünïcode: 1,
    })
    expect(await meta.put("meta", item)).toMatchObject({ outcome: "committed", date: expect.any(Number) })
    const { item: read, date } = await meta.get("meta", { pk: "pk", sk: "sk" })
    expect(read).toEqual(item)
    expect(read!.fields.binary).toBeInstanceOf(Uint8Array)
    expect(date).toEqual(expect.any(Number))
    const page = await meta.queryPage("meta", { pk: "pk" })
    expect(page.items).toEqual([item])
  })

  test("no store keeps the sign of a zero", async () => {
    const meta = await fresh()
    await meta.put("meta", makeItem("pk", "sk", { v: 1, zero: -0 }))
    expect(Object.is((await meta.get("meta", { pk: "pk", sk: "sk" })).item!.fields.zero, 0)).toBe(true)
  })

  test("tables are apart, and so are keys that look alike when joined", async () => {
    const meta = await fresh()
    const keys = [
      ["a", "bc"],
      ["ab", "c"],
      ["a/b", "c"],
      ["a", "b/c"],
      ["a\0", "b"],
      ["a", "\0b"],
    ] as const
    const items = keys.map(([pk, sk]) => makeItem(pk, sk))
    for (const item of items)
      expect(await meta.put("meta", item, absent)).toMatchObject({ outcome: "committed" })
    for (const item of items) expect((await meta.get("meta", item)).item).toEqual(item)
    expect((await meta.get("log", items[0]!)).item).toBeUndefined()
    expect((await meta.queryPage("meta", { pk: "ab" })).items).toEqual([items[1]])
  })

  test("what the caller does to its values later does not reach the store", async () => {
    const meta = await fresh()
    const binary = bytes(10)
    const fields = { v: 1, binary }
    const put = meta.put("meta", makeItem("pk", "sk", fields))
    binary.fill(9)
    fields.v = 2
    await put
    const { item } = await meta.get("meta", { pk: "pk", sk: "sk" })
    expect(item!.fields).toEqual({ v: 1, binary: bytes(10) })
    ;(item!.fields.binary as Uint8Array).fill(7)
    expect((await meta.get("meta", { pk: "pk", sk: "sk" })).item!.fields.binary).toEqual(bytes(10))
  })

  test("dates do not go back", async () => {
    const meta = await fresh()
    const dates: number[] = []
    for (let round = 0; round < 3; round++) {
      const outcome = await meta.put("meta", makeItem("pk", `${round}`))
      if (outcome.outcome === "committed") dates.push(outcome.date)
      dates.push((await meta.get("meta", { pk: "pk", sk: "0" })).date)
      dates.push((await meta.queryPage("meta", { pk: "pk" })).date)
    }
    expect(dates.length).toBe(9)
    expect(dates).toEqual(dates.toSorted((a, b) => a - b))
  })
}

function conditions(fresh: FreshMeta): void {
  test("absent: the first put wins, the second is shown what stands there", async () => {
    const meta = await fresh()
    const [first, second] = [makeItem("pk", "sk", { v: 1, x: bytes(9) }), makeItem("pk", "sk")]
    expect(await meta.put("log", first, absent)).toMatchObject({ outcome: "committed" })
    const lost = await meta.put("log", second, absent)
    expect(lost).toEqual({ outcome: "refused", reason: "exists", standing: first, date: expect.any(Number) })
    expect((await meta.get("log", first)).item).toEqual(first)
  })

  test("version: replaces that version alone", async () => {
    const meta = await fresh()
    const [one, two, three] = [makeItem("pk", "sk"), makeItem("pk", "sk"), makeItem("pk", "sk")]
    const onVersion = (version: string) => ({ condition: { version }, notAfter: FAR_AHEAD })
    const missing = await meta.put("meta", one, onVersion("other"))
    expect(missing).toEqual({ outcome: "refused", reason: "version", date: expect.any(Number) })
    await meta.put("meta", one)
    expect(await meta.put("meta", two, onVersion(one.version))).toMatchObject({ outcome: "committed" })
    const lost = await meta.put("meta", three, onVersion(one.version))
    expect(lost).toMatchObject({ outcome: "refused", reason: "version", standing: two })
    expect((await meta.get("meta", one)).item).toEqual(two)
  })

  test("delete: unconditional, and by version", async () => {
    const meta = await fresh()
    const item = makeItem("pk", "sk")
    expect(await meta.delete("meta", item)).toMatchObject({ outcome: "committed" })
    await meta.put("meta", item)
    const wrong = { condition: { version: "other" }, notAfter: FAR_AHEAD }
    const lost = await meta.delete("meta", item, wrong)
    expect(lost).toMatchObject({ outcome: "refused", reason: "version", standing: item })
    const right = { condition: { version: item.version }, notAfter: FAR_AHEAD }
    expect(await meta.delete("meta", item, right)).toMatchObject({ outcome: "committed" })
    expect((await meta.get("meta", item)).item).toBeUndefined()
    expect(await meta.put("meta", makeItem("pk", "sk"), absent)).toMatchObject({ outcome: "committed" })
  })

  test("past notAfter nothing is applied", async () => {
    const meta = await fresh()
    const { date } = await meta.get("meta", { pk: "pk", sk: "sk" })
    const expired = { outcome: "refused", reason: "expired", date: expect.any(Number) }
    const late = { notAfter: date - 1 }
    expect(await meta.put("meta", makeItem("pk", "sk"), { ...absent, ...late })).toEqual(expired)
    expect(await meta.put("meta", makeItem("pk", "sk"), late)).toEqual(expired)
    expect((await meta.get("meta", { pk: "pk", sk: "sk" })).item).toBeUndefined()
    await meta.put("meta", makeItem("pk", "sk"))
    expect(await meta.delete("meta", { pk: "pk", sk: "sk" }, late)).toEqual(expired)
    const token = { notAfter: date - 1, token: "late" }
    const step = { kind: "put", table: "meta", item: makeItem("pk", "other") } as const
    expect(await meta.transact([step], token)).toEqual(expired)
    expect((await meta.queryPage("meta", { pk: "pk" })).items.length).toBe(1)
  })
}

function deletes(fresh: FreshMeta): void {
  test("deleteMany: what is named goes, whatever its version; the rest stays", async () => {
    const meta = await fresh()
    const items = Array.from({ length: 60 }, (_, at) => makeItem(at % 2 === 0 ? "even" : "odd", `${at}`))
    await Promise.all(items.map(item => meta.put("meta", item)))
    await meta.put("log", makeItem("even", "0"))
    const keys = items.slice(0, 55)
    expect(await meta.deleteMany("meta", keys)).toEqual({ outcome: "committed", date: expect.any(Number) })
    expect((await meta.queryPage("meta", { pk: "even" })).items).toEqual([items[56], items[58]])
    expect((await meta.queryPage("meta", { pk: "odd" })).items).toEqual([items[55], items[57], items[59]])
    expect((await meta.queryPage("log", { pk: "even" })).items.length).toBe(1)
    expect(await meta.put("meta", items[0]!, absent)).toMatchObject({ outcome: "committed" })
  })

  test("deleteMany: a repetition, an absent key, one given twice and none at all are harmless", async () => {
    const meta = await fresh()
    const [item, other] = [makeItem("pk", "sk"), makeItem("pk", "other")]
    await meta.put("log", item)
    await meta.put("log", other)
    const keys = [item, { pk: "pk", sk: "absent" }, item]
    for (let round = 0; round < 2; round++) {
      expect(await meta.deleteMany("log", keys)).toMatchObject({ outcome: "committed" })
      expect((await meta.queryPage("log", { pk: "pk" })).items).toEqual([other])
    }
    expect(await meta.deleteMany("log", [])).toEqual({ outcome: "committed", date: expect.any(Number) })
    expect((await meta.queryPage("log", { pk: "pk" })).items).toEqual([other])
  })

  test("deleteMany: what the caller does to its keys later does not reach the store", async () => {
    const meta = await fresh()
    const [item, other] = [makeItem("pk", "sk"), makeItem("pk", "other")]
    await meta.put("meta", item)
    await meta.put("meta", other)
    const keys = [{ pk: "pk", sk: "sk" }]
    const deleted = meta.deleteMany("meta", keys)
    keys[0]!.sk = "other"
    keys.push({ pk: "pk", sk: "other" })
    await deleted
    expect((await meta.queryPage("meta", { pk: "pk" })).items).toEqual([other])
  })
}

function races(fresh: FreshMeta): void {
  test("of thirty puts on absence at once exactly one wins; the others see it", async () => {
    const meta = await fresh()
    const items = Array.from({ length: 30 }, (_, at) => makeItem("pk", "race", { v: 1, at }))
    const outcomes = await Promise.all(items.map(item => meta.put("log", item, absent)))
    const winners = items.filter((_, at) => outcomes[at]!.outcome === "committed")
    expect(winners.length).toBe(1)
    const losses = outcomes.filter(({ outcome }) => outcome === "refused")
    expect(losses.length).toBe(29)
    for (const loss of losses) expect(loss).toMatchObject({ reason: "exists", standing: winners[0] })
    expect((await meta.get("log", items[0]!)).item).toEqual(winners[0])
  })

  test("a counter moved by version from many sides loses no step", async () => {
    const meta = await fresh()
    await meta.put("meta", makeItem("pk", "counter", { v: 1, count: 0 }))
    const step = async (): Promise<void> => {
      for (;;) {
        const { item } = await meta.get("meta", { pk: "pk", sk: "counter" })
        const next = makeItem("pk", "counter", { v: 1, count: (item!.fields.count as number) + 1 })
        const options = { condition: { version: item!.version }, notAfter: FAR_AHEAD }
        if ((await meta.put("meta", next, options)).outcome === "committed") return
      }
    }
    await Promise.all(Array.from({ length: 20 }, step))
    expect((await meta.get("meta", { pk: "pk", sk: "counter" })).item!.fields.count).toBe(20)
  })

  test("a put that returned is in every later read", async () => {
    const meta = await fresh()
    for (let at = 0; at < 50; at++) {
      await meta.put("log", makeItem("pk", String(at).padStart(3, "0")), absent)
      expect((await meta.queryPage("log", { pk: "pk" })).items.length).toBe(at + 1)
    }
  })
}
