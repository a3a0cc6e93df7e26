import fc from "fast-check"
import { expect, test } from "vitest"
import { itemBytes } from "../../shared/storage/item-size.ts"
import type { MetaStore, Query, QueryPage } from "../../shared/storage/meta-store.ts"
import { META_PAGE_BYTES } from "../../shared/storage/meta-store.ts"
import { queryItems } from "../../shared/storage/query-items.ts"
import type { FreshMeta } from "./contract-meta-store.ts"
import { bytes, makeItem } from "./support.ts"

/** JavaScript's own order would put the last two the other way round. */
const KEYS = [
  "\0",
  " ",
  "-",
  "0",
  "00",
  "1",
  "10",
  "9",
  "A",
  "a",
  "a\0",
  "aa",
  "~",
  "é",
  "漢",
  "\ufffd",
  "\u{1f600}",
]

export function metaQueryContract(fresh: FreshMeta): void {
  test("a query goes by the sort keys' UTF-8 bytes, both ways, bounds included", async () => {
    const meta = await fresh()
    for (const sk of KEYS.toReversed()) await meta.put("meta", makeItem("pk", sk))
    for (const pk of ["p", "pk\0", "pk0", "pl"]) await meta.put("meta", makeItem(pk, "other"))
    expect(await sortKeys(meta, { pk: "pk" })).toEqual(KEYS)
    expect(await sortKeys(meta, { pk: "pk", descending: true })).toEqual(KEYS.toReversed())
    expect(await sortKeys(meta, { pk: "none" })).toEqual([])
    for (const from of [...KEYS, "b", "\u{10ffff}", ""]) {
      for (const to of [...KEYS, "b", "\u{10ffff}", ""]) {
        const expected = KEYS.filter(sk => utf8(sk) >= utf8(from) && utf8(sk) <= utf8(to))
        expect(await sortKeys(meta, { pk: "pk", from, to })).toEqual(expected)
        const descending = { pk: "pk", from, to, descending: true }
        expect(await sortKeys(meta, descending)).toEqual(expected.toReversed())
      }
    }
  })

  test("after goes on exclusively, both ways, also from a key that is not there", async () => {
    const meta = await fresh()
    for (const sk of KEYS) await meta.put("meta", makeItem("pk", sk))
    for (const after of [...KEYS, "b", "漢a"]) {
      const up = KEYS.filter(sk => utf8(sk) > utf8(after))
      const down = KEYS.filter(sk => utf8(sk) < utf8(after)).toReversed()
      const read = async (query: Query) =>
        (await meta.queryPage("meta", query, after)).items.map(({ sk }) => sk)
      expect(await read({ pk: "pk" })).toEqual(up)
      expect(await read({ pk: "pk", descending: true })).toEqual(down)
      expect(await read({ pk: "pk", from: "1", to: "é" })).toEqual(up.filter(within("1", "é")))
      expect(await read({ pk: "pk", from: "1", to: "é", descending: true })).toEqual(
        down.filter(within("1", "é")),
      )
    }
  })

  test("any keys and bounds give what sorting by bytes gives", async () => {
    const meta = await fresh()
    const text = fc.string({ unit: "binary", minLength: 1, maxLength: 6 })
    let runs = 0
    const property = fc.asyncProperty(fc.uniqueArray(text), text, text, async (keys, from, to) => {
      const pk = `run ${runs++}`
      await Promise.all(keys.map(sk => meta.put("log", makeItem(pk, sk))))
      const expected = keys.filter(within(from, to)).toSorted((a, b) => (utf8(a) < utf8(b) ? -1 : 1))
      expect(await sortKeys(meta, { pk, from, to })).toEqual(expected)
      expect(await sortKeys(meta, { pk, from, to, descending: true, limit: 3 })).toEqual(
        expected.toReversed().slice(0, 3),
      )
    })
    await fc.assert(property, { numRuns: 30 })
  })

  test("a page holds at most 1 MB of items and at least one item; pages give each item once", async () => {
    const meta = await fresh()
    const items = Array.from({ length: 9 }, (_, at) =>
      makeItem("pk", `${at}`, { v: 1, x: bytes(300_000, at) }),
    )
    for (const item of items) await meta.put("meta", item)
    for (const descending of [false, true]) {
      const pages = await allPages(meta, { pk: "pk", descending })
      expect(pages.length).toBe(3)
      for (const page of pages) {
        expect(page.items.reduce((sum, item) => sum + itemBytes(item), 0)).toBeLessThanOrEqual(
          META_PAGE_BYTES,
        )
      }
      const found = pages.flatMap(page => page.items)
      expect(descending ? found.toReversed() : found).toEqual(items)
    }
  })

  test("a limit bounds a page, and next goes on from there", async () => {
    const meta = await fresh()
    for (let at = 0; at < 7; at++) await meta.put("meta", makeItem("pk", `${at}`))
    const pages = await allPages(meta, { pk: "pk", limit: 2 })
    for (const page of pages) expect(page.items.length).toBeLessThanOrEqual(2)
    expect(pages.flatMap(page => page.items.map(({ sk }) => sk))).toEqual(["0", "1", "2", "3", "4", "5", "6"])
    expect(await sortKeys(meta, { pk: "pk", limit: 3 })).toEqual(["0", "1", "2"])
    expect(await sortKeys(meta, { pk: "pk", limit: 1, descending: true })).toEqual(["6"])
  })
}

async function sortKeys(meta: MetaStore, query: Query): Promise<string[]> {
  const table = query.pk.startsWith("run ") ? "log" : "meta"
  return (await queryItems(meta, table, query)).items.map(({ sk }) => sk)
}

async function allPages(meta: MetaStore, query: Query): Promise<QueryPage[]> {
  const pages: QueryPage[] = []
  let after: string | undefined
  do {
    const page = await meta.queryPage("meta", query, after)
    pages.push(page)
    after = page.next
  } while (after !== undefined)
  return pages.filter(page => page.items.length > 0)
}

/** Text whose order in JavaScript is that of the UTF-8 bytes. */
function utf8(text: string): string {
  return Buffer.from(text).toString("latin1")
}

function within(from: string, to: string): (sk: string) => boolean {
  return sk => utf8(sk) >= utf8(from) && utf8(sk) <= utf8(to)
}
