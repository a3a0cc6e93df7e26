import { expect, test } from "vitest"
import { itemBytes } from "../../shared/storage/item-size.ts"
import type { Item, MetaStore, TransactionStep } from "../../shared/storage/meta-store.ts"
import {
  ITEM_BYTES_MAX,
  ITEM_DELETES_MAX,
  TRANSACTION_BYTES_MAX,
  TRANSACTION_STEPS_MAX,
} from "../../shared/storage/meta-store.ts"
import type { FreshMeta } from "./contract-meta-store.ts"
import { absent, FAR_AHEAD, makeItem } from "./support.ts"

const invalid = { name: "StorageError", code: "invalid", retryable: false }
const tooLarge = { name: "StorageError", code: "too_large", retryable: false }
let tokens = 0
const options = () => ({ notAfter: FAR_AHEAD, token: `limit-${tokens++}` })

export function metaLimitsContract(fresh: FreshMeta): void {
  test("keys of 1,024 bytes hold, one byte more does not", async () => {
    const meta = await fresh()
    const longest = ["p".repeat(1_024), `${"漢".repeat(341)}s`] as const
    const items = [makeItem(...longest), makeItem(longest[0], `${"漢".repeat(341)}t`)]
    for (const item of items)
      expect(await meta.put("meta", item, absent)).toMatchObject({ outcome: "committed" })
    expect((await meta.queryPage("meta", { pk: longest[0], from: items[1]!.sk })).items).toEqual([items[1]])
    const descending = { pk: longest[0], descending: true }
    expect((await meta.queryPage("meta", descending)).items).toEqual(items.toReversed())
    await expect(meta.put("meta", makeItem("p".repeat(1_025), "s"))).rejects.toMatchObject(tooLarge)
    await expect(meta.put("meta", makeItem("p", "漢".repeat(342)))).rejects.toMatchObject(tooLarge)
    await nextWorks(meta)
  })

  test("an item of 400 KB by DynamoDB's rule holds, one byte more does not", async () => {
    const meta = await fresh()
    const spare = ITEM_BYTES_MAX - itemBytes(sized(0))
    const largest = sized(spare)
    expect(await meta.put("meta", largest)).toMatchObject({ outcome: "committed" })
    expect((await meta.get("meta", largest)).item).toEqual(largest)
    await expect(meta.put("meta", sized(spare + 1))).rejects.toMatchObject(tooLarge)
    await expect(
      meta.put("meta", makeItem("p", "s", { v: 1, x: "漢".repeat(140_000) })),
    ).rejects.toMatchObject(tooLarge)
    await nextWorks(meta)
  })

  test("a transaction of 100 steps and 4 MB holds, more does not", async () => {
    const meta = await fresh()
    const steps = Array.from({ length: TRANSACTION_STEPS_MAX + 1 }, (_, at) => put(makeItem("t", `${at}`)))
    expect(await meta.transact(steps.slice(1), options())).toMatchObject({ outcome: "committed" })
    await expect(meta.transact(steps, options())).rejects.toMatchObject(tooLarge)
    expect((await meta.get("meta", { pk: "t", sk: "0" })).item).toBeUndefined()
    const tooMuch = Array.from({ length: 11 }, (_, at) => put(large(`large-${at}`)))
    expect(await meta.transact(tooMuch.slice(1), options())).toMatchObject({ outcome: "committed" })
    expect(11 * LARGE_BYTES).toBeGreaterThan(TRANSACTION_BYTES_MAX)
    await expect(meta.transact(tooMuch, options())).rejects.toMatchObject(tooLarge)
    expect((await meta.get("meta", { pk: "p", sk: "large-0" })).item).toBeUndefined()
    await nextWorks(meta)
  })

  test("a transaction names each item once, has a step and a token", async () => {
    const meta = await fresh()
    const item = makeItem("t", "twice")
    const twice: TransactionStep[] = [put(item), { kind: "delete", table: "meta", key: item }]
    await expect(meta.transact(twice, options())).rejects.toMatchObject(invalid)
    const apart: TransactionStep[] = [put(item), { ...put(item), table: "log" }]
    expect(await meta.transact(apart, options())).toMatchObject({ outcome: "committed" })
    await expect(meta.transact([], options())).rejects.toMatchObject(invalid)
    for (const token of ["", "t".repeat(37)]) {
      await expect(meta.transact([put(item)], { notAfter: FAR_AHEAD, token })).rejects.toMatchObject(invalid)
    }
    await expect(meta.transact([put(item)], { notAfter: Number.NaN, token: "t" })).rejects.toMatchObject(
      invalid,
    )
    await nextWorks(meta)
  })

  test("a delete of 1,000 items holds, of one more does not; a wrong key deletes nothing", async () => {
    const meta = await fresh()
    const keys = Array.from({ length: ITEM_DELETES_MAX + 1 }, (_, at) => ({ pk: "d", sk: `${at}` }))
    const [first, last] = [makeItem("d", "0"), makeItem("d", `${ITEM_DELETES_MAX - 1}`)]
    for (const item of [first, last]) await meta.put("meta", item)
    await expect(meta.deleteMany("meta", keys)).rejects.toMatchObject(tooLarge)
    await expect(meta.deleteMany("meta", [first, { pk: "d", sk: "" }])).rejects.toMatchObject(invalid)
    expect((await meta.queryPage("meta", { pk: "d" })).items.length).toBe(2)
    expect(await meta.deleteMany("meta", keys.slice(0, -1))).toMatchObject({ outcome: "committed" })
    expect((await meta.queryPage("meta", { pk: "d" })).items).toEqual([])
    await nextWorks(meta)
  })

  test("a wrong call is told as such before anything is written", async () => {
    const meta = await fresh()
    const wrong: Item[] = [
      makeItem("", "s"),
      makeItem("p", ""),
      makeItem("p\ud800", "s"),
      makeItem("p", "s\udc00"),
      makeItem("p", "s", { v: 1, x: "\ud800" }),
      makeItem("p", "s", { v: Number.NaN }),
      makeItem("p", "s", { v: Number.POSITIVE_INFINITY }),
      makeItem("p", "s", { v: 1e126 }),
      makeItem("p", "s", { v: 1e-131 }),
      makeItem("p", "s", { pk: 1 }),
      makeItem("p", "s", { _version: 1 }),
      makeItem("p", "s", { "": 1 }),
      { ...makeItem("p", "s"), version: "" },
    ]
    for (const item of wrong) await expect(meta.put("meta", item)).rejects.toMatchObject(invalid)
    const item = makeItem("p", "s")
    await expect(meta.put("meta", item, { condition: { absent: true } })).rejects.toMatchObject(invalid)
    await expect(meta.delete("meta", item, { condition: { version: "x" } })).rejects.toMatchObject(invalid)
    await expect(meta.put("meta", item, { notAfter: Number.NaN })).rejects.toMatchObject(invalid)
    await expect(meta.get("meta", { pk: "", sk: "s" })).rejects.toMatchObject(invalid)
    await expect(meta.queryPage("meta", { pk: "" })).rejects.toMatchObject(invalid)
    for (const limit of [0, -1, 1.5]) {
      await expect(meta.queryPage("meta", { pk: "p", limit })).rejects.toMatchObject(invalid)
    }
    await expect(meta.queryPage("meta", { pk: "p", from: "s".repeat(1_025) })).rejects.toMatchObject(tooLarge)
    expect((await meta.queryPage("meta", { pk: "p" })).items).toEqual([])
    await nextWorks(meta)
  })
}

async function nextWorks(meta: MetaStore): Promise<void> {
  expect(await meta.put("meta", makeItem("next", `${tokens++}`), absent)).toMatchObject({
    outcome: "committed",
  })
}

/** Items of one size but for `length`, since their versions are of one length. */
function sized(length: number, sk = "sized"): Item {
  return { pk: "p", sk, version: "v", fields: { v: 1, x: new Uint8Array(length) } }
}

const LARGE_BYTES = 390_000

/** Its bytes are text: ministack counts binaries of a transaction as they travel, in base64. */
function large(sk: string): Item {
  return { ...sized(0, sk), fields: { v: 1, x: "x".repeat(LARGE_BYTES) } }
}

function put(item: Item): TransactionStep {
  return { kind: "put", table: "meta", item }
}
