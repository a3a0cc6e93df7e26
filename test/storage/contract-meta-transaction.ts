import { expect, test } from "vitest"
import type { MetaStore, TransactionStep } from "../../shared/storage/meta-store.ts"
import type { FreshMeta } from "./contract-meta-store.ts"
import { FAR_AHEAD, makeItem } from "./support.ts"

let tokens = 0
const options = () => ({ notAfter: FAR_AHEAD, token: `token-${tokens++}` })

export function metaTransactionContract(fresh: FreshMeta): void {
  test("a transaction does all its steps, in both tables", async () => {
    const meta = await fresh()
    const [old, gone, checked] = [makeItem("t", "old"), makeItem("t", "gone"), makeItem("t", "checked")]
    for (const item of [old, gone, checked]) await meta.put("meta", item)
    const [replaced, made] = [makeItem("t", "old"), makeItem("t", "made")]
    const steps: TransactionStep[] = [
      { kind: "put", table: "meta", item: replaced, condition: { version: old.version } },
      { kind: "put", table: "log", item: made, condition: { absent: true } },
      { kind: "delete", table: "meta", key: gone, condition: { version: gone.version } },
      { kind: "check", table: "meta", key: checked, condition: { version: checked.version } },
      { kind: "check", table: "meta", key: { pk: "t", sk: "never" }, condition: { absent: true } },
    ]
    expect(await meta.transact(steps, options())).toMatchObject({ outcome: "committed" })
    expect((await meta.queryPage("meta", { pk: "t" })).items).toEqual([checked, replaced])
    expect((await meta.get("log", made)).item).toEqual(made)
  })

  test("one step that does not hold refuses all, and says which and what stands there", async () => {
    const meta = await fresh()
    const standing = makeItem("t", "b")
    await meta.put("meta", standing)
    const first: TransactionStep = { kind: "put", table: "meta", item: makeItem("t", "a") }
    const refusals: [TransactionStep, object][] = [
      [
        { kind: "put", table: "meta", item: makeItem("t", "b"), condition: { absent: true } },
        { reason: "exists", standing: { step: 1, item: standing } },
      ],
      [
        { kind: "delete", table: "meta", key: standing, condition: { version: "other" } },
        { reason: "version", standing: { step: 1, item: standing } },
      ],
      [
        { kind: "check", table: "meta", key: { pk: "t", sk: "c" }, condition: { version: "other" } },
        { reason: "version", standing: { step: 1, item: undefined } },
      ],
    ]
    for (const [step, expected] of refusals) {
      const outcome = await meta.transact([first, step], options())
      expect(outcome).toEqual({ outcome: "refused", date: expect.any(Number), ...expected })
    }
    expect((await meta.queryPage("meta", { pk: "t" })).items).toEqual([standing])
    expect(await meta.transact([first], options())).toMatchObject({ outcome: "committed" })
  })

  test("a repeat under the same token answers as the first did and does nothing", async () => {
    const meta = await fresh()
    const item = makeItem("t", "once")
    const steps: TransactionStep[] = [{ kind: "put", table: "meta", item, condition: { absent: true } }]
    const once = options()
    expect(await meta.transact(steps, once)).toMatchObject({ outcome: "committed" })
    expect(await meta.transact(steps, once)).toMatchObject({ outcome: "committed" })
    const later = makeItem("t", "once")
    await meta.put("meta", later)
    expect(await meta.transact(steps, once)).toMatchObject({ outcome: "committed" })
    expect((await meta.get("meta", item)).item).toEqual(later)
    expect(await meta.transact(steps, options())).toMatchObject({ outcome: "refused", reason: "exists" })
    const other: TransactionStep[] = [{ kind: "put", table: "meta", item: makeItem("t", "other") }]
    await expect(meta.transact(other, once)).rejects.toMatchObject({ code: "invalid" })
  })

  test("twenty transfers at once between two accounts keep the sum", async () => {
    const meta = await fresh()
    await meta.put("meta", makeItem("t", "a", { v: 1, sum: 100 }))
    await meta.put("meta", makeItem("t", "b", { v: 1, sum: 100 }))
    await Promise.all(Array.from({ length: 20 }, (_, at) => transfer(meta, at - 5)))
    const sums = (await meta.queryPage("meta", { pk: "t" })).items.map(({ fields }) => fields.sum)
    expect(sums).toEqual([10, 190])
  })
}

async function transfer(meta: MetaStore, amount: number): Promise<void> {
  for (;;) {
    const { items } = await meta.queryPage("meta", { pk: "t" })
    const steps = items.map(({ pk, sk, version, fields }): TransactionStep => {
      const sum = (fields.sum as number) + (sk === "a" ? -amount : amount)
      return { kind: "put", table: "meta", item: makeItem(pk, sk, { v: 1, sum }), condition: { version } }
    })
    if ((await meta.transact(steps, options())).outcome === "committed") return
  }
}
